import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Fault, Result } from '../../src/std/index.ts';
import { parseCertificate, parseCrl } from '../../src/x509/index.ts';

/** NIST PKITS 1.0.1, beside the checkout (see its README). A missing folder fails the test, it is not skipped. */
const PKITS = new URL('../../../shared/conformance/pkits/', import.meta.url);

function refusals(
  folder: string,
  parse: (der: Uint8Array) => Result<unknown, Fault>,
): Record<string, string> {
  const files = readdirSync(new URL(folder, PKITS));
  expect(files.length).toBeGreaterThan(100);
  const refused = files.flatMap((file) => {
    const parsed = parse(readFileSync(new URL(`${folder}${file}`, PKITS)));
    return parsed.ok ? [] : [[file, parsed.error.code] as const];
  });
  return Object.fromEntries(refused);
}

/**
 * What the strict parsers refuse of PKITS, and why. Of these only ValidGeneralizedTimenotBeforeDateTest4EE is
 * meant to be valid: RFC 5280 §4.1.2.5 has CAs write UTCTime through 2049, and lifesign reads no second form.
 * The signatures of the "bad" ones were damaged, which here makes them malformed.
 */
describe('PKITS', () => {
  it('certificates are read, but for four', () => {
    expect(refusals('certs/', parseCertificate)).toEqual({
      'BadSignedCACert.crt': 'LS_DER_BIT_STRING',
      'InvalidDSASignatureTest6EE.crt': 'LS_DER_BIT_STRING',
      'Invalidpre2000UTCEEnotAfterDateTest7EE.crt': 'LS_DER_TIME',
      'ValidGeneralizedTimenotBeforeDateTest4EE.crt': 'LS_DER_TIME',
    });
  });

  it('CRLs are read, but for one', () => {
    expect(refusals('crls/', parseCrl)).toEqual({ 'BadCRLSignatureCACRL.crl': 'LS_DER_BIT_STRING' });
  });
});
