import {
  MAX_SUCCESSION,
  proveKey,
  signKeyChange,
  type EpochStart,
  type KeyChange,
  type Verified,
} from '../heartbeat/index.ts';
import { signLeave } from '../membership/index.ts';
import { equalBytes, err, fault, ok, type Fault, type Result, type Signer } from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import type { Beater } from './beater.ts';
import { trustedNow, type Core } from './core.ts';
import type { Epochs } from './epochs.ts';
import type { Gossip } from './gossip.ts';
import { MAX_KEY_CHANGES_PER_EPOCH } from './limits.ts';

/** A new certificate for a new key, as the shell got it from the CA. */
export interface Renewal {
  readonly peer: VerifiedPeer;
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
  /** The old key's statement over the new one. */
  readonly successor: Uint8Array;
}

/** What a node says about itself besides heartbeats, and what it makes of its own words coming back. */
export class OwnRecords {
  readonly #core: Core;
  readonly #gossip: Gossip;
  readonly #beater: Beater;
  readonly #epochs: Epochs;
  /** A renewal that the ledger did not take: it is tried again, with the old key in use meanwhile. */
  #waiting: Renewal | undefined;

  constructor(core: Core, gossip: Gossip, beater: Beater, epochs: Epochs) {
    this.#core = core;
    this.#gossip = gossip;
    this.#beater = beater;
    this.#epochs = epochs;
  }

  /** A peer shows an epoch-start with our signature. Ours, an old one, our lost past, or a clone's. */
  epochStartSeen(record: Verified<EpochStart>): Result<{ readonly forward: boolean }, Fault> {
    if (equalBytes(record.body.nonce, this.#epochs.nonce)) return ok({ forward: false });
    return this.#foreign(record.body.epoch);
  }

  /** A peer shows another record with our signature. */
  recordSeen(body: {
    readonly epoch: number;
    readonly seq: number;
  }): Result<{ readonly forward: boolean }, Fault> {
    const { own } = this.#core;
    if (body.epoch === own.epoch && body.seq <= own.seq) return ok({ forward: false });
    return this.#foreign(body.epoch);
  }

  /** Hands over to the new key: signed by the old one, in the ledger before anyone hears it. */
  renew(renewal: Renewal): void {
    const { own } = this.#core;
    own.succession = [...own.succession, renewal.successor].slice(-MAX_SUCCESSION);
    this.#handOver(renewal);
  }

  /** Tries a renewal again that could not be logged, once the ledger writes again. */
  tick(): void {
    const renewal = this.#waiting;
    if (renewal === undefined || this.#core.journal.failing) return;
    this.#waiting = undefined;
    this.#handOver(renewal);
  }

  #handOver(renewal: Renewal): void {
    const { own, crypto, domainId, journal, now, directory } = this.#core;
    const time = trustedNow(this.#core);
    // Nobody takes a key change that an expired or revoked certificate signs.
    const ended = time > own.credential.notAfter || directory.verdict(own.nodeId, time) === 'revoked';
    if (own.epoch === 0 || ended || own.keyChanges.length >= MAX_KEY_CHANGES_PER_EPOCH) {
      this.#switchTo(renewal);
      if (own.epoch > 0) this.#epochs.begin();
      return;
    }
    const seq = own.seq + 1;
    const place = { domainId, nodeId: own.nodeId, epoch: own.epoch, seq };
    const body: KeyChange = {
      certId: own.credential.certId,
      epoch: own.epoch,
      seq,
      tMs: now.wall,
      prev: own.prev,
      chain: renewal.chain,
      successor: renewal.successor,
      proof: proveKey(renewal.signer, place, crypto),
      ext: new Map(),
    };
    const record = signKeyChange(body, own.credential.signer, domainId, crypto);
    own.signed(record);
    const said = { type: 'key-change' as const, seq, ...record };
    journal.strict(
      { type: 'key-change', record: record.bytes },
      now.wall,
      () => {
        this.#switchTo(renewal);
        // On a slow disk heartbeats have gone out past it: nobody would take it any more.
        if ((own.heartbeat?.seq ?? 0) <= seq) {
          own.keyChanges = [...own.keyChanges, said];
          this.#gossip.markSeen(record.id);
          this.#gossip.push('key-change', record.bytes);
        }
        // Who comes later has this epoch begin with a key that it knows to be the last but one, or with a certificate
        // that has ended or whose issuing CA was revoked: it could never follow. The next begins with what counts.
        this.#epochs.begin();
      },
      () => {
        this.#waiting = renewal;
      },
    );
  }

  /** Says goodbye: durable, pushed to all, then `done`. */
  leave(reason: string, done: () => void): void {
    const { own, crypto, domainId, journal, now } = this.#core;
    this.#beater.stop();
    if (own.epoch === 0 || own.leave !== undefined) {
      done();
      return;
    }
    const body = {
      certId: own.credential.certId,
      epoch: own.epoch,
      seq: own.seq + 1,
      tMs: now.wall,
      prev: own.prev,
      reason,
      ext: new Map(),
    };
    const record = signLeave(body, own.credential.signer, domainId, crypto);
    own.signed(record);
    own.leave = record;
    journal.strict(
      { type: 'leave', record: record.bytes },
      now.wall,
      () => {
        this.#gossip.markSeen(record.id);
        this.#gossip.push('leave', record.bytes);
        done();
      },
      done,
    );
  }

  /** Our signature under words this process never said. */
  #foreign(epoch: number): Result<{ readonly forward: boolean }, Fault> {
    const { own, now, config, out } = this.#core;
    if (epoch < own.epoch) return ok({ forward: false });
    if (now.mono - own.bootedAt <= config.bootWindowMs) {
      this.#epochs.begin(epoch);
      return ok({ forward: false });
    }
    const clone = fault('LS_SELF_CLONE', `another process signs as ${own.name} in epoch ${epoch}`);
    this.#beater.stop();
    out.emit({ kind: 'stopped', fault: clone });
    return err(clone);
  }

  #switchTo({ peer, chain, signer }: Renewal): void {
    const { own, directory, out } = this.#core;
    const adopted = directory.adopt(peer, own.epoch, own.succession);
    if (!adopted.ok) out.report('error', adopted.error);
    own.credential = {
      signer,
      certId: peer.key.certId,
      chain,
      notBefore: peer.notBefore,
      notAfter: peer.notAfter,
    };
  }
}
