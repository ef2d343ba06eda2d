import {
  equalBytes,
  err,
  fault,
  ok,
  parseSerialNumber,
  unixMs,
  type Fault,
  type Result,
  type UnixMs,
} from '../../std/index.ts';
import { acceptRoot, applyCrl, makeTrustBundle, RevocationState } from '../../trust/index.ts';
import { issuerOf, lintCertificate, parseCertificate, parseCrl, type Certificate } from '../../x509/index.ts';
import { authoritiesOf } from '../authorities.ts';
import { signRootCrl } from '../ceremony/root-crl.ts';
import { rootCrlUrl } from '../certify.ts';
import { commitStanding, type Outcome } from '../context.ts';
import { keepRootCrl, readRootCrl } from '../crl.ts';
import { journalRootCrl } from '../ceremony/import-root-crl.ts';
import { makeRoot, signCross } from '../hierarchy.ts';
import { certificateEvent, journal } from '../journal.ts';
import { atHand, MAX_ROOTS, newestRoot, rootAbsent, rootNamed, type RootCa } from '../root-ca.ts';
import { standingIn, type AuthorityBase, type StandingContext } from '../standing.ts';
import type { StoreReader, StoreTransaction } from '../store.ts';
import { actingTime, wholeSecond } from '../time.ts';
import type { MadeRoot, PrepareRootRequest, RootFacts } from './interface.ts';

/** See Rollover.roots. */
export async function listRoots(base: AuthorityBase): Promise<Result<readonly RootFacts[], Fault>> {
  return base.deps.store.read(async (tx) => {
    const standing = await standingIn(base, tx);
    const facts: RootFacts[] = [];
    for (const root of standing.roots) facts.push(await factsOf(standing, tx, root));
    return ok(facts);
  });
}

/** See Rollover.prepareRoot. */
export async function prepareRoot(
  base: AuthorityBase,
  request: PrepareRootRequest,
  now: UnixMs,
): Promise<Result<RootFacts, Fault>> {
  const isHere = 'key' in request;
  if (isHere) base.rootCas.take(request.key);
  return commitStanding<RootFacts>(base, async (tx, standing) => {
    const at = await actingTime(tx, now);
    const made = isHere ? ok(undefined) : readMade(request);
    if (!made.ok) return made;
    const spki = isHere ? request.key.spki : made.value?.root.spki;
    const known = standing.roots.find(({ certificate }) => equalBytes(certificate.spki, spki ?? NOTHING));
    if (known !== undefined) return ok({ answer: await factsOf(standing, tx, known) });
    const refused = checkTurn(standing);
    if (refused !== undefined) return err(refused);
    const next = isHere ? makeHere(standing, request.key, at) : ok(request);
    return next.ok ? take(standing, tx, next.value, isHere, at) : next;
  });
}

const NOTHING = new Uint8Array();

/** One is prepared at a time, and there are no more than a relying party has room for. */
function checkTurn({ roots, cas }: StandingContext): Fault | undefined {
  const newest = newestRoot(roots);
  const isUsed = cas.some(({ certificate }) => equalBytes(certificate.issuer, newest.certificate.subject));
  if (!isUsed) {
    const detail = `root ${newest.generation} is prepared, with another key, and has certified no issuing CA yet`;
    return fault('LS_ROLLOVER_PENDING', detail);
  }
  if (roots.length < MAX_ROOTS) return undefined;
  return fault('LS_ROLLOVER_LIMIT', `the domain has ${roots.length} roots; nodes pin ${MAX_ROOTS} at most`);
}

/** All by keys that are here: that of the newest root vouches for the next one. */
function makeHere(
  { deps, roots, genesis, trust: { trustDomain } }: StandingContext,
  key: Extract<PrepareRootRequest, { readonly key: unknown }>['key'],
  now: UnixMs,
): Result<MadeRoot, Fault> {
  const newest = newestRoot(roots);
  const by = atHand(newest);
  if (by === undefined) return err(rootAbsent(newest));
  const at = wholeSecond(now);
  const der = makeRoot(deps, trustDomain, key, at, newest.generation + 1);
  const root = der.ok ? parseCertificate(der.value) : der;
  if (!root.ok) return root;
  const { crlUrl } = genesis;
  const crlUrls = crlUrl === null ? [] : [rootCrlUrl(crlUrl, newest.generation)];
  const cross = signCross(deps, by, { trustDomain, root: root.value, crlUrls }, at);
  if (!cross.ok) return cross;
  const rootCrl = signRootCrl({ certificate: root.value, signer: key }, { number: 1, entries: [] }, at);
  return ok({ certificate: root.value.der, cross: cross.value, rootCrl });
}

/** Judged as every node will judge it, and then some: a root that nobody takes would be in the way of the next one. */
async function take(
  standing: StandingContext,
  tx: StoreTransaction,
  made: MadeRoot,
  isHere: boolean,
  now: UnixMs,
): Promise<Result<Outcome<RootFacts>, Fault>> {
  const generation = newestRoot(standing.roots).generation + 1;
  const read = readMade(made);
  if (!read.ok) return read;
  const { root, cross, crl } = read.value;
  const refused = checkForm(standing, root, cross) ?? (await whyNobodyTakes(standing, tx, made, now));
  if (refused !== undefined) return err(refused);
  await tx.insertRoot({ generation, certificate: root.der, cross: cross.der, preparedAt: now });
  const event = (word: 'root-cross-certified' | 'root-prepared', { serialHex, der }: Certificate) =>
    certificateEvent(word, [String(generation), serialHex], der);
  await journal(tx, [event('root-cross-certified', cross), event('root-prepared', root)], now);
  if (!isHere) await journalRootCrl(standing, tx, crl, now);
  const rootCrl = await keepRootCrl(standing, tx, { generation }, crl.der, now);
  const after = await standingIn(standing, tx);
  return ok({
    answer: await factsOf(after, tx, newestRoot(after.roots)),
    publication: { authorities: authoritiesOf(after), rootCrls: [rootCrl] },
  });
}

function readMade({ certificate, cross: crossDer, rootCrl }: MadeRoot) {
  const root = parseCertificate(certificate);
  if (!root.ok) return root;
  const cross = parseCertificate(crossDer);
  if (!cross.ok) return cross;
  const crl = parseCrl(rootCrl);
  return crl.ok ? ok({ root: root.value, cross: cross.value, crl: crl.value }) : crl;
}

/** What its own and its predecessor's profile ask for. Its name is free, as long as it is no other root's. */
function checkForm(
  { profiles, roots }: StandingContext,
  root: Certificate,
  cross: Certificate,
): Fault | undefined {
  const by = rootNamed(roots, cross.issuer);
  if (by === undefined)
    return fault('LS_CEREMONY_HIERARCHY', 'no root of this CA has signed the cross certificate');
  const namesake = rootNamed(roots, root.subject);
  if (namesake !== undefined)
    return fault('LS_CEREMONY_HIERARCHY', `the certificate has the name of root ${namesake.generation}`);
  const issuer = issuerOf(by.certificate);
  if (!issuer.ok) return issuer.error;
  const [ofRoot] = lintCertificate(profiles.root, root.der, 'self');
  if (ofRoot !== undefined)
    return fault('LS_X509_LINT', `root certificate, rule ${ofRoot.rule}: ${ofRoot.detail}`);
  const [ofCross] = lintCertificate(profiles.cross, cross.der, issuer.value);
  if (ofCross === undefined) return undefined;
  return fault('LS_X509_LINT', `cross certificate, rule ${ofCross.rule}: ${ofCross.detail}`);
}

async function whyNobodyTakes(
  { deps, trust, roots }: StandingContext,
  tx: StoreReader,
  { certificate, cross, rootCrl }: MadeRoot,
  now: UnixMs,
): Promise<Fault | undefined> {
  const bundle = makeTrustBundle(trust.trustDomain, trust.roots, deps.crypto);
  if (!bundle.ok) return bundle.error;
  let revocation = RevocationState.empty();
  for (const root of roots) {
    const list = await readRootCrl(tx, root);
    if (list === null) return fault('LS_CA_STORE_CORRUPT', 'the CA store has no CRL of the root');
    const applied = applyCrl(revocation, list.der, [], bundle.value, deps.crypto, now);
    if (!applied.ok) return applied.error;
    revocation = applied.value.state;
  }
  const { crypto } = deps;
  const material = { bundle: bundle.value, revocation, crypto, onStale: 'deny', graceMs: 0 } as const;
  const accepted = acceptRoot(material, { root: certificate, cross }, now);
  if (!accepted.ok) return accepted.error;
  const own = applyCrl(revocation, rootCrl, [], accepted.value, crypto, now);
  if (!own.ok) return own.error;
  const list = parseCrl(rootCrl);
  const isOwn = list.ok && equalBytes(list.value.issuer, subjectOf(certificate));
  if (!isOwn) return fault('LS_CRL_ISSUER', 'the CRL is not that of the new root');
  if ((list.value.nextUpdate ?? 0) > now) return undefined;
  return fault('LS_CEREMONY_LAPSED', 'the CRL of the new root has lapsed already');
}

function subjectOf(der: Uint8Array): Uint8Array {
  const parsed = parseCertificate(der);
  return parsed.ok ? parsed.value.subject : NOTHING;
}

async function factsOf(
  { deps, cas }: StandingContext,
  tx: StoreReader,
  { generation, certificate, cross, signer }: RootCa,
): Promise<RootFacts> {
  const newest = await tx.newestRootCrl(generation);
  const serial = parseSerialNumber(certificate.serialHex);
  if (serial === undefined) throw new RangeError('a serial of a root that was parsed');
  const below = cas.filter((ca) => equalBytes(ca.certificate.issuer, certificate.subject));
  return {
    generation,
    certificate: certificate.der,
    cross,
    serial,
    sha256: deps.crypto.sha256(certificate.der),
    spkiSha256: deps.crypto.sha256(certificate.spki),
    notBefore: unixMs(certificate.notBefore),
    notAfter: unixMs(certificate.notAfter),
    isHere: signer !== undefined,
    issuing: below.map((ca) => ca.generation),
    crlNumber: newest?.number ?? 0,
    crlNextUpdate: newest?.nextUpdate ?? unixMs(0),
  };
}
