import { describe, expect, it } from 'vitest';
import { AskedInPaths, MAX_REMEMBERED_PATHS } from '../../../../src/api/ca/asked-in-paths.ts';
import { encodeOcspRequest } from '../../../../src/x509/index.ts';

const HASH = new Uint8Array(20).fill(7);

function asking(serials: readonly string[], nonce?: Uint8Array): Uint8Array {
  const certIds = serials.map((serialHex) => ({
    hash: 'SHA-1' as const,
    issuerNameHash: HASH,
    issuerKeyHash: HASH,
    serialHex,
  }));
  return encodeOcspRequest({ certIds, nonce });
}

const pathOf = (request: Uint8Array): string => `/ocsp/${Buffer.from(request).toString('base64')}`;
const serialOf = (at: number): string => `40${at.toString(16).padStart(6, '0')}`;

describe('requests in paths', () => {
  it('are parsed once, with or without percent-encoding', () => {
    const paths = new AskedInPaths();
    const first = paths.read(pathOf(asking(['4001'])));
    expect(first).toMatchObject({ certIds: [{ serialHex: '4001' }], nonce: undefined });
    expect(paths.read(pathOf(asking(['4001'])))).toBe(first);
    const encoded = `/ocsp/${encodeURIComponent(Buffer.from(asking(['4001'])).toString('base64'))}`;
    expect(paths.read(encoded)).toEqual(first);
  });

  it('are told apart', () => {
    const paths = new AskedInPaths();
    for (const serial of ['4001', '4002', '4001'])
      expect(paths.read(pathOf(asking([serial])))).toMatchObject({ certIds: [{ serialHex: serial }] });
  });

  it.each([
    ['with a nonce', pathOf(asking(['4001'], new Uint8Array(16).fill(1)))],
    ['that are long', pathOf(asking(['4001', '4002', '4003', '4004', '4005']))],
    ['that are no request', '/ocsp/AAAA'],
    ['that are no base64', '/ocsp/%ff%%%'],
  ])('%s are not remembered', (_, path) => {
    const paths = new AskedInPaths();
    paths.read(path);
    expect(paths.size).toBe(0);
  });

  it('are remembered up to the bound, the oldest forgotten first', () => {
    const paths = new AskedInPaths();
    const first = paths.read(pathOf(asking([serialOf(0)])));
    for (let at = 1; at < MAX_REMEMBERED_PATHS; at++) paths.read(pathOf(asking([serialOf(at)])));
    expect(paths.read(pathOf(asking([serialOf(0)])))).toBe(first);
    paths.read(pathOf(asking([serialOf(MAX_REMEMBERED_PATHS)])));
    expect(paths.size).toBe(MAX_REMEMBERED_PATHS);
    expect(paths.read(pathOf(asking([serialOf(0)])))).not.toBe(first);
  });
});
