/** Longest content of an OBJECT IDENTIFIER that is read. */
const MAX_OID_BYTES = 64;
const DOTTED = /^[012](?:\.(?:0|[1-9][0-9]*)){1,32}$/;
/** Above this, one more group of seven bits leaves the safe integers. */
const MAX_SMALL_ARC = Number.MAX_SAFE_INTEGER / 128 - 1;

/** Dotted text of the content bytes; undefined when they are not the shortest encoding. Source: X.690 §8.19. */
export function decodeOid(body: Uint8Array): string | undefined {
  if (body.length === 0 || body.length > MAX_OID_BYTES || (body[body.length - 1] ?? 0x80) >= 0x80)
    return undefined;
  let text = '';
  let arc: number | bigint = 0;
  let fresh = true;
  for (const byte of body) {
    if (fresh && byte === 0x80) return undefined;
    arc = appendGroup(arc, byte & 0x7f);
    fresh = byte < 0x80;
    if (!fresh) continue;
    text += text === '' ? firstTwoArcs(arc) : `.${arc}`;
    arc = 0;
  }
  return text;
}

/** Content bytes of a dotted OID. Throws RangeError for what is not one: OIDs to write are constants. */
export function encodeOid(dotted: string): Uint8Array {
  if (!DOTTED.test(dotted)) throw new RangeError(`not an object identifier: ${dotted}`);
  const [top = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  if (top < 2n && second >= 40n) throw new RangeError(`second arc too large: ${dotted}`);
  return Uint8Array.from([top * 40n + second, ...rest].flatMap(base128));
}

/** Most arcs fit a number, and numbers are several times faster; a UUID as an arc needs a bigint. */
function appendGroup(arc: number | bigint, group: number): number | bigint {
  if (typeof arc === 'number' && arc < MAX_SMALL_ARC) return arc * 128 + group;
  return BigInt(arc) * 128n + BigInt(group);
}

/** Source: X.690 §8.19.4. */
function firstTwoArcs(joint: number | bigint): string {
  if (joint < 40) return `0.${joint}`;
  if (joint < 80) return `1.${Number(joint) - 40}`;
  return `2.${typeof joint === 'number' ? joint - 80 : joint - 80n}`;
}

function base128(arc: bigint): number[] {
  const groups = [Number(arc & 0x7fn)];
  for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80);
  return groups;
}
