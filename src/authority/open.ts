import { domainIdOf, equalBytes, err, fault, ok } from '../std/index.ts';
import type { Fault, Result, Signer } from '../std/index.ts';
import { parseCertificate } from '../x509/index.ts';
import { bindLogKey } from './bind-log-key.ts';
import { acceptLoss } from './accept-loss.ts';
import { activate } from './activate.ts';
import { decideRequest, listRequests } from './approval.ts';
import type { Authority } from './authority.ts';
import { authoritiesOf } from './authorities.ts';
import { catchUp } from './catch-up.ts';
import type { AuthorityDeps, AuthorityKeys } from './deps.ts';
import { importRootCrl } from './ceremony/import-root-crl.ts';
import { enroll } from './enroll.ts';
import { openResponder } from './ocsp/responder.ts';
import { Group } from './group.ts';
import { IssuingCas, livingOf } from './issuing-ca.ts';
import { currentCrls, currentRoster, list, readOnlySince, seeds, show } from './inspect.ts';
import { recordKeys } from './key-events.ts';
import { noteConfig } from './note-config.ts';
import { noteExport } from './note-export.ts';
import { shippedProfiles } from './profiles.ts';
import { issueOperator, issueServer } from './other-roles.ts';
import { publishFull } from './publish.ts';
import { Publisher } from './publisher.ts';
import { reenroll } from './reenroll.ts';
import { reenrollSameKey } from './reenroll-same-key.ts';
import { release } from './release.ts';
import { remove } from './remove.ts';
import { revoke } from './revoke.ts';
import { rolloverOf } from './rollover/index.ts';
import { RootCas, type RootCa } from './root-ca.ts';
import type { Genesis } from './rows.ts';
import type { StoreReader } from './store.ts';
import { createToken, deleteToken, listTokens } from './tokens.ts';
import { standingIn, type AuthorityBase } from './standing.ts';

/**
 * The authority that a store holds.
 *
 * Errors: LS_CA_NOT_INITIALISED for an empty store, LS_CA_KEY_MISMATCH when the key of an issuing CA that has not ended
 * is not among those given, or the root's is another, LS_CA_STORE_*.
 */
export async function openAuthority(deps: AuthorityDeps): Promise<Result<Authority, Fault>> {
  const held = await deps.store.read(async (tx) =>
    ok({
      genesis: await tx.genesis(),
      crlNumber: (await tx.newestCrl())?.number ?? 0,
      rosterNumber: (await tx.newestRoster())?.number ?? 0,
      rootCrlNumbers: await rootCrlNumbers(tx),
    }),
  );
  if (!held.ok) return held;
  const { genesis, ...known } = held.value;
  if (genesis === null) return err(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA yet'));
  const made = makeBase(deps, genesis);
  if (!made.ok) return made;
  const base = made.value;
  const standing = await deps.store.read(async (tx) => ok(await standingIn(base, tx)));
  if (!standing.ok) return standing;
  const stranger = strangeRootKey(standing.value.roots, deps.keys);
  if (stranger !== undefined) return err(stranger);
  const signers = livingOf(standing.value.cas);
  if (!signers.ok) return signers;
  base.publisher.begin({ ...known, authorities: authoritiesOf(standing.value) });
  return ok(authorityOver(base));
}

async function rootCrlNumbers(tx: StoreReader): Promise<ReadonlyMap<number, number>> {
  const numbers = new Map<number, number>();
  for (const { generation } of await tx.roots()) {
    numbers.set(generation, (await tx.newestRootCrl(generation))?.number ?? 0);
  }
  return numbers;
}

/** LS_CA_KEY_MISMATCH for a key that is given as a root's and is none's. */
export function strangeRootKey(
  roots: readonly RootCa[],
  { roots: keys = [] }: Pick<AuthorityKeys, 'roots'>,
): Fault | undefined {
  const isOfRoot = (key: Signer): boolean =>
    roots.some(({ certificate }) => equalBytes(certificate.spki, key.spki));
  if (keys.every(isOfRoot)) return undefined;
  return fault('LS_CA_KEY_MISMATCH', 'the root key is not that of the root certificate in the store');
}

/** Errors: LS_CA_STORE_CORRUPT. */
export function makeBase(deps: AuthorityDeps, genesis: Genesis): Result<AuthorityBase, Fault> {
  const root = parseCertificate(genesis.root);
  if (!root.ok) {
    return err(fault('LS_CA_STORE_CORRUPT', 'the certificate of the root in the store is damaged'));
  }
  const domainId = domainIdOf(deps.crypto.sha256(root.value.spki));
  if (domainId === undefined) throw new RangeError('the crypto port hashes to a wrong length');
  return ok({
    deps,
    genesis,
    trust: { trustDomain: genesis.trustDomain, domainId, roots: [genesis.root] },
    root: root.value,
    profiles: deps.profiles ?? shippedProfiles(),
    publisher: new Publisher(),
    issuingCas: new IssuingCas(deps.crypto, deps.keys.issuing),
    rootCas: new RootCas(deps.keys.roots ?? []),
  });
}

function authorityOver(base: AuthorityBase): Authority {
  const group = new Group(base);
  return {
    trustDomain: base.trust.trustDomain,
    domainId: base.trust.domainId,
    createToken: (request, now) => createToken(base, request, now),
    listTokens: (now) => listTokens(base, now),
    deleteToken: (tokenId, now) => deleteToken(base, tokenId, now),
    enroll: (request, now) => enroll(base, group, request, now),
    listRequests: (all, now) => listRequests(base, all, now),
    decideRequest: (verdict, now) => decideRequest(base, verdict, now),
    reenroll: (peer, request, now) => reenroll(base, peer, request, now),
    reenrollSameKey: (peer, csr, now) => reenrollSameKey(base, peer, csr, now),
    activate: (peer, address, now) => activate(group, peer, address, now),
    issueOperator: (request, now) => issueOperator(base, request, now),
    issueServer: (request, now) => issueServer(base, request, now),
    list: (filter, now) => list(base, filter, now),
    show: (nameOrSerial, now) => show(base, nameOrSerial, now),
    revoke: (request, now) => revoke(base, request, now),
    release: (name, now) => release(base, name, now),
    remove: (name, now) => remove(base, name, now),
    bindLogKey: (logKey, now) => bindLogKey(base, logKey, now),
    importRootCrl: (der, now) => importRootCrl(base, der, now),
    noteConfig: (setting, now) => noteConfig(base, setting, now),
    noteExport: (serial, now) => noteExport(base, serial, now),
    recordKeys: (events, act, now) => recordKeys(base, events, act, now),
    publishFull: (now) => publishFull(base, now),
    readOnlySince: () => readOnlySince(base),
    acceptLoss: (request, now) => acceptLoss(base, request, now),
    currentCrls: () => currentCrls(base),
    currentRoster: () => currentRoster(base),
    bundle: () => ({ ...base.trust, ...base.publisher.told.authorities }),
    seeds: () => seeds(base),
    rollover: rolloverOf(base),
    openResponder: (options, now) => openResponder(base, options, now),
    catchUp: (addresses) => catchUp(base, addresses),
    onPublication: (listener) => base.publisher.subscribe(listener),
  };
}
