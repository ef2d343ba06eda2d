import { keyIdOf } from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { LedgerDirectory } from '../../io/ledger/index.ts';
import { caLogOrigin, decodeEntry, decodeLogKey, openCheckpoint, spkiOfLogKey } from '../../ledger/index.ts';
import { fault, LsError, ok, type SignatureAlgorithm } from '../../std/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import { readCaConfig } from './config.ts';
import { caHome, type CaHome } from './home.ts';
import { CA_KEY_NAMES, CaKeys, keySecrets, type CaKeyName, type KeyPlace } from './key-store.ts';
import { openCaStoreReadOnly } from './store.ts';

/** A private key of a CA, as far as it can be told without unlocking it. */
export interface CaKeyFacts {
  readonly name: CaKeyName;
  /** See keyIdOf; null for a ledger key whose public key is not known before it has signed. */
  readonly id: string | null;
  readonly algorithm: SignatureAlgorithm | null;
  /** `elsewhere`: not in this home; for a root, it was taken offline. */
  readonly place: KeyPlace | 'elsewhere';
  /** What is done with it. */
  readonly use: string;
  /** Its label and id on the token. */
  readonly uri: string | null;
}

export interface CaKeyList {
  readonly home: string;
  readonly keys: readonly CaKeyFacts[];
}

const USES: Readonly<Record<CaKeyName, string>> = {
  root: "signs issuing certificates and the root's CRL",
  issuing: 'signs certificates, CRLs and rosters',
  log: 'signs checkpoints of the ledger',
};

/** The keys of a CA home, whether or not a server has it. Throws LS_CONFIG_*, LS_CA_STORE_*, LS_CA_NOT_INITIALISED. */
export async function listKeys(home: string): Promise<CaKeyList> {
  const paths = caHome(home);
  const { keyStore, store } = await readCaConfig(home);
  const nobody = { env: {} };
  const keys = new CaKeys(paths, keyStore, keySecrets(paths.home, nobody, nobody));
  const publics = await publicKeys(paths, store);
  const facts = CA_KEY_NAMES.map(async (name): Promise<CaKeyFacts> => {
    const place = (await keys.placeOf(name)) ?? 'elsewhere';
    const uri = place === 'token' ? await keys.uriOf(name) : null;
    const known = publics[name];
    const id = known === undefined ? null : keyIdOf(known.spki, nodeCrypto);
    return { name, id, algorithm: known?.algorithm ?? null, place, use: USES[name], uri };
  });
  return { home: paths.home, keys: await Promise.all(facts) };
}

interface PublicKeyFacts {
  readonly spki: Uint8Array;
  readonly algorithm: SignatureAlgorithm | null;
}

async function publicKeys(
  paths: CaHome,
  choice: string,
): Promise<Partial<Record<CaKeyName, PublicKeyFacts>>> {
  const store = await openCaStoreReadOnly(paths, choice);
  try {
    const read = await store.read(async (tx) =>
      ok({ genesis: await tx.genesis(), first: (await tx.ledger(0, 1))[0]?.body }),
    );
    if (!read.ok) throw new LsError(read.error);
    const { genesis, first } = read.value;
    if (genesis === null) throw new LsError(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA'));
    const log = first === undefined ? undefined : await logKeyOf(paths, genesis.trustDomain, first);
    return {
      root: keyIn(genesis.root),
      issuing: keyIn(genesis.issuing),
      ...(log === undefined ? {} : { log }),
    };
  } finally {
    await store.close();
  }
}

function keyIn(der: Uint8Array): PublicKeyFacts {
  const certificate = parseCertificate(der);
  if (!certificate.ok) throw new LsError(certificate.error);
  const { spki, keyAlgorithm } = certificate.value;
  return { spki, algorithm: keyAlgorithm };
}

/** The key that the ledger's first entry binds, if the checkpoint is by it: it may have been replaced since. */
async function logKeyOf(
  paths: CaHome,
  trustDomain: string,
  first: Uint8Array,
): Promise<PublicKeyFacts | undefined> {
  const entry = decodeEntry(first);
  if (!entry.ok || entry.value.entry.type !== 'log-key') return undefined;
  const record = decodeLogKey(entry.value.entry.record);
  const note = await new LedgerDirectory(paths.ledger, 'ledger').checkpoint();
  if (!record.ok || note === undefined) return undefined;
  const { logKey } = record.value.body;
  const opened = openCheckpoint(note.bytes, caLogOrigin(trustDomain), logKey, nodeCrypto);
  return opened.ok ? { spki: spkiOfLogKey(logKey), algorithm: 'Ed25519' } : undefined;
}
