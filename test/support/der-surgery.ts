import { derElement } from '../../src/codec/index.ts';

/**
 * The DER with one element replaced; the lengths around it are made right again. `path` is the position of the
 * element by child index at each level (constructed elements only). `null` removes the element.
 *
 *   editDer(certificate, [0, 1], () => derUnsigned(1))   // tbsCertificate.serialNumber
 */
export function editDer(
  der: Uint8Array,
  path: readonly number[],
  edit: (element: Uint8Array) => Uint8Array | null,
): Uint8Array {
  const [index, ...rest] = path;
  if (index === undefined) return edit(der) ?? new Uint8Array();
  const children = childrenOf(der).map((child, at) => (at === index ? editDer(child, rest, edit) : child));
  return derElement(der[0] ?? 0, ...children);
}

/** The element at a path. */
export function elementAt(der: Uint8Array, path: readonly number[]): Uint8Array {
  return path.reduce((element, index) => childrenOf(element)[index] ?? new Uint8Array(), der);
}

/** The elements inside of a constructed element. */
export function childrenOf(der: Uint8Array): readonly Uint8Array[] {
  const children: Uint8Array[] = [];
  for (let at = headerLength(der, 0); at < der.length;) {
    const end = at + headerLength(der, at) + contentLength(der, at);
    children.push(der.subarray(at, end));
    at = end;
  }
  return children;
}

/** The content of an element. */
export function contentOf(der: Uint8Array): Uint8Array {
  return der.subarray(headerLength(der, 0));
}

function headerLength(der: Uint8Array, at: number): number {
  const first = der[at + 1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function contentLength(der: Uint8Array, at: number): number {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return first;
  let length = 0;
  for (let i = 0; i < (first & 0x7f); i++) length = length * 256 + (der[at + 2 + i] ?? 0);
  return length;
}
