import { domainIdOf, equalBytes, err, fault, ok } from '../std/index.ts';
import type { Fault, Result, Signer } from '../std/index.ts';
import { certIdOfCertificate, issuerOf, parseCertificate, type Certificate } from '../x509/index.ts';
import { bindLogKey } from './bind-log-key.ts';
import { acceptLoss } from './accept-loss.ts';
import { activate } from './activate.ts';
import { decideRequest, listRequests } from './approval.ts';
import type { Authority } from './authority.ts';
import type { AuthorityContext } from './context.ts';
import type { AuthorityDeps } from './deps.ts';
import { importRootCrl } from './ceremony/import-root-crl.ts';
import { enroll } from './enroll.ts';
import { catchUp } from './foreign.ts';
import { openResponder } from './ocsp/responder.ts';
import { Group } from './group.ts';
import { currentCrls, currentRoster, list, readOnlySince, seeds, show } from './inspect.ts';
import { recordKeys } from './key-events.ts';
import { noteConfig } from './note-config.ts';
import { noteExport } from './note-export.ts';
import { shippedProfiles } from './profiles.ts';
import { issueOperator, issueServer } from './other-roles.ts';
import { publishFull } from './publish.ts';
import { Publisher, type Told } from './publisher.ts';
import { reenroll } from './reenroll.ts';
import { reenrollSameKey } from './reenroll-same-key.ts';
import { release } from './release.ts';
import { remove } from './remove.ts';
import { revoke } from './revoke.ts';
import type { Genesis } from './rows.ts';
import { createToken, deleteToken, listTokens } from './tokens.ts';

/**
 * The authority that a store holds.
 *
 * Errors: LS_CA_NOT_INITIALISED for an empty store, LS_CA_KEY_MISMATCH when a key is not that of its certificate,
 * LS_CA_STORE_*.
 */
export async function openAuthority(deps: AuthorityDeps): Promise<Result<Authority, Fault>> {
  const held = await deps.store.read(async (tx) =>
    ok({
      genesis: await tx.genesis(),
      crlNumber: (await tx.newestCrl('issuing'))?.number ?? 0,
      rosterNumber: (await tx.newestRoster())?.number ?? 0,
      rootCrlNumber: (await tx.newestCrl('root'))?.number ?? 0,
    }),
  );
  if (!held.ok) return held;
  const { genesis, ...known } = held.value;
  if (genesis === null) return err(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA yet'));
  const context = makeContext(deps, genesis, known);
  return context.ok ? ok(authorityOver(context.value)) : context;
}

/** Errors: LS_CA_STORE_CORRUPT, LS_CA_KEY_MISMATCH. */
export function makeContext(
  deps: AuthorityDeps,
  genesis: Genesis,
  known: Omit<Told, 'seeds'> = { crlNumber: 0, rosterNumber: 0, rootCrlNumber: 0 },
): Result<AuthorityContext, Fault> {
  const root = parseCertificate(genesis.root);
  const issuing = parseCertificate(genesis.issuing);
  if (!root.ok || !issuing.ok) {
    return err(fault('LS_CA_STORE_CORRUPT', 'the CA certificates in the store are damaged'));
  }
  const issuer = issuerOf(issuing.value);
  if (!issuer.ok) return issuer;
  const mismatch =
    keyMismatch('issuing', deps.keys.issuing, issuing.value) ??
    (deps.keys.root === undefined ? undefined : keyMismatch('root', deps.keys.root, root.value));
  if (mismatch !== undefined) return err(mismatch);
  const domainId = domainIdOf(deps.crypto.sha256(root.value.spki));
  if (domainId === undefined) throw new RangeError('the crypto port hashes to a wrong length');
  return ok({
    deps,
    genesis,
    trust: { trustDomain: genesis.trustDomain, domainId, roots: [genesis.root] },
    root: root.value,
    issuing: issuing.value,
    issuer: issuer.value,
    profiles: deps.profiles ?? shippedProfiles(),
    issuingCertId: certIdOfCertificate(issuing.value, deps.crypto),
    publisher: new Publisher(known),
  });
}

function keyMismatch(which: string, signer: Signer, { spki }: Certificate): Fault | undefined {
  return equalBytes(signer.spki, spki)
    ? undefined
    : fault('LS_CA_KEY_MISMATCH', `the ${which} key is not that of the ${which} certificate in the store`);
}

function authorityOver(context: AuthorityContext): Authority {
  const group = new Group(context);
  return {
    trustDomain: context.trust.trustDomain,
    domainId: context.trust.domainId,
    createToken: (request, now) => createToken(context, request, now),
    listTokens: (now) => listTokens(context, now),
    deleteToken: (tokenId, now) => deleteToken(context, tokenId, now),
    enroll: (request, now) => enroll(context, group, request, now),
    listRequests: (all, now) => listRequests(context, all, now),
    decideRequest: (verdict, now) => decideRequest(context, verdict, now),
    reenroll: (peer, request, now) => reenroll(context, peer, request, now),
    reenrollSameKey: (peer, csr, now) => reenrollSameKey(context, peer, csr, now),
    activate: (peer, address, now) => activate(context, group, peer, address, now),
    issueOperator: (request, now) => issueOperator(context, request, now),
    issueServer: (request, now) => issueServer(context, request, now),
    list: (filter, now) => list(context, filter, now),
    show: (nameOrSerial, now) => show(context, nameOrSerial, now),
    revoke: (request, now) => revoke(context, request, now),
    release: (name, now) => release(context, name, now),
    remove: (name, now) => remove(context, name, now),
    bindLogKey: (logKey, now) => bindLogKey(context, logKey, now),
    importRootCrl: (der, now) => importRootCrl(context, der, now),
    noteConfig: (setting, now) => noteConfig(context, setting, now),
    noteExport: (serial, now) => noteExport(context, serial, now),
    recordKeys: (events, act, now) => recordKeys(context, events, act, now),
    publishFull: (now) => publishFull(context, now),
    readOnlySince: () => readOnlySince(context),
    acceptLoss: (request, now) => acceptLoss(context, request, now),
    currentCrls: () => currentCrls(context),
    currentRoster: () => currentRoster(context),
    bundle: () => ({ ...context.trust, issuing: context.genesis.issuing }),
    seeds: () => seeds(context),
    rollover: undefined as never,
    openResponder: (options, now) => openResponder(context, options, now),
    catchUp: (addresses) => catchUp(context.deps.store, context.publisher, addresses),
    onPublication: (listener) => context.publisher.subscribe(listener),
  };
}
