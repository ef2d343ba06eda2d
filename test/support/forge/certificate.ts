import { derContext, derMagnitude, derSequence, derTime, derUnsigned } from '../../../src/codec/index.ts';
import { unixMs, type SignatureAlgorithm } from '../../../src/std/index.ts';
import type { TestKey } from '../crypto.ts';
import { sealed, signatureAlgorithm } from './signed.ts';

/** Everything a certificate says. Nothing is checked: tests take a good one and spoil a part of it. */
export interface CertificateSpec {
  /** 1 to 3. */
  readonly version: number;
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key: TestKey;
  readonly signer: TestKey;
  /** Encoded extensions by any name; undefined leaves one out. */
  readonly extensions: Readonly<Record<string, Uint8Array | undefined>>;
  /** What the certificate says it was signed with; by default what it was. */
  readonly claimedAlgorithm?: SignatureAlgorithm;
}

export function forgeCertificate(spec: CertificateSpec): Uint8Array {
  const claimed = spec.claimedAlgorithm ?? spec.signer.algorithm;
  const extensions = Object.values(spec.extensions).filter((extension) => extension !== undefined);
  const tbs = derSequence(
    ...(spec.version === 1 ? [] : [derContext(0, derUnsigned(spec.version - 1))]),
    derMagnitude(spec.serial),
    signatureAlgorithm(claimed),
    spec.issuer,
    derSequence(derTime(unixMs(spec.notBefore)), derTime(unixMs(spec.notAfter))),
    spec.subject,
    spec.key.spki,
    ...(extensions.length === 0 ? [] : [derContext(3, derSequence(...extensions))]),
  );
  return sealed(tbs, spec.signer, claimed);
}

/** `spec` with some extensions replaced, added, or (undefined) left out. */
export function withExtensions(
  spec: CertificateSpec,
  extensions: CertificateSpec['extensions'],
): CertificateSpec {
  return { ...spec, extensions: { ...spec.extensions, ...extensions } };
}
