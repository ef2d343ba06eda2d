import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import { equalBytes, fault, LsError, type Fault, type UnixMs } from '../../std/index.ts';
import {
  applyCrl,
  makeTrustBundle,
  restoreRevocation,
  type RevocationState,
  type TrustBundle,
} from '../../trust/index.ts';
import { parseCrlHeading } from '../../x509/index.ts';
import type { NodeConfig } from '../node-config.ts';
import { CRL_FILES, type NodeHome } from '../node-home.ts';
import { readCertificates } from './credentials.ts';

const MAX_CRL_FILE_BYTES = 64 * 1024 * 1024;
const MAX_ROSTER_FILE_BYTES = 4 * 1024 * 1024;
const PUBLIC_FILE = 0o644;

/** The roots of the home's root.pem, checked against the domain that node.yaml names. */
export async function readBundle(home: NodeHome, config: NodeConfig): Promise<TrustBundle> {
  const bundle = makeTrustBundle(config.trustDomain, await readCertificates(home.root), nodeCrypto);
  if (!bundle.ok) throw new LsError(bundle.error);
  if (!equalBytes(bundle.value.domainId, config.domainId)) {
    throw new LsError(
      fault('LS_NODE_HOME_INCOMPLETE', `${home.root} is not of the domain in ${home.config}`),
    );
  }
  return bundle.value;
}

export interface StoredRevocation {
  readonly state: RevocationState;
  /** Why a stored CRL is no longer used. */
  readonly refused: readonly Fault[];
}

/** What the home holds of CRLs: the root's, the issuing CA's full one, its delta. `issuerChain` as in TrustState. */
export async function readRevocation(
  home: NodeHome,
  bundle: TrustBundle,
  issuerChain: readonly Uint8Array[],
  now: UnixMs,
): Promise<StoredRevocation> {
  const present = new Set(await readdir(home.crlDir).catch(() => []));
  const held = [];
  for (const name of [CRL_FILES.root, CRL_FILES.full, CRL_FILES.delta]) {
    if (!present.has(name)) continue;
    held.push({ der: await readFileCapped(join(home.crlDir, name), MAX_CRL_FILE_BYTES), issuerChain });
  }
  return restoreRevocation(held, bundle, nodeCrypto, now);
}

/** What was stored, and on top of it whatever of `crls` verifies and is newer; that is kept on disk too. */
export async function addFetched(
  home: NodeHome,
  stored: StoredRevocation,
  crls: readonly Uint8Array[],
  { bundle, issuerChain, now }: { bundle: TrustBundle; issuerChain: readonly Uint8Array[]; now: UnixMs },
): Promise<StoredRevocation> {
  let { state } = stored;
  const refused = [...stored.refused];
  for (const der of crls) {
    const applied = applyCrl(state, der, issuerChain, bundle, nodeCrypto, now);
    if (!applied.ok) {
      refused.push(applied.error);
      continue;
    }
    state = applied.value.state;
    if (applied.value.news) await keepCrl(home, der, bundle);
  }
  return { state, refused };
}

/** Keeps a CRL that is in force, under the name of its kind. */
export async function keepCrl(home: NodeHome, der: Uint8Array, bundle: TrustBundle): Promise<void> {
  const parsed = parseCrlHeading(der);
  if (!parsed.ok) throw new LsError(parsed.error);
  const isRoots = bundle.anchors.some((anchor) => equalBytes(anchor.subject, parsed.value.issuer));
  const isDelta = parsed.value.extensions.deltaCrlIndicator !== undefined;
  const name = isRoots ? CRL_FILES.root : isDelta ? CRL_FILES.delta : CRL_FILES.full;
  await writeFileDurably(join(home.crlDir, name), der, { mode: PUBLIC_FILE });
}

export async function readRoster(home: NodeHome): Promise<Uint8Array> {
  return readFileCapped(home.roster, MAX_ROSTER_FILE_BYTES);
}

export async function keepRoster(home: NodeHome, bytes: Uint8Array): Promise<void> {
  await writeFileDurably(home.roster, bytes, { mode: PUBLIC_FILE });
}
