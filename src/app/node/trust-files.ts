import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import { equalBytes, fault, LsError, toHex, type Fault, type UnixMs } from '../../std/index.ts';
import {
  applyCrlFrom,
  makeTrustBundle,
  restoreRevocation,
  type RevocationState,
  type TrustBundle,
} from '../../trust/index.ts';
import { parseCertificate, parseCrlHeading, type CertificateList } from '../../x509/index.ts';
import type { NodeConfig } from '../node-config.ts';
import { CRL_FILES, type NodeHome } from '../node-home.ts';
import { certificatesPem } from '../pem-file.ts';
import { readCertificates } from './credentials.ts';

/** A CRL without what it lists. */
type Heading = Omit<CertificateList, 'entries'>;

const MAX_CRL_FILE_BYTES = 64 * 1024 * 1024;
const MAX_ROSTER_FILE_BYTES = 4 * 1024 * 1024;
const PUBLIC_FILE = 0o644;
const KEY_ID_DIGITS = 16;
const CRL_FILE = /^(?:root|issuing)(?:-([0-9a-f]{16}))?(?:-delta)?\.crl$/;
/** Of 8 roots and 8 issuing CAs, with room for what a crash may leave over. */
const MAX_CRL_FILES = 64;

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

/** DER of the issuing certificates that the home knows beside its own chain; to be judged by the caller. */
export async function readIssuers(home: NodeHome): Promise<readonly Uint8Array[]> {
  return readCertificates(home.issuers).catch((cause: unknown) => {
    if (cause instanceof LsError && cause.code === 'LS_FILE_NOT_FOUND') return [];
    throw cause;
  });
}

/** Keeps the pinned roots and the issuing CAs in use; CRLs of issuing CAs that are neither of these go. */
export async function keepAuthorities(
  home: NodeHome,
  { roots, issuing }: { readonly roots: readonly Uint8Array[]; readonly issuing: readonly Uint8Array[] },
): Promise<void> {
  await writeFileDurably(home.issuers, certificatesPem(issuing), { mode: PUBLIC_FILE });
  await keepRoots(home, roots);
  const ids = new Set([...roots, ...issuing].map((der) => shortKeyId(keyIdOf(der))));
  for (const name of await readdir(home.crlDir).catch(() => [])) {
    const id = CRL_FILE.exec(name)?.[1];
    if (id !== undefined && !ids.has(id)) await rm(join(home.crlDir, name), { force: true });
  }
}

/** Keeps the pinned roots, DER, the genesis root first. */
export async function keepRoots(home: NodeHome, roots: readonly Uint8Array[]): Promise<void> {
  const before = await readCertificates(home.root);
  const isSame = before.length === roots.length && before.every((der, i) => equalBytes(der, roots[i] ?? der));
  if (!isSame) await writeFileDurably(home.root, certificatesPem(roots), { mode: PUBLIC_FILE });
}

/** `issuerChains`: DER of each issuing CA's certificate and those above it; the node's own first. */
export interface CrlJudges {
  readonly bundle: TrustBundle;
  readonly issuerChains: readonly (readonly Uint8Array[])[];
  readonly now: UnixMs;
}

/** The chains of the issuing CA above `chain` and of others, for {@link CrlJudges}. DER. */
export function issuerChainsOf(
  chain: readonly Uint8Array[],
  ...others: readonly (readonly Uint8Array[])[]
): readonly (readonly Uint8Array[])[] {
  const own = chain.slice(1);
  const beside = others.flat().filter((der) => own[0] === undefined || !equalBytes(der, own[0]));
  return [own, ...beside.map((der) => [der])];
}

/** What the home holds of CRLs: the roots', and of each issuing CA a full one and its delta. */
export async function readRevocation(home: NodeHome, judges: CrlJudges): Promise<StoredRevocation> {
  const { bundle, issuerChains, now } = judges;
  const names = (await readdir(home.crlDir).catch(() => [])).filter((name) => CRL_FILE.test(name)).sort();
  const stored: { readonly der: Uint8Array; readonly list: Heading | undefined }[] = [];
  for (const name of names.slice(0, MAX_CRL_FILES)) {
    const der = await readFileCapped(join(home.crlDir, name), MAX_CRL_FILE_BYTES);
    const parsed = parseCrlHeading(der);
    stored.push({ der, list: parsed.ok ? parsed.value : undefined });
  }
  // Roots before those they certified, full ones before their deltas. A renewal may have left one twice, of two ages.
  const held = stored
    .toSorted((a, b) => rankOf(a.list, bundle) - rankOf(b.list, bundle))
    .map(({ der, list }) => ({
      der,
      issuerChain: issuerChains.find(([issuer]) => isOf(list, issuer)) ?? [],
    }));
  const { state, refused } = restoreRevocation(held, bundle, nodeCrypto, now);
  return { state, refused: refused.filter(({ code }) => code !== 'LS_CRL_STALE') };
}

/** What was stored, and on top of it whatever of `crls` verifies and is newer; that is kept on disk too. */
export async function addFetched(
  home: NodeHome,
  stored: StoredRevocation,
  crls: readonly Uint8Array[],
  judges: CrlJudges,
): Promise<StoredRevocation> {
  const { bundle, issuerChains, now } = judges;
  let { state } = stored;
  const refused = [...stored.refused];
  for (const der of crls) {
    const applied = applyCrlFrom(state, der, issuerChains, bundle, nodeCrypto, now);
    if (!applied.ok) {
      refused.push(applied.error);
      continue;
    }
    state = applied.value.state;
    if (applied.value.news) await keepCrl(home, der, bundle, issuerChains[0]?.[0]);
  }
  return { state, refused };
}

function rankOf(list: Heading | undefined, bundle: TrustBundle): number {
  if (list === undefined) return 3;
  if (isOfRoot(list, bundle)) return 0;
  return list.extensions.deltaCrlIndicator === undefined ? 1 : 2;
}

/** Keeps a CRL that is in force, under the name of its kind. `own`: DER of the node's own issuing CA. */
export async function keepCrl(
  home: NodeHome,
  der: Uint8Array,
  bundle: TrustBundle,
  own: Uint8Array | undefined,
): Promise<void> {
  const parsed = parseCrlHeading(der);
  if (!parsed.ok) throw new LsError(parsed.error);
  const name = crlFileOf(parsed.value, bundle, own);
  await writeFileDurably(join(home.crlDir, name), der, { mode: PUBLIC_FILE });
  // Until it renewed below it, this issuing CA was another one.
  const before = crlFileOf(parsed.value, bundle, undefined);
  if (before !== name) await rm(join(home.crlDir, before), { force: true });
}

function crlFileOf(list: Heading, bundle: TrustBundle, own: Uint8Array | undefined): string {
  const isDelta = list.extensions.deltaCrlIndicator !== undefined;
  const keyId = list.extensions.authorityKeyId?.value.keyId;
  const id = shortKeyId(keyId);
  if (isOfRoot(list, bundle)) return isOf(list, bundle.anchors[0]?.der) ? CRL_FILES.root : `root-${id}.crl`;
  if (isOf(list, own)) return isDelta ? CRL_FILES.delta : CRL_FILES.full;
  return `issuing-${id}${isDelta ? '-delta' : ''}.crl`;
}

function isOfRoot(list: Heading, { anchors }: TrustBundle): boolean {
  return anchors.some(({ der }) => isOf(list, der));
}

function isOf(list: Heading | undefined, issuerDer: Uint8Array | undefined): boolean {
  const keyId = list?.extensions.authorityKeyId?.value.keyId;
  const own = issuerDer === undefined ? undefined : keyIdOf(issuerDer);
  return keyId !== undefined && own !== undefined && equalBytes(keyId, own);
}

function keyIdOf(certificateDer: Uint8Array): Uint8Array | undefined {
  const parsed = parseCertificate(certificateDer);
  return parsed.ok ? parsed.value.extensions.subjectKeyId?.value : undefined;
}

function shortKeyId(keyId: Uint8Array | undefined): string {
  return toHex(keyId ?? new Uint8Array()).slice(0, KEY_ID_DIGITS);
}

export async function readRoster(home: NodeHome): Promise<Uint8Array> {
  return readFileCapped(home.roster, MAX_ROSTER_FILE_BYTES);
}

export async function keepRoster(home: NodeHome, bytes: Uint8Array): Promise<void> {
  await writeFileDurably(home.roster, bytes, { mode: PUBLIC_FILE });
}
