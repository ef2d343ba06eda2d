import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Effect, PersistentState, Pin } from '../../../src/mesh/index.ts';
import { Keeper, SAVE_RETRY_MS } from '../../../src/mesh/keeper.ts';
import { Outbox } from '../../../src/mesh/outbox.ts';
import { fault, monoMs, unixMs } from '../../../src/std/index.ts';
import { certIdNamed, nodeIdNamed } from '../../support/record-samples.ts';

type Save = Extract<Effect, { readonly kind: 'save' }>;

const start: PersistentState = { epoch: 7, trustedTimeMs: unixMs(1_000), pins: [] };
const full = fault('LS_DISK_FULL', 'test');

let out: Outbox;
let keeper: Keeper;

beforeEach(() => {
  out = new Outbox();
  keeper = new Keeper(out, start);
});

const pinOf = (label: string, epoch: number): Pin => ({
  nodeId: nodeIdNamed(label),
  certId: certIdNamed(label),
  algorithm: 'ES256',
  spki: Uint8Array.of(1),
  epoch,
});

function saves(): readonly Save[] {
  return out.drain().filter((effect): effect is Save => effect.kind === 'save');
}

describe('Keeper', () => {
  it('saves an epoch before it continues, and never a lower one than it had', () => {
    const saved = vi.fn();
    keeper.saveEpoch(3, saved, vi.fn());
    const [save] = saves();
    expect(save?.state.epoch).toBe(7);
    expect(saved).not.toHaveBeenCalled();
    if (save !== undefined) keeper.answer({ kind: 'saved', token: save.token });
    expect(saved).toHaveBeenCalledTimes(1);
    keeper.saveEpoch(8, saved, vi.fn());
    expect(saves()[0]?.state.epoch).toBe(8);
  });

  it('says why an epoch could not be saved, and still never uses a lower one', () => {
    const failed = vi.fn();
    keeper.saveEpoch(8, vi.fn(), failed);
    const [save] = saves();
    if (save !== undefined) keeper.answer({ kind: 'save-failed', token: save.token, fault: full });
    expect(failed).toHaveBeenCalledExactlyOnceWith(full);
    expect(keeper.epoch).toBe(8);
  });

  it('turns no time back', () => {
    keeper.advanceTime(unixMs(500));
    expect(keeper.trustedTime).toBe(1_000);
    keeper.flush(monoMs(0));
    expect(saves()).toEqual([]);
    keeper.advanceTime(unixMs(2_000));
    expect(keeper.trustedTime).toBe(2_000);
    keeper.flush(monoMs(0));
    expect(saves()[0]?.state.trustedTimeMs).toBe(2_000);
  });

  it('writes what changed once, with the newest pin of every node', () => {
    keeper.setPin(pinOf('a', 1));
    keeper.setPin(pinOf('a', 2));
    keeper.setPin(pinOf('b', 1));
    keeper.flush(monoMs(0));
    keeper.flush(monoMs(0));
    const [save, ...others] = saves();
    expect(others).toEqual([]);
    expect(save?.state.pins.map(({ epoch }) => epoch)).toEqual([2, 1]);
    expect(keeper.pin(nodeIdNamed('a'))?.epoch).toBe(2);
    expect(keeper.pin(nodeIdNamed('z'))).toBeUndefined();
  });

  it('tries a failed save again, after a pause and not in a loop', () => {
    keeper.setPin(pinOf('a', 1));
    keeper.flush(monoMs(0));
    const [save] = saves();
    if (save !== undefined) keeper.answer({ kind: 'save-failed', token: save.token, fault: full });
    expect(out.drain()).toMatchObject([{ kind: 'report', level: 'warn', fault: full }]);
    keeper.flush(monoMs(SAVE_RETRY_MS - 1));
    expect(saves()).toEqual([]);
    keeper.flush(monoMs(SAVE_RETRY_MS));
    expect(saves()).toHaveLength(1);
  });

  it('ignores answers to what it never asked', () => {
    keeper.answer({ kind: 'saved', token: 99 as Save['token'] });
    keeper.answer({ kind: 'save-failed', token: 99 as Save['token'], fault: full });
    keeper.flush(monoMs(0));
    expect(out.drain()).toEqual([]);
  });
});
