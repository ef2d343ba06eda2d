import { err, fault, ok } from '../../std/index.ts';
import type { Fault, Instant, Result, UnixMs } from '../../std/index.ts';
import {
  encodeOcspError,
  namesIssuer,
  ocspIssuerOf,
  parseOcspRequest,
  type OcspCertId,
  type OcspIssuer,
  type OcspRequest,
} from '../../x509/index.ts';
import type { AuthorityContext } from '../context.ts';
import type { Publication } from '../facts.ts';
import { OCSP_BATCH, OCSP_REFRESH_MS } from '../limits.ts';
import type { StoreReader } from '../store.ts';
import { SignatureBudget } from './budget.ts';
import type { OcspHealth, OcspResponder, ResponderOptions } from './interface.ts';
import { isUsedUp, newDelegate, signHeld, signOwn, type Delegate, type Statement } from './delegate.ts';
import { HeldAnswers, type OcspAnswer } from './held-answers.ts';
import { readStatus, statusOf, type KnownStatus } from './status.ts';

const MAX_READS = 8;
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
  context: AuthorityContext,
  options: ResponderOptions,
  now: UnixMs,
): Promise<Result<OcspResponder, Fault>> {
  const issuer = ocspIssuerOf(context.issuing, context.deps.crypto);
  if (!issuer.ok) return issuer;
  const delegate = await newDelegate(context, options.newKey(), now);
  if (!delegate.ok) return delegate;
  const standing = await context.deps.store.read(async (tx) =>
    ok({
      crlNumber: (await tx.newestCrl('issuing'))?.number ?? 0,
      isReadOnly: (await tx.readOnlySince()) !== null,
    }),
  );
  if (!standing.ok) return standing;
  return ok(new Responder(context, options, issuer.value, delegate.value, standing.value));
}

class Responder implements OcspResponder {
  readonly #context: AuthorityContext;
  readonly #options: ResponderOptions;
  readonly #issuer: OcspIssuer;
  readonly #held: HeldAnswers;
  readonly #budget: SignatureBudget;
  readonly #unsubscribe: () => void;
  #delegate: Delegate;
  /** Counts publications: what was read before one may be outdated after it. */
  #generation = 0;
  /** A restored CA calls nothing good, since it may not know the newest revocations; its next CRL ends that. */
  #isSilent: boolean;
  /** Every revocation up to this CRL is known here. */
  #crlNumber: number;

  constructor(
    context: AuthorityContext,
    options: ResponderOptions,
    issuer: OcspIssuer,
    delegate: Delegate,
    { crlNumber, isReadOnly }: { readonly crlNumber: number; readonly isReadOnly: boolean },
  ) {
    this.#context = context;
    this.#options = options;
    this.#issuer = issuer;
    this.#delegate = delegate;
    this.#crlNumber = crlNumber;
    this.#isSilent = isReadOnly;
    this.#held = new HeldAnswers(options.maxHeld);
    this.#budget = new SignatureBudget(options.ownAnswers);
    this.#unsubscribe = context.publisher.subscribe((publication) => this.#absorb(publication));
  }

  answer(request: Uint8Array, now: Instant): OcspAnswer | Promise<OcspAnswer> {
    const parsed = parseOcspRequest(request);
    return parsed.ok ? this.answerTo(parsed.value, now) : MALFORMED;
  }

  answerTo({ certIds, nonce }: OcspRequest, now: Instant): OcspAnswer | Promise<OcspAnswer> {
    if (!certIds.every((certId) => namesIssuer(certId, this.#issuer))) return UNAUTHORIZED;
    const [first, ...others] = certIds;
    if (first === undefined) return MALFORMED;
    if (this.#isSilent) return TRY_LATER;
    const isOwn = nonce !== undefined || others.length > 0;
    if (isOwn && this.#budget.take(now.mono)) return this.#own(certIds, nonce, now.wall);
    if (others.length > 0) return TRY_LATER;
    return this.#held.get(first.serialHex, now.wall)?.byHash[first.hash] ?? this.#make(first, now);
  }

  async refresh(now: UnixMs): Promise<Result<number, Fault>> {
    if (isUsedUp(this.#delegate, now)) {
      const delegate = await newDelegate(this.#context, this.#options.newKey(), now);
      if (!delegate.ok) return delegate;
      this.#delegate = delegate.value;
    }
    if (this.#isSilent) return ok(0);
    const behind = await this.#catchUp();
    return behind === undefined ? this.#sweep(now) : err(behind);
  }

  health(): OcspHealth {
    const freshUntil = this.#held.soonestNextUpdate() ?? null;
    return { held: this.#held.size, freshUntil, signerUntil: this.#delegate.notAfter };
  }

  close(): void {
    this.#unsubscribe();
  }

  /** From what is held where possible: that is as new as the last publication. */
  #own(certIds: readonly OcspCertId[], nonce: Uint8Array | undefined, now: UnixMs) {
    const statements: Statement[] = [];
    for (const certId of certIds) {
      const held = this.#held.get(certId.serialHex, now);
      if (held === undefined) return this.#ownFromStore(certIds, nonce, now);
      statements.push({ certId, certStatus: held.certStatus });
    }
    return signOwn(this.#delegate, statements, nonce, now);
  }

  async #ownFromStore(
    certIds: readonly OcspCertId[],
    nonce: Uint8Array | undefined,
    now: UnixMs,
  ): Promise<OcspAnswer> {
    const answer = await this.#read(
      async (tx) => {
        const read: Statement[] = [];
        for (const certId of certIds) {
          const { certStatus } = await readStatus(tx, certId.serialHex, now);
          read.push({ certId, certStatus });
        }
        return ok(read);
      },
      (statements) => signOwn(this.#delegate, statements, nonce, now),
    );
    return answer.ok ? answer.value : INTERNAL_ERROR;
  }

  /** The answer about a certificate for which none is held. Only live certificates are signed for without a limit. */
  async #make(certId: OcspCertId, now: Instant): Promise<OcspAnswer> {
    const { serialHex, hash } = certId;
    const answer = await this.#read(
      async (tx) => ok(await readStatus(tx, serialHex, now.wall)),
      (known) => {
        if (known.isLive) return this.#hold(serialHex, known, now.wall).byHash[hash];
        if (!this.#budget.take(now.mono)) return TRY_LATER;
        const { certStatus } = known;
        return signOwn(this.#delegate, [{ certId, certStatus }], undefined, now.wall);
      },
    );
    return answer.ok ? answer.value : INTERNAL_ERROR;
  }

  /** Requires: the status was read in this generation. */
  #hold(serial: string, { certStatus }: KnownStatus, now: UnixMs) {
    const held = signHeld(this.#delegate, this.#issuer, { serial, certStatus }, now);
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
      const read = await this.#context.deps.store.read(work);
      if (!read.ok) return read;
      if (generation === this.#generation) return ok(use(read.value));
    }
    return err(fault('LS_CA_STORE_BUSY', 'certificates are revoked faster than their status can be read'));
  }

  #absorb({ crl, revokedSerials = [] }: Publication): void {
    if (crl === undefined) return;
    this.#isSilent = false;
    this.#generation += 1;
    this.#crlNumber = Math.max(this.#crlNumber, crl.number);
    for (const serial of revokedSerials) this.#held.delete(serial);
  }

  /** Drops what other processes over the same store have revoked or released. */
  async #catchUp(): Promise<Fault | undefined> {
    const missed = await this.#context.deps.store.read(async (tx) => {
      const newest = (await tx.newestCrl('issuing'))?.number ?? 0;
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
      for (const [serial, known] of due) {
        if (inBatch === OCSP_BATCH) {
          await this.#options.pause();
          inBatch = 0;
        }
        if (generation !== this.#generation) break;
        this.#hold(serial, known, now);
        inBatch += 1;
        signed += 1;
      }
      if (generation === this.#generation) break;
    }
    return ok(signed);
  }

  /** Live certificates whose answer is missing or old, as many as there is room for. */
  async #due(tx: StoreReader, now: UnixMs): Promise<readonly (readonly [string, KnownStatus])[]> {
    const live = (await tx.certificates({ notAfterFrom: now })).filter(({ der }) => der !== null);
    this.#held.retain(new Set(live.map(({ serial }) => serial)));
    let room = this.#held.room;
    return live.flatMap((row) => {
      const held = this.#held.get(row.serial, now);
      if (held !== undefined && now - held.times.thisUpdate < OCSP_REFRESH_MS) return [];
      if (held === undefined && room-- <= 0) return [];
      return [[row.serial, statusOf(row, now)] as const];
    });
  }
}
