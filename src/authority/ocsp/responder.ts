import { equalBytes, err, fault, ok, unixMs } from '../../std/index.ts';
import type { Fault, Instant, Result, UnixMs } from '../../std/index.ts';
import {
  encodeOcspError,
  namesIssuer,
  parseOcspRequest,
  type OcspCertId,
  type OcspRequest,
} from '../../x509/index.ts';
import type { Publication } from '../facts.ts';
import { hasEnded, type IssuingCa } from '../issuing-ca.ts';
import { OCSP_BATCH, OCSP_REFRESH_MS } from '../limits.ts';
import type { StoreReader } from '../store.ts';
import { SignatureBudget } from './budget.ts';
import type { OcspHealth, OcspResponder, ResponderOptions } from './interface.ts';
import { isUsedUp, newDelegate, signHeld, signOwn, type Delegate, type Statement } from './delegate.ts';
import { HeldAnswers, type HeldAnswer, type OcspAnswer } from './held-answers.ts';
import { readStatus, statusOf, type KnownStatus } from './status.ts';
import { standingIn, type AuthorityBase } from '../standing.ts';

const MAX_READS = 8;

/** A certificate whose answer is to be signed. */
interface DueAnswer {
  readonly delegate: Delegate;
  readonly serial: string;
  readonly known: KnownStatus;
}

const error = (status: Parameters<typeof encodeOcspError>[0]): OcspAnswer => ({
  der: encodeOcspError(status),
  times: null,
});
const MALFORMED = error('malformedRequest');
const UNAUTHORIZED = error('unauthorized');
const TRY_LATER = error('tryLater');
const INTERNAL_ERROR = error('internalError');

/** Errors: LS_CA_STORE_*, LS_X509_*. */
export async function openResponder(
  base: AuthorityBase,
  options: ResponderOptions,
  now: UnixMs,
): Promise<Result<OcspResponder, Fault>> {
  const standing = await base.deps.store.read(async (tx) =>
    ok({
      crlNumber: (await tx.newestCrl())?.number ?? 0,
      isReadOnly: (await tx.readOnlySince()) !== null,
    }),
  );
  if (!standing.ok) return standing;
  const responder = new Responder(base, options, standing.value);
  const missing = await responder.followIssuers(now);
  if (missing === undefined) return ok(responder);
  responder.close();
  return err(missing);
}

class Responder implements OcspResponder {
  readonly #base: AuthorityBase;
  readonly #options: ResponderOptions;
  readonly #held: HeldAnswers;
  readonly #budget: SignatureBudget;
  readonly #unsubscribe: () => void;
  /** One for each issuing CA that has not ended. */
  #delegates: readonly Delegate[] = [];
  /** Counts publications: what was read before one may be outdated after it. */
  #generation = 0;
  /** A restored CA calls nothing good, since it may not know the newest revocations; its next CRL ends that. */
  #isSilent: boolean;
  /** Every revocation up to this CRL is known here. */
  #crlNumber: number;

  constructor(
    base: AuthorityBase,
    options: ResponderOptions,
    { crlNumber, isReadOnly }: { readonly crlNumber: number; readonly isReadOnly: boolean },
  ) {
    this.#base = base;
    this.#options = options;
    this.#crlNumber = crlNumber;
    this.#isSilent = isReadOnly;
    this.#held = new HeldAnswers(options.maxHeld);
    this.#budget = new SignatureBudget(options.ownAnswers);
    this.#unsubscribe = base.publisher.subscribe((publication) => this.#absorb(publication));
  }

  answer(request: Uint8Array, now: Instant): OcspAnswer | Promise<OcspAnswer> {
    const parsed = parseOcspRequest(request);
    return parsed.ok ? this.answerTo(parsed.value, now) : MALFORMED;
  }

  answerTo({ certIds, nonce }: OcspRequest, now: Instant): OcspAnswer | Promise<OcspAnswer> {
    const [first, ...others] = certIds;
    if (first === undefined) return MALFORMED;
    // One signature covers the answer, and a delegate speaks for the CA that has certified it and for no other.
    const delegate = this.#delegates.find(({ issuer }) => namesIssuer(first, issuer));
    if (delegate === undefined || !others.every((certId) => namesIssuer(certId, delegate.issuer)))
      return UNAUTHORIZED;
    if (this.#isSilent) return TRY_LATER;
    const isOwn = nonce !== undefined || others.length > 0;
    if (isOwn && this.#budget.take(now.mono)) return this.#own(delegate, certIds, nonce, now.wall);
    if (others.length > 0) return TRY_LATER;
    return this.#heldBy(delegate, first, now.wall)?.byHash[first.hash] ?? this.#make(delegate, first, now);
  }

  async refresh(now: UnixMs): Promise<Result<number, Fault>> {
    const missing = await this.followIssuers(now);
    if (missing !== undefined) return err(missing);
    if (this.#isSilent) return ok(0);
    const behind = await this.#catchUp();
    return behind === undefined ? this.#sweep(now) : err(behind);
  }

  /** Has a delegate in date for each issuing CA that signs. */
  async followIssuers(now: UnixMs): Promise<Fault | undefined> {
    const standing = await this.#base.deps.store.read(async (tx) => ok(await standingIn(this.#base, tx)));
    if (!standing.ok) return standing.error;
    const living = standing.value.cas.filter(({ row }) => !hasEnded(row));
    let failed: Fault | undefined;
    const delegates: Delegate[] = [];
    for (const ca of living) {
      const delegate = await this.#delegateOf(ca, now);
      if (delegate.ok) delegates.push(delegate.value);
      else failed ??= delegate.error;
    }
    this.#delegates = delegates;
    return failed;
  }

  async #delegateOf(ca: IssuingCa, now: UnixMs): Promise<Result<Delegate, Fault>> {
    const held = this.#delegates.find(({ generation }) => generation === ca.generation);
    if (held !== undefined && !isUsedUp(held, now)) return ok(held);
    const made = await newDelegate(this.#base, ca, this.#options.newKey(), now);
    const isStillGood = held !== undefined && now < held.notAfter;
    return made.ok || !isStillGood ? made : ok(held);
  }

  health(): OcspHealth {
    const freshUntil = this.#held.soonestNextUpdate() ?? null;
    const signerUntil = unixMs(Math.min(...this.#delegates.map(({ notAfter }) => notAfter)));
    return { held: this.#held.size, freshUntil, signerUntil };
  }

  close(): void {
    this.#unsubscribe();
  }

  /** From what is held where possible: that is as new as the last publication. */
  #own(
    delegate: Delegate,
    certIds: readonly OcspCertId[],
    nonce: Uint8Array | undefined,
    now: UnixMs,
  ): OcspAnswer | Promise<OcspAnswer> {
    const statements: Statement[] = [];
    for (const certId of certIds) {
      const held = this.#heldBy(delegate, certId, now);
      if (held === undefined) return this.#ownFromStore(delegate, certIds, nonce, now);
      statements.push({ certId, certStatus: held.certStatus });
    }
    return signOwn(delegate, statements, nonce, now);
  }

  #heldBy({ generation }: Delegate, { serialHex }: OcspCertId, now: UnixMs): HeldAnswer | undefined {
    const held = this.#held.get(serialHex, now);
    return held?.generation === generation ? held : undefined;
  }

  async #ownFromStore(
    delegate: Delegate,
    certIds: readonly OcspCertId[],
    nonce: Uint8Array | undefined,
    now: UnixMs,
  ): Promise<OcspAnswer> {
    const answer = await this.#read(
      async (tx) => {
        const read: Statement[] = [];
        for (const certId of certIds) {
          const { certStatus } = await readStatus(tx, delegate.generation, certId.serialHex, now);
          read.push({ certId, certStatus });
        }
        return ok(read);
      },
      (statements) => signOwn(delegate, statements, nonce, now),
    );
    return answer.ok ? answer.value : INTERNAL_ERROR;
  }

  /** The answer about a certificate for which none is held. Only live certificates are signed for without a limit. */
  async #make(delegate: Delegate, certId: OcspCertId, now: Instant): Promise<OcspAnswer> {
    const { serialHex, hash } = certId;
    const answer = await this.#read(
      async (tx) => ok(await readStatus(tx, delegate.generation, serialHex, now.wall)),
      (known) => {
        if (known.isLive) return this.#hold(delegate, serialHex, known, now.wall).byHash[hash];
        if (!this.#budget.take(now.mono)) return TRY_LATER;
        const { certStatus } = known;
        return signOwn(delegate, [{ certId, certStatus }], undefined, now.wall);
      },
    );
    return answer.ok ? answer.value : INTERNAL_ERROR;
  }

  /** Requires: the status was read in this generation. */
  #hold(delegate: Delegate, serial: string, { certStatus }: KnownStatus, now: UnixMs) {
    const held = signHeld(delegate, { serial, certStatus }, now);
    this.#held.put(serial, held);
    return held;
  }

  /**
   * Uses what `work` reads, in the same turn; reads again when something was published meanwhile. So what `use` signs
   * is never older than the last publication.
   */
  async #read<T, R>(
    work: (tx: StoreReader) => Promise<Result<T, Fault>>,
    use: (read: T) => R,
  ): Promise<Result<R, Fault>> {
    for (let tries = 0; tries < MAX_READS; tries++) {
      const generation = this.#generation;
      const read = await this.#base.deps.store.read(work);
      if (!read.ok) return read;
      if (generation === this.#generation) return ok(use(read.value));
    }
    return err(fault('LS_CA_STORE_BUSY', 'certificates are revoked faster than their status can be read'));
  }

  #absorb({ authorities, crl, revokedSerials = [] }: Publication): void {
    if (authorities !== undefined) {
      const isLiving = ({ issuing }: Delegate): boolean =>
        authorities.issuing.some((der) => equalBytes(der, issuing));
      this.#delegates = this.#delegates.filter(isLiving);
    }
    if (crl === undefined) return;
    this.#isSilent = false;
    this.#generation += 1;
    this.#crlNumber = Math.max(this.#crlNumber, crl.number);
    for (const serial of revokedSerials) this.#held.delete(serial);
  }

  /** Drops what other processes over the same store have revoked or released. */
  async #catchUp(): Promise<Fault | undefined> {
    const missed = await this.#base.deps.store.read(async (tx) => {
      const newest = (await tx.newestCrl())?.number ?? 0;
      if (newest <= this.#crlNumber) return ok({ newest, changed: [] });
      const revocations = await tx.revocationsAfterCrl(this.#crlNumber);
      const releases = await tx.releasesAfterCrl(this.#crlNumber);
      return ok({ newest, changed: [...revocations, ...releases] });
    });
    if (!missed.ok) return missed.error;
    for (const { serial } of missed.value.changed) this.#held.delete(serial);
    if (missed.value.changed.length > 0) this.#generation += 1;
    this.#crlNumber = Math.max(this.#crlNumber, missed.value.newest);
    return undefined;
  }

  /** Starts over when something is published meanwhile; what was signed by then stays. */
  async #sweep(now: UnixMs): Promise<Result<number, Fault>> {
    let signed = 0;
    for (let tries = 0; tries < MAX_READS; tries++) {
      const read = await this.#read(
        async (tx) => ok(await this.#due(tx, now)),
        (due) => ({ due, generation: this.#generation }),
      );
      if (!read.ok) return read;
      const { due, generation } = read.value;
      let inBatch = 0;
      for (const { delegate, serial, known } of due) {
        if (inBatch === OCSP_BATCH) {
          await this.#options.pause();
          inBatch = 0;
        }
        if (generation !== this.#generation) break;
        this.#hold(delegate, serial, known, now);
        inBatch += 1;
        signed += 1;
      }
      if (generation === this.#generation) break;
    }
    return ok(signed);
  }

  /** Live certificates whose answer is missing or old, as many as there is room for. */
  async #due(tx: StoreReader, now: UnixMs): Promise<readonly DueAnswer[]> {
    const live = (await tx.certificates({ notAfterFrom: now })).filter(({ der }) => der !== null);
    this.#held.retain(new Set(live.map(({ serial }) => serial)));
    let room = this.#held.room;
    return live.flatMap((row) => {
      const { serial, issuer } = row;
      const delegate = this.#delegates.find(({ generation }) => generation === issuer);
      if (delegate === undefined) return [];
      const held = this.#held.get(serial, now);
      if (held !== undefined && now - held.times.thisUpdate < OCSP_REFRESH_MS) return [];
      if (held === undefined && room-- <= 0) return [];
      return [{ delegate, serial, known: statusOf(row, now) }];
    });
  }
}
