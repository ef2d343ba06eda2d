import { announcing, HIGHEST_FORMAT_VERSION, signEpochStart, type EpochStart } from '../heartbeat/index.ts';
import { fault } from '../std/index.ts';
import type { Beater } from './beater.ts';
import type { Core } from './core.ts';
import type { Gossip } from './gossip.ts';
import { modeFlags } from './modes.ts';

/**
 * Starts epochs: the number is on disk before it is used, the signed epoch-start is in the ledger before it is
 * sent, and an epoch that cannot be stored ends the node.
 */
export class Epochs {
  readonly #core: Core;
  readonly #gossip: Gossip;
  readonly #beater: Beater;
  /** Names this process: two processes with one identity differ in it. 8 bytes. */
  readonly nonce: Uint8Array;
  #starting = false;
  /** Highest epoch that peers have shown of us. */
  #shown = 0;

  constructor(core: Core, gossip: Gossip, beater: Beater) {
    this.#core = core;
    this.#gossip = gossip;
    this.#beater = beater;
    this.nonce = core.random.bytes(8);
  }

  /** Begins an epoch above everything ever used and above `atLeast`. */
  begin(atLeast = 0): void {
    this.#shown = Math.max(this.#shown, atLeast);
    if (this.#starting || this.#core.own.silenced) return;
    this.#starting = true;
    this.#beater.stop();
    const epoch = Math.max(this.#core.keeper.epoch, this.#core.own.epoch, this.#shown) + 1;
    const stop = (detail: string): void => {
      const reason = fault('LS_MESH_EPOCH_NOT_DURABLE', `epoch ${epoch} could not be stored: ${detail}`);
      this.#core.out.emit({ kind: 'stopped', fault: reason });
    };
    this.#core.keeper.saveEpoch(
      epoch,
      () => {
        this.#append(epoch, stop);
      },
      (reason) => {
        stop(reason.detail);
      },
    );
  }

  #append(epoch: number, stop: (detail: string) => void): void {
    const { own, crypto, domainId, journal, now } = this.#core;
    const modes = modeFlags(own.modes);
    const body: EpochStart = {
      certId: own.credential.certId,
      epoch,
      tMs: now.wall,
      nonce: this.nonce,
      chain: own.credential.chain,
      logKey: own.logKey,
      maxVersion: HIGHEST_FORMAT_VERSION,
      addresses: own.addresses,
      succession: own.succession,
      ext: modes === 0 ? new Map() : announcing(modes),
    };
    const record = signEpochStart(body, own.credential.signer, domainId, crypto);
    journal.strict(
      { type: 'epoch-start', record: record.bytes },
      now.wall,
      () => {
        this.#starting = false;
        own.beginEpoch(epoch, record);
        this.#beater.announced(modes);
        if (this.#shown >= epoch) {
          this.begin();
          return;
        }
        this.#gossip.markSeen(record.id);
        this.#gossip.push('epoch-start', record.bytes);
        this.#beater.start();
      },
      (reason) => {
        stop(reason?.detail ?? 'the ledger accepts nothing');
      },
    );
  }
}
