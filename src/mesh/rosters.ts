import { decodeRoster, verifyRoster, type VerifiedRoster } from '../membership/index.ts';
import { equalBytes, err, fault, ok, type Fault, type Result } from '../std/index.ts';
import { trustedNow, type Core } from './core.ts';

/** A roster in force, with what is needed to follow it. */
interface HeldRoster {
  readonly bytes: Uint8Array;
  readonly structureHash: Uint8Array;
  readonly number: number;
}

/** The member list, signed by the issuing CA: numbered, hash-chained, and only ever replaced by a higher number. */
export class Rosters {
  readonly #core: Core;
  #held: HeldRoster | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  get number(): number {
    return this.#held?.number ?? 0;
  }

  get bytes(): Uint8Array | undefined {
    return this.#held?.bytes;
  }

  /** Takes a roster from anyone: only the CA's signature counts. Answers whether it was news. */
  take(bytes: Uint8Array): Result<boolean, Fault> {
    const verified = this.#verify(bytes);
    if (!verified.ok) return verified;
    const { body, structureHash } = verified.value;
    if (body.number < this.number) return ok(false);
    if (body.number === this.number) {
      if (this.#held === undefined || equalBytes(this.#held.structureHash, structureHash)) return ok(false);
      return err(fault('LS_MESH_ROSTER_FORK', `two rosters carry the number ${body.number}`));
    }
    if (this.#held !== undefined && body.number === this.number + 1) {
      if (!equalBytes(body.prev, this.#held.structureHash)) {
        return err(fault('LS_MESH_ROSTER_FORK', `roster ${body.number} does not follow the one we hold`));
      }
    }
    this.#held = { bytes, structureHash, number: body.number };
    this.#core.table.applyRoster(body, this.#core.now.mono);
    return ok(true);
  }

  #verify(bytes: Uint8Array): Result<VerifiedRoster, Fault> {
    const decoded = decodeRoster(bytes);
    if (!decoded.ok) return decoded;
    const issuer = this.#core.issuers.signingKey(decoded.value.body.certId, trustedNow(this.#core));
    if (issuer === undefined) {
      return err(fault('LS_MESH_ROSTER_SIGNER', `roster ${decoded.value.body.number} names an unknown CA`));
    }
    return verifyRoster(this.#core.crypto, this.#core.domainId, decoded.value, issuer);
  }
}
