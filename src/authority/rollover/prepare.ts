import { equalBytes, err, fault, ok } from '../../std/index.ts';
import type { Fault, Result, UnixMs } from '../../std/index.ts';
import { commonNameOf, parseCertificate, parseCrl, type Certificate } from '../../x509/index.ts';
import { authoritiesOf } from '../authorities.ts';
import { checkImport } from '../ceremony/check.ts';
import { takeRootCrl } from '../ceremony/import-root-crl.ts';
import { rootCrlUrl } from '../certify.ts';
import { commitStanding, type Outcome } from '../context.ts';
import { nextCrlNumber, publishFullCrl, readRootCrl } from '../crl.ts';
import type { Publication } from '../facts.ts';
import { generationOfName, nameOfIssuing, signIssuing } from '../hierarchy.ts';
import { hasEnded, livingOf, MAX_LIVING_ISSUERS, type LivingCa } from '../issuing-ca.ts';
import { certificateEvent, journal } from '../journal.ts';
import { atHand, newestRoot, rootAbsent, rootNamed } from '../root-ca.ts';
import type { StoreTransaction } from '../store.ts';
import { hostsOf } from '../note-config.ts';
import { actingTime, wholeSecond } from '../time.ts';
import type { IssuingFacts, PrepareRequest } from './interface.ts';
import { factsOfGeneration } from './list.ts';
import {
  acting,
  standingIn,
  type AuthorityBase,
  type AuthorityContext,
  type StandingContext,
} from '../standing.ts';

/** See Rollover.prepare. */
export async function prepareIssuing(
  base: AuthorityBase,
  request: PrepareRequest,
  now: UnixMs,
): Promise<Result<IssuingFacts, Fault>> {
  const { key } = request;
  base.issuingCas.take(key);
  return commitStanding<IssuingFacts>(base, async (tx, standing) => {
    const at = await actingTime(tx, now);
    const known = standing.cas.find(({ certificate }) => equalBytes(certificate.spki, key.spki));
    if (known !== undefined) {
      return ok({ answer: await factsOfGeneration(base, tx, known.generation, at) });
    }
    const refused = checkTurn(standing);
    if (refused !== undefined) return err(refused);
    return certifyNext(standing, tx, request, at);
  });
}

/** One is prepared at a time, and no more are alive than a relying party has room for. */
function checkTurn({ cas }: StandingContext): Fault | undefined {
  const pending = cas.find(({ row }) => row.state === 'prepared');
  if (pending !== undefined) {
    return fault('LS_ROLLOVER_PENDING', `issuing CA ${pending.generation} is prepared, with another key`);
  }
  const living = cas.filter(({ row }) => !hasEnded(row)).length;
  if (living < MAX_LIVING_ISSUERS) return undefined;
  const detail = `${living} issuing CAs have not ended; nodes know ${MAX_LIVING_ISSUERS} at most`;
  return fault('LS_ROLLOVER_LIMIT', detail);
}

async function certifyNext(
  standing: StandingContext,
  tx: StoreTransaction,
  request: PrepareRequest,
  now: UnixMs,
): Promise<Result<Outcome<IssuingFacts>, Fault>> {
  const generation = Math.max(...standing.cas.map((ca) => ca.generation)) + 1;
  const certified =
    request.certificate === undefined
      ? certifyHere(standing, request, generation, now)
      : await certifiedElsewhere(standing, tx, request, generation, now);
  if (!certified.ok) return certified;
  const news = await takeNewRootCrl(standing, tx, request, now);
  if (!news.ok) return news;
  await tx.insertIssuer({
    generation,
    state: 'prepared',
    certificate: certified.value,
    preparedAt: now,
    activatedAt: null,
    endedAt: null,
    firstCrlNumber: await nextCrlNumber(tx),
    renewWithinMs: null,
  });
  const after = await standingIn(standing, tx);
  const signers = livingOf(after.cas);
  if (!signers.ok) return signers;
  await journalPrepared(tx, signers.value, generation, now);
  // Where the root has revoked the one before, nothing but this one is left to sign with.
  const context = acting(after);
  const signing: AuthorityContext = context.ok
    ? context.value
    : { ...after, issuing: lastOf(signers.value), living: signers.value };
  const crl = await publishFullCrl(signing, tx, now);
  return ok({
    answer: await factsOfGeneration(standing, tx, generation, now),
    publication: { ...news.value, authorities: authoritiesOf(after), crl },
  });
}

function lastOf(living: readonly LivingCa[]): LivingCa {
  const last = living.at(-1);
  if (last === undefined) throw new RangeError('one was prepared just now');
  return last;
}

async function journalPrepared(
  tx: StoreTransaction,
  living: readonly LivingCa[],
  generation: number,
  now: UnixMs,
): Promise<void> {
  const { certificate } = lastOf(living);
  const values = [String(generation), certificate.serialHex];
  await journal(tx, [certificateEvent('issuing-prepared', values, certificate.der)], now);
}

/** DER by the newest root, whose key has to be at hand, for the names that the last one was for. */
function certifyHere(
  { deps, roots, genesis, issuing }: StandingContext,
  { key }: PrepareRequest,
  generation: number,
  now: UnixMs,
): Result<Uint8Array, Fault> {
  const { nameConstraints } = issuing.certificate.extensions;
  const { trustDomain, crlUrl } = genesis;
  const root = newestRoot(roots);
  const signing = atHand(root);
  if (signing === undefined) return err(rootAbsent(root));
  const wish = {
    trustDomain,
    spki: key.spki,
    nameConstraints: nameConstraints?.value ?? { permitted: [], excluded: [] },
    crlUrls: crlUrl === null ? [] : [rootCrlUrl(crlUrl, root.generation)],
    generation,
  };
  return signIssuing(deps, signing, wish, wholeSecond(now));
}

/** DER that a root elsewhere has made, judged as that of a new CA would be. */
async function certifiedElsewhere(
  { deps, profiles, roots, trust, cas }: StandingContext,
  tx: StoreTransaction,
  { key, certificate = new Uint8Array(), rootCrl }: PrepareRequest,
  generation: number,
  now: UnixMs,
): Promise<Result<Uint8Array, Fault>> {
  const parsed = parseCertificate(certificate);
  if (!parsed.ok) return parsed;
  // One that no root has certified is refused with its reasons when it is held against one.
  const root = rootNamed(roots, parsed.value.issuer) ?? newestRoot(roots);
  const held = await readRootCrl(tx, root);
  const crl = rootCrl ?? held?.der;
  if (crl === undefined) return err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no CRL of the root'));
  const hosts = hostsOf(deps.config.urls);
  const target = { trustDomain: trust.trustDomain, issuingSpki: key.spki, hosts };
  const files = { certificates: [root.certificate.der, certificate], crls: [crl] };
  const checked = checkImport({ crypto: deps.crypto, profiles }, target, files, now);
  if (!checked.ok) return checked;
  const { issuing } = checked.value;
  const misnamed = checkName(issuing, trust.trustDomain, generation);
  if (misnamed !== undefined) return err(misnamed);
  const namesake = cas.find((ca) => equalBytes(ca.certificate.subject, issuing.subject));
  if (namesake === undefined) return ok(issuing.der);
  const detail = `the certificate has the name of issuing CA ${namesake.generation}`;
  return err(fault('LS_CEREMONY_HIERARCHY', detail));
}

/** Its name has to say which it is: that is how people and stock tools tell them apart. */
function checkName(certificate: Certificate, trustDomain: string, generation: number): Fault | undefined {
  if (generationOfName(commonNameOf(certificate) ?? '') === generation) return undefined;
  const detail = `its name is not ${nameOfIssuing(trustDomain, generation)}`;
  return fault('LS_CEREMONY_HIERARCHY', detail);
}

async function takeNewRootCrl(
  standing: StandingContext,
  tx: StoreTransaction,
  { rootCrl }: PrepareRequest,
  now: UnixMs,
): Promise<Result<Publication, Fault>> {
  if (rootCrl === undefined) return ok({});
  const list = parseCrl(new Uint8Array(rootCrl));
  if (!list.ok) return list;
  const taken = await takeRootCrl(standing, tx, list.value, now);
  return taken.ok ? ok(taken.value.publication) : taken;
}
