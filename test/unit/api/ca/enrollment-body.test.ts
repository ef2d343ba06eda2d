import { describe, expect, it } from 'vitest';
import { EnrollmentBodies } from '../../../../src/api/ca/enrollment-body.ts';
import { enrollmentJson } from '../../../../src/api/ca/wire.ts';
import type { Enrollment } from '../../../../src/authority/index.ts';
import { domainIdOf, nodeIdOf, parseNodeName, serialNumberOf, unixMs } from '../../../../src/std/index.ts';

const some = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a wrong constant');
  return value;
}

const shared = {
  trustDomain: 'mesh.internal',
  domainId: defined(domainIdOf(some(32, 1))),
  roots: [some(300, 2)],
  crossCertificates: [],
  issuing: [some(300, 8)],
  crls: [some(200, 3), some(100, 4)],
  roster: some(5_000, 5),
  seeds: [{ nodeId: defined(nodeIdOf(some(16, 9))), name: defined(parseNodeName('alpha')), address: 'a:1' }],
};

function enrollment(byte: number, among: Partial<Enrollment> = {}): Enrollment {
  return {
    ...shared,
    name: defined(parseNodeName(`node-${String(byte)}`)),
    nodeId: defined(nodeIdOf(some(16, byte))),
    serial: defined(serialNumberOf(some(16, 0x40 | byte))),
    notBefore: unixMs(1_700_000_000_000),
    notAfter: unixMs(1_700_000_600_000),
    chain: [some(400, byte), some(400, 1)],
    ...among,
  };
}

describe('the body of an enrollment should', () => {
  it.each([
    ['the first', [enrollment(1)]],
    ['one that shares all but its own', [enrollment(1), enrollment(2)]],
    ['a newer roster', [enrollment(1), enrollment(2, { roster: some(5_000, 6) })]],
    ['other seeds', [enrollment(1), enrollment(2, { seeds: [] })]],
    ['one CRL more', [enrollment(1), enrollment(2, { crls: [...shared.crls, some(50, 7)] })]],
    ['one CRL less', [enrollment(1), enrollment(2, { crls: shared.crls.slice(0, 1) })]],
    ['a cross certificate more', [enrollment(1), enrollment(2, { crossCertificates: [some(300, 9)] })]],
    ['a root more', [enrollment(1), enrollment(2, { roots: [...shared.roots, some(300, 8)] })]],
  ])('be the JSON of the enrollment: %s', (_, enrollments) => {
    const bodies = new EnrollmentBodies();
    for (const each of enrollments) {
      expect(bodies.bodyOf(each).toString()).toBe(JSON.stringify(enrollmentJson(each)));
    }
  });
});
