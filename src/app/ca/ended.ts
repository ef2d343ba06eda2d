import type { Authority } from '../../authority/index.ts';
import { fault, LsError, type Fault, type Result } from '../../std/index.ts';
import { parseCertificate, parseCrl } from '../../x509/index.ts';
import type { Log } from '../log.ts';

/** Follows whether the root has revoked the issuing CA: then there is nothing left for this CA to sign. */
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
    ended.look(valueOf(await authority.currentCrls()).root);
    return ended;
  }

  /** Undefined as long as the CA may issue. */
  get reason(): Fault | undefined {
    return this.#reason;
  }

  /** `rootCrl`: DER of the root's newest CRL, which somebody has verified. */
  look(rootCrl: Uint8Array): void {
    const { entries } = valueOf(parseCrl(rootCrl));
    const { serialHex } = valueOf(parseCertificate(this.#authority.bundle().issuing));
    if (entries.find(serialHex) === undefined || this.#reason !== undefined) return;
    this.#reason = fault('LS_CA_REVOKED', `the root has revoked the issuing CA ${serialHex}`);
    const { code, detail } = this.#reason;
    this.#log.error({ event: 'ca-revoked', code, detail }, 'this CA issues nothing any more');
  }
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
