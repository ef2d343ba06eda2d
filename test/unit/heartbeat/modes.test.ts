import { describe, expect, it } from 'vitest';
import type { CborValue } from '../../../src/codec/index.ts';
import {
  announcedModes,
  announcing,
  decodeEpochStart,
  decodeHeartbeat,
  epochStartFormat,
  EXT_MODES,
  HEARTBEAT_FLAGS,
  heartbeatFormat,
  MODE_FLAGS,
} from '../../../src/heartbeat/index.ts';
import { unsignedRecord } from '../../support/raw-cbor.ts';
import { sampleEpochStart, slimHeartbeat } from '../../support/record-samples.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const { unlogged, maintenance, draining } = HEARTBEAT_FLAGS;
const ALL_MODES = [0, maintenance, draining, maintenance | draining];

/** Made without the rules of the format, as a hostile member would. */
function beat(flags: number, ext: ReadonlyMap<number, CborValue>): Uint8Array {
  return unsignedRecord(heartbeatFormat.encodeBody({ ...slimHeartbeat, flags, ext }));
}

function start(ext: ReadonlyMap<number, CborValue>): Uint8Array {
  return unsignedRecord(epochStartFormat.encodeBody({ ...sampleEpochStart, ext }));
}

describe('modes', () => {
  it('are both flags but unlogged', () => {
    expect(MODE_FLAGS).toBe(maintenance | draining);
  });

  it.each(ALL_MODES)('%i is announced by a heartbeat with these flags, logged or not', (modes) => {
    for (const flags of [modes, modes | unlogged]) {
      const read = valueOf(decodeHeartbeat(beat(flags, announcing(modes))));
      expect(announcedModes(read.body)).toBe(modes);
    }
    expect(announcedModes(valueOf(decodeHeartbeat(beat(modes, new Map()))).body)).toBeUndefined();
  });

  it.each(ALL_MODES)('%i is announced by an epoch-start', (modes) => {
    expect(announcedModes(valueOf(decodeEpochStart(start(announcing(modes)))).body)).toBe(modes);
    expect(announcedModes(valueOf(decodeEpochStart(start(new Map()))).body)).toBeUndefined();
  });

  it.each(ALL_MODES)('are not announced as %i with other flags', (modes) => {
    for (const other of ALL_MODES.filter((each) => each !== modes)) {
      expect(codeOf(decodeHeartbeat(beat(other, announcing(modes))))).toBe('LS_RECORD_MALFORMED');
    }
  });

  it.each<[string, CborValue]>([
    ['the flag unlogged', 1],
    ['a mode and unlogged', 3],
    ['one above all modes', 7],
    ['one more than 32 bits', 2 ** 32 + 2],
    ['a negative number', -2],
    ['a text', 'maintenance'],
    ['a list', [2]],
    ['null', null],
    ['true', true],
  ])('are never %s', (_what, modes) => {
    const ext = new Map([[EXT_MODES, modes]]);
    expect(codeOf(decodeEpochStart(start(ext)))).toBe('LS_RECORD_MALFORMED');
    for (const flags of [0, 2]) expect(codeOf(decodeHeartbeat(beat(flags, ext)))).toBe('LS_RECORD_MALFORMED');
  });
});
