import { derElement } from '../../../src/codec/index.ts';
import { concatBytes } from '../../../src/std/index.ts';
import { childrenOf, contentOf, editDer } from '../der-surgery.ts';

/** Random numbers that a seed repeats; good enough to choose what to spoil (xorshift32). */
export class SeededDice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 0 to `limit` - 1; 0 for an empty range. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return limit < 1 ? 0 : (this.#state >>> 0) % limit;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/** No mutant is longer than this, unless its origin was. */
export const MAX_MUTANT_BYTES = 64 * 1024;

/** Lengths, tags and first bytes at which decoders of DER, CBOR and frames change their mind. */
const TELLING = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1f, 0x20, 0x30, 0x31, 0x40, 0x58,
  0x59, 0x5a, 0x5b, 0x5f, 0x60, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x88, 0x98, 0x99, 0x9b, 0x9f, 0xa0, 0xa3,
  0xbf, 0xc0, 0xd2, 0xf4, 0xf6, 0xf7, 0xf9, 0xfb, 0xfe, 0xff,
] as const;

type Mutation = (bytes: Uint8Array, dice: SeededDice, other: Uint8Array) => Uint8Array;

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  (bytes, dice) => replaced(bytes, dice, dice.below(256)),
  (bytes, dice) => replaced(bytes, dice, dice.pick(TELLING)),
  (bytes, dice) => flippedBit(bytes, dice),
  (bytes, dice) => spliced(bytes, dice, dice.bytes(1 + dice.below(8)), 0),
  (bytes, dice) => spliced(bytes, dice, new Uint8Array(), 1 + dice.below(8)),
  (bytes, dice) => spliced(bytes, dice, dice.bytes(2 + dice.below(3)), 2 + dice.below(3)),
  (bytes, dice) => bytes.subarray(0, dice.below(bytes.length + 1)),
  (bytes, dice, other) => spliced(bytes, dice, rangeOf(other, dice), 0),
  (bytes, dice, other) => spliced(bytes, dice, rangeOf(other, dice), dice.below(64)),
  (bytes, dice) => spliced(bytes, dice, rangeOf(bytes, dice), 0),
  (bytes, dice) => nested(bytes, dice),
  (bytes, dice) => resizedElement(bytes, dice),
  (bytes, dice) => reshapedDer(bytes, dice),
  (bytes, dice) => reshapedDer(bytes, dice),
];

/** `bytes` with one to four things done to them; `other` is where foreign parts come from. */
export function mutant(bytes: Uint8Array, other: Uint8Array, dice: SeededDice): Uint8Array {
  let changed = bytes;
  for (let left = 1 + dice.below(4); left > 0; left--) changed = dice.pick(MUTATIONS)(changed, dice, other);
  return changed.length <= Math.max(MAX_MUTANT_BYTES, bytes.length) ? changed.slice() : bytes.slice();
}

function replaced(bytes: Uint8Array, dice: SeededDice, value: number): Uint8Array {
  const changed = bytes.slice();
  if (changed.length > 0) changed[dice.below(changed.length)] = value;
  return changed;
}

function flippedBit(bytes: Uint8Array, dice: SeededDice): Uint8Array {
  const at = dice.below(bytes.length);
  const changed = bytes.slice();
  if (changed.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << dice.below(8));
  return changed;
}

function spliced(bytes: Uint8Array, dice: SeededDice, insert: Uint8Array, remove: number): Uint8Array {
  const at = dice.below(bytes.length + 1);
  return concatBytes(bytes.subarray(0, at), insert, bytes.subarray(at + remove));
}

function rangeOf(bytes: Uint8Array, dice: SeededDice): Uint8Array {
  const at = dice.below(bytes.length);
  return bytes.subarray(at, at + 1 + dice.below(256));
}

/** Opens many constructed elements or arrays, one in the other. */
function nested(bytes: Uint8Array, dice: SeededDice): Uint8Array {
  const opening = dice.pick([
    Uint8Array.of(0x30, 0x80),
    Uint8Array.of(0x30, 0x82, 0x10, 0x00),
    Uint8Array.of(0x81),
    Uint8Array.of(0xa1, 0x01),
  ] as const);
  const openings = Array.from({ length: 1 + dice.below(2000) }, () => opening);
  return spliced(bytes, dice, concatBytes(...openings), 0);
}

/**
 * Adds or removes bytes behind a random length byte and corrects that one length, so that what is inside is reached
 * although nothing around it fits.
 */
function resizedElement(bytes: Uint8Array, dice: SeededDice): Uint8Array {
  const at = dice.below(bytes.length);
  const length = bytes[at] ?? 0;
  if (length > 0x77) return flippedBit(bytes, dice);
  const insert = dice.bytes(dice.below(8));
  const remove = Math.min(dice.below(8), length);
  const head = bytes.slice(0, at + 1);
  head[at] = length - remove + insert.length;
  return concatBytes(head, insert, bytes.subarray(at + 1 + remove));
}

const SEQUENCE = 0x30;
const CONSTRUCTED = 0x20;
const MAX_STEPS = 12;

/** One element of a DER tree removed, doubled, retagged or refilled, all lengths around it right again. */
function reshapedDer(bytes: Uint8Array, dice: SeededDice): Uint8Array {
  if (bytes[0] !== SEQUENCE) return replaced(bytes, dice, dice.below(256));
  const path: number[] = [];
  let element = bytes;
  while (path.length < MAX_STEPS && ((element[0] ?? 0) & CONSTRUCTED) !== 0 && dice.below(4) > 0) {
    const children = childrenOf(element);
    const index = dice.below(children.length);
    const child = children[index];
    if (child === undefined) break;
    path.push(index);
    element = child;
  }
  return editDer(bytes, path, (found) => reshaped(found, dice));
}

function reshaped(element: Uint8Array, dice: SeededDice): Uint8Array | null {
  const content = contentOf(element);
  switch (dice.below(5)) {
    case 0:
      return null;
    case 1:
      return concatBytes(element, element);
    case 2:
      return derElement(dice.pick(TELLING), content);
    case 3:
      return derElement(element[0] ?? 0, spliced(content, dice, dice.bytes(dice.below(40)), dice.below(40)));
    default:
      return derElement(element[0] ?? 0, replaced(content, dice, dice.pick(TELLING)));
  }
}
