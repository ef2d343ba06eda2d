import { keyIdOf } from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { LedgerDirectory } from '../../io/ledger/index.ts';
import { caLogOrigin, decodeEntry, decodeLogKey, openCheckpoint, spkiOfLogKey } from '../../ledger/index.ts';
import { fault, LsError, ok, type SignatureAlgorithm } from '../../std/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import { readCaConfig } from './config.ts';
import { readGenerations, type Generation } from './generations.ts';
import { caHome, type CaHome } from './home.ts';
import {
  compareKeyNames,
  generationOfRootKey,
  issuingKeyName,
  rootKeyName,
  type CaKeyName,
} from './key-names.ts';
import { CaKeys, keySecrets, type KeyPlace } from './key-store.ts';
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
  /** Where the issuing CA of the key stands; null for other keys, and before it is one. */
  readonly state: Generation['state'] | null;
}

export interface CaKeyList {
  readonly home: string;
  readonly keys: readonly CaKeyFacts[];
}

/** What is done with the key of an issuing CA. */
const ISSUING_USES: Readonly<Record<Generation['state'], string>> = {
  prepared: 'signs next; until then its own CRLs (prepared)',
  active: 'signs certificates, CRLs and rosters',
  retiring: 'signs the CRLs of what it has issued (retiring)',
  retired: 'signs nothing any more: may be destroyed (retired)',
  revoked: 'signs nothing any more: may be destroyed (revoked)',
};
const UNPREPARED = 'of no CA that the store knows';
const OTHER_USES = {
  root: "signs issuing certificates and the root's CRL",
  log: 'signs checkpoints of the ledger',
} as const;

/** The keys of a CA home, whether or not a server has it. Throws LS_CONFIG_*, LS_CA_STORE_*, LS_CA_NOT_INITIALISED. */
export async function listKeys(home: string): Promise<CaKeyList> {
  const paths = caHome(home);
  const { keyStore, store } = await readCaConfig(home);
  const nobody = { env: {} };
  const keys = new CaKeys(paths, keyStore, keySecrets(paths.home, nobody, nobody));
  const publics = await publicKeys(paths, store);
  const names = [...new Set([...publics.keys(), ...(await keys.names()), 'root' as const, 'log' as const])];
  const facts = names.toSorted(compareKeyNames).map(async (name): Promise<CaKeyFacts> => {
    const place = (await keys.placeOf(name)) ?? 'elsewhere';
    const uri = place === 'token' ? await keys.uriOf(name) : null;
    const known = publics.get(name);
    const id = known === undefined ? null : keyIdOf(known.spki, nodeCrypto);
    const state = known?.state ?? null;
    return { name, id, algorithm: known?.algorithm ?? null, place, use: useOf(name, state), uri, state };
  });
  return { home: paths.home, keys: await Promise.all(facts) };
}

function useOf(name: CaKeyName, state: Generation['state'] | null): string {
  if (name === 'log') return OTHER_USES.log;
  if (generationOfRootKey(name) !== undefined) return OTHER_USES.root;
  return state === null ? UNPREPARED : ISSUING_USES[state];
}

interface PublicKeyFacts {
  readonly spki: Uint8Array;
  readonly algorithm: SignatureAlgorithm | null;
  /** Of an issuing CA. */
  readonly state: Generation['state'] | null;
}

type PublicKeys = ReadonlyMap<CaKeyName, PublicKeyFacts>;

async function publicKeys(paths: CaHome, choice: string): Promise<PublicKeys> {
  const store = await openCaStoreReadOnly(paths, choice);
  try {
    const read = await store.read(async (tx) =>
      ok({ genesis: await tx.genesis(), roots: await tx.roots(), first: (await tx.ledger(0, 1))[0]?.body }),
    );
    if (!read.ok) throw new LsError(read.error);
    const { genesis, roots, first } = read.value;
    if (genesis === null) throw new LsError(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA'));
    const log = first === undefined ? undefined : await logKeyOf(paths, genesis.trustDomain, first);
    const keys = new Map<CaKeyName, PublicKeyFacts>();
    for (const { generation, certificate } of roots)
      keys.set(rootKeyName(generation), keyIn(certificate, null));
    for (const { generation, state, certificate } of await readGenerations(store))
      keys.set(issuingKeyName(generation), keyIn(certificate, state));
    return log === undefined ? keys : keys.set('log', log);
  } finally {
    await store.close();
  }
}

function keyIn(der: Uint8Array, state: Generation['state'] | null): PublicKeyFacts {
  const certificate = parseCertificate(der);
  if (!certificate.ok) throw new LsError(certificate.error);
  const { spki, keyAlgorithm } = certificate.value;
  return { spki, algorithm: keyAlgorithm, state };
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
  return opened.ok ? { spki: spkiOfLogKey(logKey), algorithm: 'Ed25519', state: null } : undefined;
}
