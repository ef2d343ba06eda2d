/** Longest content of an OBJECT IDENTIFIER that is read. */
const MAX_OID_BYTES = 64;
const DOTTED = /^[012](?:\.(?:0|[1-9][0-9]*)){1,32}$/;

/** Dotted text of the content bytes; undefined when they are not the shortest encoding. Source: X.690 §8.19. */
export function decodeOid(body: Uint8Array): string | undefined {
  if (body.length === 0 || body.length > MAX_OID_BYTES || (body[body.length - 1] ?? 0x80) >= 0x80)
    return undefined;
  const arcs: bigint[] = [];
  let arc = 0n;
  let fresh = true;
  for (const byte of body) {
    if (fresh && byte === 0x80) return undefined;
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (fresh) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [joint = 0n, ...rest] = arcs;
  const top = joint < 40n ? 0n : joint < 80n ? 1n : 2n;
  return [top, joint - top * 40n, ...rest].join('.');
}

/** Content bytes of a dotted OID. Throws RangeError for what is not one: OIDs to write are constants. */
export function encodeOid(dotted: string): Uint8Array {
  if (!DOTTED.test(dotted)) throw new RangeError(`not an object identifier: ${dotted}`);
  const [top = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  if (top < 2n && second >= 40n) throw new RangeError(`second arc too large: ${dotted}`);
  return Uint8Array.from([top * 40n + second, ...rest].flatMap(base128));
}

function base128(arc: bigint): number[] {
  const groups = [Number(arc & 0x7fn)];
  for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80);
  return groups;
}
