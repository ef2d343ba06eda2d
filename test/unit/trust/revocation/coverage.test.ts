import { describe, expect, it } from 'vitest';
import { contextConstructed, derElement, derSequence } from '../../../../src/codec/index.ts';
import { withExtensions } from '../../../support/forge/certificate.ts';
import type { CrlSpec } from '../../../support/forge/crl.ts';
import {
  crlDistributionPoints,
  directory,
  extension,
  issuingDistributionPoint,
  uri,
} from '../../../support/forge/extensions.ts';
import { deltaSpec, issuingCrlSpec, issuingName, nodeSpec, rootCrlSpec } from '../../../support/forge/pki.ts';
import { forgeScenario, ourVerdict } from '../../../support/forge/scenario.ts';
import { holding, take } from '../../../support/forge/trust.ts';
import { codeOf } from '../../../support/result.ts';

const HERE = uri('http://ca.mesh.internal/issuing.crl');
const THERE = uri('http://ca.mesh.internal/other.crl');
const scoped = (crl: CrlSpec, scope: Uint8Array): CrlSpec => ({
  ...crl,
  extensions: { ...crl.extensions, scope },
});

function verdict(scope: Uint8Array, points: Uint8Array | undefined): string | undefined {
  return ourVerdict(
    forgeScenario({
      node: withExtensions(nodeSpec, { points }),
      crls: [scoped(issuingCrlSpec(1), scope), rootCrlSpec(1)],
    }),
  );
}

describe('a CRL that names its place', () => {
  it('covers a certificate that points there', () => {
    expect(verdict(issuingDistributionPoint(HERE), crlDistributionPoints(HERE))).toBeUndefined();
  });

  it('covers a certificate that shares one of several names with it', () => {
    const scope = issuingDistributionPoint(THERE, directory(issuingName));
    expect(verdict(scope, crlDistributionPoints(HERE, directory(issuingName)))).toBeUndefined();
  });

  it.each([
    ['points elsewhere', crlDistributionPoints(THERE)],
    ['points nowhere', undefined],
    ['points at a name of another form', crlDistributionPoints(directory(issuingName))],
  ])('does not cover a certificate that %s', (_name, points) => {
    expect(verdict(issuingDistributionPoint(HERE), points)).toBe('LS_TRUST_NO_REVOCATION');
  });

  it('covers nobody when the name is relative to its issuer', () => {
    const point = derElement(contextConstructed(0), derElement(contextConstructed(1), derSequence()));
    const scope = extension('2.5.29.28', true, derSequence(point));
    expect(verdict(scope, crlDistributionPoints(HERE))).toBe('LS_TRUST_NO_REVOCATION');
  });
});

describe('the scope of a delta CRL', () => {
  const held = holding(scoped(issuingCrlSpec(5), issuingDistributionPoint(HERE)));

  it('may name the place of its full CRL', () => {
    expect(codeOf(take(held, scoped(deltaSpec(6, 5, []), issuingDistributionPoint(HERE))))).toBeUndefined();
  });

  it.each([
    ['another place', scoped(deltaSpec(6, 5, []), issuingDistributionPoint(THERE))],
    ['one place more', scoped(deltaSpec(6, 5, []), issuingDistributionPoint(HERE, THERE))],
    ['no place', deltaSpec(6, 5, [])],
  ])('is refused with %s', (_name, delta) => {
    expect(codeOf(take(held, delta))).toBe('LS_CRL_SCOPE');
  });
});
