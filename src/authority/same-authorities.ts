import { equalBytes } from '../std/index.ts';
import type { Authorities } from './facts.ts';

export function sameAuthorities(a: Authorities, b: Authorities): boolean {
  return (
    a.renewWithinMs === b.renewWithinMs &&
    equalBytes(a.active ?? new Uint8Array(), b.active ?? new Uint8Array()) &&
    sameCertificates(a.issuing, b.issuing) &&
    sameCertificates(a.roots, b.roots) &&
    sameCertificates(a.crossCertificates, b.crossCertificates)
  );
}

function sameCertificates(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((der, at) => equalBytes(der, b[at] ?? new Uint8Array()));
}
