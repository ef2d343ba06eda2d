import { isRevokedBy, type Authority, type RootCrlPublication } from '../../authority/index.ts';
import { fault, LsError, type Fault, type Result } from '../../std/index.ts';
import { parseCertificate, parseCrl } from '../../x509/index.ts';
import type { Log } from '../log.ts';
import { issuingCertificates } from './generations.ts';

/** Follows whether the root has revoked the issuing CA that is active: then this CA has nothing left to sign with. */
export class Ended {
  readonly #authority: Authority;
  readonly #log: Log;
  #reason: Fault | undefined;

  private constructor(authority: Authority, log: Log) {
    this.#authority = authority;
    this.#log = log;
  }

  /** Throws LS_CA_STORE_*. */
  static async of(authority: Authority, log: Log): Promise<Ended> {
    const ended = new Ended(authority, log);
    await ended.lookAgain();
    return ended;
  }

  /** Undefined as long as the CA may issue. */
  get reason(): Fault | undefined {
    return this.#reason;
  }

  /** Throws LS_CA_STORE_*. */
  async lookAgain(): Promise<void> {
    this.look(valueOf(await this.#authority.currentCrls()).roots);
  }

  /** `rootCrls`: the newest of all roots, or of some, which somebody has verified. */
  look(rootCrls: readonly RootCrlPublication[]): void {
    const before = this.#reason;
    this.#reason = this.#judge(rootCrls);
    if (this.#reason === undefined || before !== undefined) return;
    const { code, detail } = this.#reason;
    this.#log.error({ event: 'ca-revoked', code, detail }, 'this CA issues nothing any more');
  }

  #judge(rootCrls: readonly RootCrlPublication[]): Fault | undefined {
    const [active] = issuingCertificates(this.#authority);
    if (active === undefined) return fault('LS_CA_REVOKED', 'the root has revoked every issuing CA');
    const certificate = valueOf(parseCertificate(active));
    const { serialHex } = certificate;
    if (!rootCrls.some(({ der }) => isRevokedBy(valueOf(parseCrl(der)), certificate))) return undefined;
    return fault('LS_CA_REVOKED', `the root has revoked the issuing CA ${serialHex}`);
  }
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
