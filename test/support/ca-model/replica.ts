import {
  openAuthority,
  type Authority,
  type AuthorityDeps,
  type AuthorityStore,
  type OcspResponder,
  type Publication,
} from '../../../src/authority/index.ts';
import {
  encodeOcspRequest,
  ocspCertId,
  ocspIssuerOf,
  parseCertificate,
  parseOcspResponse,
  verifyOcspResponse,
  type Certificate,
  type OcspCertStatus,
  type OcspIssuer,
} from '../../../src/x509/index.ts';
import { monoMs, type Instant, type Signer, type UnixMs } from '../../../src/std/index.ts';
import { BreakingStore } from '../breaking-store.ts';
import { valueOf } from '../result.ts';
import type { Sabotage } from './sabotage.ts';
import { demand } from './violation.ts';
import { activeIssuing } from '../issuing.ts';

export interface ReplicaOptions {
  readonly deps: Omit<AuthorityDeps, 'store'>;
  readonly store: AuthorityStore;
  readonly sabotage: Sabotage;
  readonly hear: (publication: Publication) => void;
  readonly newKey: () => Signer;
}

/** One process of the CA: an authority with connections of its own, and its OCSP responder. */
export class Replica {
  readonly authority: Authority;
  readonly store: BreakingStore;
  readonly #responder: OcspResponder;
  readonly #options: ReplicaOptions;
  readonly #issuing: Certificate;
  readonly #issuer: OcspIssuer;
  /** Each certificate is parsed once. */
  readonly #parsed = new Map<string, Certificate>();

  private constructor(
    options: ReplicaOptions,
    store: BreakingStore,
    authority: Authority,
    responder: OcspResponder,
  ) {
    this.#options = options;
    this.store = store;
    this.authority = authority;
    this.#responder = responder;
    this.#issuing = valueOf(parseCertificate(activeIssuing(authority)));
    this.#issuer = valueOf(ocspIssuerOf(this.#issuing, options.deps.crypto));
  }

  static async open(options: ReplicaOptions, now: UnixMs): Promise<Replica> {
    const { sabotage, deps } = options;
    const store = new BreakingStore(sabotage.store?.(options.store) ?? options.store);
    const authority = valueOf(await openAuthority({ ...deps, store }));
    authority.onPublication(options.hear);
    const opened = valueOf(
      await authority.openResponder({ newKey: options.newKey, pause: () => Promise.resolve() }, now),
    );
    return new Replica(options, store, authority, sabotage.responder?.(opened) ?? opened);
  }

  /** As a server does that takes over from another one. */
  async catchUp(now: UnixMs): Promise<void> {
    valueOf(await this.authority.catchUp(true));
    valueOf(await this.#responder.refresh(now));
  }

  /**
   * What OCSP says of the certificate. With `isTimely` also that a relying party believes it now: a CA whose clock is
   * behind answers with what has lapsed elsewhere. Undefined for an answer without a status.
   */
  async ocspStatus(der: Uint8Array, now: UnixMs, isTimely: boolean): Promise<OcspCertStatus | undefined> {
    const { crypto } = this.#options.deps;
    const certificate = this.#parse(der);
    const certIds = [ocspCertId(this.#issuer, 'SHA-256', certificate.serialHex)];
    const at: Instant = { mono: monoMs(now), wall: now };
    const { der: response } = await this.#responder.answer(
      encodeOcspRequest({ certIds, nonce: undefined }),
      at,
    );
    const issuer = this.#issuing;
    const judged = verifyOcspResponse({ response, certificate, issuer, crypto, now });
    if (judged.ok) return judged.value.certStatus;
    demand(!isTimely, `an OCSP answer is refused: ${judged.error.code} ${judged.error.detail}`);
    const parsed = valueOf(parseOcspResponse(response));
    return parsed.status === 'successful' ? parsed.basic.responses[0]?.certStatus : undefined;
  }

  #parse(der: Uint8Array): Certificate {
    const key = Buffer.from(der).toString('base64');
    const parsed = this.#parsed.get(key) ?? valueOf(parseCertificate(der));
    this.#parsed.set(key, parsed);
    return parsed;
  }

  async close(): Promise<void> {
    this.#responder.close();
    await this.store.close();
  }
}
