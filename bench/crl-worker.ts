import { readFileSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { initialiseAuthority, openAuthority } from '../src/authority/index.ts';
import { encodePem } from '../src/codec/index.ts';
import { generateKey, nodeCrypto, openSqliteStore, systemClock, systemRandom } from '../src/io/index.ts';
import { LsError, unixMs, type Fault, type Result, type SerialNumber } from '../src/std/index.ts';
import { applyCrl, issuerKeyOf, makeTrustBundle, RevocationState } from '../src/trust/index.ts';
import { parseCertificate, parseCrl, signCrl } from '../src/x509/index.ts';
import { appendToLedger, arriveChecked, arriveInline, asFed } from './support/crl-arrival.ts';
import { randomSerial } from './support/fill-store.ts';

/* A part of bench/crl.ts, by its first argument: `sign` writes and signs a CRL, `take` takes it in as a node does. */

export interface SignCost {
  readonly signMs: number;
  readonly bytes: number;
  /** SHA-256 of as many bytes: nothing that signs or verifies them is faster. */
  readonly hashMs: number;
}

export interface TakeCost {
  /** From the bytes to a state that answers: parsed, verified, taken in, and its index built. */
  readonly takeMs: number;
  readonly parseMs: number;
  /** The next full CRL, with one entry more, in the place of the first: it must still list all that the first did. */
  readonly replaceMs: number;
  readonly lookUpMicroseconds: number;
  /** Above what the process had before. */
  readonly heldMiB: number;
  readonly peakMiB: number;
  /** Of the event loop, the longest, while the first and the next CRL come in. */
  readonly stallMs: number;
  readonly replaceStallMs: number;
  /** The same when nothing is left to a thread. */
  readonly inlineStallMs: number;
  readonly inlineReplaceStallMs: number;
  /** Until the first and the next are in force. */
  readonly checkedTakeMs: number;
  readonly checkedReplaceMs: number;
  /** Until it is durable in the node's ledger, and the event loop's longest stall for it. */
  readonly appendMs: number;
  readonly appendStallMs: number;
}

const TRUST_DOMAIN = 'bench.internal';
const CRL_NUMBER = 100;
const NEXT_UPDATE_MS = 72 * 3_600_000;
const LOOK_UPS = 100_000;
const REVOKED_WITHIN_S = 90 * 86_400;
const MIB = 2 ** 20;

interface Written {
  readonly root: string;
  readonly issuing: string;
  readonly rootCrl: string;
  readonly serials: readonly SerialNumber[];
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}

async function sign(entries: number, directory: string): Promise<SignCost> {
  const issuer = generateKey('ES256').signer;
  const keys = { issuing: [issuer], roots: [generateKey('ES256').signer] };
  const config = { urls: ['https://ca.bench.internal:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 };
  const deps = { store: openSqliteStore(':memory:'), keys, crypto: nodeCrypto, random: systemRandom, config };
  const now = systemClock.now().wall;
  valueOf(await initialiseAuthority(deps, { trustDomain: TRUST_DOMAIN, permittedDns: [] }, now));
  const authority = valueOf(await openAuthority(deps));
  const {
    issuing: [issuing = new Uint8Array()],
    roots,
  } = authority.bundle();
  const certificate = valueOf(parseCertificate(issuing));
  const serials = Array.from({ length: entries }, randomSerial);
  const rows = serials.map((serialHex) => ({
    serialHex,
    // Each at its own second: writing one time a million times would measure a cache.
    revokedAt: unixMs(now - 1_000 * randomInt(REVOKED_WITHIN_S)),
    reason: 'superseded' as const,
    invalidityDate: undefined,
  }));
  const fields = {
    issuer: certificate.subject,
    issuerKeyId: certificate.extensions.subjectKeyId?.value ?? new Uint8Array(),
    thisUpdate: now,
    nextUpdate: unixMs(now + NEXT_UPDATE_MS),
    crlNumber: CRL_NUMBER,
    entries: rows,
  };
  const begin = performance.now();
  const der = signCrl(fields, issuer);
  const signMs = performance.now() - begin;
  const hashBegin = performance.now();
  nodeCrypto.sha256(der);
  const hashMs = performance.now() - hashBegin;
  const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64');
  const rootCrl = valueOf(await authority.currentCrls()).roots[0]?.der ?? new Uint8Array();
  const some = serials.filter((_, at) => at % Math.ceil(entries / 1_000) === 0);
  const written = {
    root: base64(roots[0]),
    issuing: base64(issuing),
    rootCrl: base64(rootCrl),
    serials: some,
  };
  writeFileSync(join(directory, 'ours.crl'), der);
  const more = {
    serialHex: randomSerial(),
    revokedAt: now,
    reason: 'keyCompromise',
    invalidityDate: undefined,
  } as const;
  const next = { ...fields, crlNumber: CRL_NUMBER + 1, entries: [...rows, more] };
  writeFileSync(join(directory, 'next.crl'), signCrl(next, issuer));
  writeFileSync(join(directory, 'ours.pem'), encodePem('CERTIFICATE', issuing));
  writeFileSync(join(directory, 'ours.json'), JSON.stringify(written));
  return { signMs: Math.round(signMs), bytes: der.length, hashMs: Math.round(hashMs) };
}

async function take(directory: string): Promise<TakeCost> {
  const written = JSON.parse(readFileSync(join(directory, 'ours.json'), 'utf8')) as Written;
  const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
  const bundle = valueOf(makeTrustBundle(TRUST_DOMAIN, [bytes(written.root)], nodeCrypto));
  const now = systemClock.now().wall;
  const rootCrl = applyCrl(RevocationState.empty(), bytes(written.rootCrl), [], bundle, nodeCrypto, now);
  const before = valueOf(rootCrl).state;
  globalThis.gc?.();
  const baseline = process.memoryUsage.rss();
  const der = new Uint8Array(readFileSync(join(directory, 'ours.crl')));
  const begin = performance.now();
  const taken = valueOf(applyCrl(before, der, [bytes(written.issuing)], bundle, nodeCrypto, now));
  const issuer = issuerKeyOf(valueOf(parseCertificate(bytes(written.issuing))));
  const list = issuer === undefined ? undefined : taken.state.issuer(issuer);
  if (list?.full.entries.find(randomSerial()) !== undefined) throw new Error('found what is not there');
  const takeMs = performance.now() - begin;
  const peakMiB = process.resourceUsage().maxRSS / 1_024 - baseline / MIB;
  const lookUpBegin = performance.now();
  for (let at = 0; at < LOOK_UPS; at++) {
    const serial = written.serials[at % written.serials.length] ?? '';
    if (list?.full.entries.find(serial) === undefined) throw new Error('an entry is missing');
  }
  const lookUpMicroseconds = ((performance.now() - lookUpBegin) * 1_000) / LOOK_UPS;
  globalThis.gc?.();
  const heldMiB = (process.memoryUsage.rss() - baseline) / MIB;
  const parseBegin = performance.now();
  valueOf(parseCrl(der));
  const parseMs = performance.now() - parseBegin;
  const nextDer = new Uint8Array(readFileSync(join(directory, 'next.crl')));
  const replaceBegin = performance.now();
  valueOf(applyCrl(taken.state, nextDer, [bytes(written.issuing)], bundle, nodeCrypto, now));
  const replaceMs = performance.now() - replaceBegin;
  const receiver = { state: before, issuerChain: [bytes(written.issuing)], bundle, now };
  const inline = await arriveInline(der, receiver);
  const inlineNext = await arriveInline(nextDer, { ...receiver, state: inline.state });
  const checked = await arriveChecked(asFed(der), receiver);
  const checkedNext = await arriveChecked(asFed(nextDer), { ...receiver, state: checked.state });
  const appended = await appendToLedger(asFed(der), now);
  return {
    takeMs: Math.round(takeMs),
    parseMs: Math.round(parseMs),
    replaceMs: Math.round(replaceMs),
    lookUpMicroseconds: Number(lookUpMicroseconds.toFixed(3)),
    heldMiB: Math.round(heldMiB),
    peakMiB: Math.round(peakMiB),
    stallMs: checked.stallMs,
    replaceStallMs: checkedNext.stallMs,
    inlineStallMs: inline.stallMs,
    inlineReplaceStallMs: inlineNext.stallMs,
    checkedTakeMs: checked.tookMs,
    checkedReplaceMs: checkedNext.tookMs,
    appendMs: appended.tookMs,
    appendStallMs: appended.stallMs,
  };
}

const [part, directory = '', entries = '0'] = process.argv.slice(2);
process.send?.(part === 'sign' ? await sign(Number(entries), directory) : await take(directory));
