import { describe, expect, it } from 'vitest';
import {
  formatCheckpoint,
  logKeyOfSpki,
  logOrigin,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  signNote,
} from '../../../src/ledger/index.ts';
import { nodeIdOf } from '../../../src/std/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';

/** The example in C2SP tlog-checkpoint. */
const EXAMPLE = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

const signer = testKey('Ed25519');
const publicKey = logKeyOfSpki(signer.spki) ?? new Uint8Array(0);
const root = new Uint8Array(32).fill(7);
const nodeId = nodeIdOf(new Uint8Array(16).fill(1));
const origin = nodeId === undefined ? '' : logOrigin('mesh.internal', nodeId);

describe('a checkpoint', () => {
  it('has the text form of C2SP', () => {
    const example = valueOf(parseCheckpoint(EXAMPLE));
    expect(example.size).toBe(20_852_163);
    expect(formatCheckpoint(example)).toBe(EXAMPLE);
  });

  it('names a node log by trust domain and node id', () => {
    expect(origin).toBe('lifesign/mesh.internal/01010101010101010101010101010101');
  });

  it('opens with the key of its log', () => {
    const note = signCheckpoint({ origin, size: 5, root }, signer, testCrypto);
    expect(valueOf(openCheckpoint(note, origin, publicKey, testCrypto))).toEqual({ origin, size: 5, root });
  });

  it('does not open with another key', () => {
    const note = signCheckpoint({ origin, size: 5, root }, testKey('Ed25519'), testCrypto);
    expect(codeOf(openCheckpoint(note, origin, publicKey, testCrypto))).toBe('LS_LEDGER_NOTE_KEY');
  });

  it('does not open as the checkpoint of another log', () => {
    const note = signCheckpoint({ origin: 'other', size: 5, root }, signer, testCrypto);
    expect(codeOf(openCheckpoint(note, origin, publicKey, testCrypto))).toBe('LS_LEDGER_NOTE_KEY');
  });

  it('does not open when the note is signed under our name and speaks of another log', () => {
    const text = formatCheckpoint({ origin: 'other', size: 5, root });
    const note = signNote(text, origin, signer, testCrypto);
    expect(codeOf(openCheckpoint(note, origin, publicKey, testCrypto))).toBe('LS_LEDGER_CHECKPOINT');
  });

  it('may have extension lines', () => {
    expect(parseCheckpoint(`${EXAMPLE}more\nand more\n`).ok).toBe(true);
  });

  it.each([
    ['no origin', EXAMPLE.slice(EXAMPLE.indexOf('\n'))],
    ['two lines only', 'a\n1\n'],
    ['no final newline', EXAMPLE.slice(0, -1)],
    ['an empty extension line', `${EXAMPLE}\n`],
    ['a leading zero', EXAMPLE.replace('20852163', '020852163')],
    ['a sign', EXAMPLE.replace('20852163', '+20852163')],
    ['a negative size', EXAMPLE.replace('20852163', '-1')],
    ['a hexadecimal size', EXAMPLE.replace('20852163', '0x10')],
    ['no size', EXAMPLE.replace('20852163', ' ')],
    ['a size beyond 2^53', EXAMPLE.replace('20852163', '9007199254740993')],
    ['a short root', EXAMPLE.replace('q2I=', '')],
    ['a root that is not base64', EXAMPLE.replace('CsUY', '****')],
  ])('is refused with %s', (_, text) => {
    expect(codeOf(parseCheckpoint(text))).toBe('LS_LEDGER_CHECKPOINT');
  });
});
