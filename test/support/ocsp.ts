import { unixMs, type Signer, type UnixMs } from '../../src/std/index.ts';
import {
  keyPurposes,
  ocspCertId,
  ocspIssuerOf,
  ocspNoCheckExtension,
  publicKeyBits,
  signOcspResponse,
  type OcspCertStatus,
  type OcspHash,
  type SingleOcspResponse,
} from '../../src/x509/index.ts';
import { testCrypto } from './crypto.ts';
import type { CertificateOverrides, TestAuthority, TestPki } from './pki.ts';
import { valueOf } from './result.ts';

const HOUR_MS = 3_600_000;

/** A delegated OCSP signer as lifesign issues it, or with a fault. */
export function makeResponder(pki: TestPki, overrides: CertificateOverrides = {}): TestAuthority {
  return pki.node('responder', {
    subject: { commonName: `${pki.trustDomain} OCSP responder` },
    extendedKeyUsage: [keyPurposes.ocspSigning],
    subjectAltName: null,
    extra: [ocspNoCheckExtension()],
    ...overrides,
  });
}

export function certIdOf(pki: TestPki, serialHex: string, hash: OcspHash = 'SHA-1') {
  return ocspCertId(valueOf(ocspIssuerOf(pki.issuing.certificate, testCrypto)), hash, serialHex);
}

export interface TestAnswer {
  readonly about: string;
  readonly hash?: OcspHash;
  readonly certStatus?: OcspCertStatus;
  readonly producedAt?: UnixMs;
  readonly thisUpdate?: UnixMs;
  /** Null leaves it out. */
  readonly nextUpdate?: UnixMs | null;
  readonly nonce?: Uint8Array;
  readonly signedBy?: Signer;
  readonly certificates?: readonly Uint8Array[];
}

/** A response about the serial `about`, `good` for an hour from the PKI's moment, unless told otherwise. */
export function answer(pki: TestPki, responder: TestAuthority, fields: TestAnswer): Uint8Array {
  const { nextUpdate = unixMs(pki.now + HOUR_MS) } = fields;
  const single: SingleOcspResponse = {
    certId: certIdOf(pki, fields.about, fields.hash),
    certStatus: fields.certStatus ?? { status: 'good' },
    thisUpdate: fields.thisUpdate ?? pki.now,
    nextUpdate: nextUpdate ?? undefined,
  };
  return signOcspResponse(
    {
      responderKeyHash: testCrypto.sha1(valueOf(publicKeyBits(responder.certificate.spki))),
      producedAt: fields.producedAt ?? pki.now,
      responses: [single],
      nonce: fields.nonce,
      certificates: fields.certificates ?? [responder.der],
    },
    fields.signedBy ?? responder.key,
  );
}
