import { equalBytes, parseSerialNumber, unixMs } from '../../../src/std/index.ts';
import { decodeRelease, signRelease, verifyRelease, type Release } from '../../../src/trust/index.ts';
import {
  certIdOfCertificate,
  encodeOcspError,
  encodeOcspRequest,
  parseOcspRequest,
  parseOcspResponse,
  verifyOcspResponse,
} from '../../../src/x509/index.ts';
import { testCrypto } from '../crypto.ts';
import { answer, certIdOf, makeResponder } from '../ocsp.ts';
import { makeTestPki } from '../pki.ts';
import { must, sampleDomain } from '../record-samples.ts';
import { codeOf, valueOf } from '../result.ts';
import type { FuzzTarget } from './run.ts';

const pki = makeTestPki();
const responder = makeResponder(pki);
const alpha = pki.node('alpha');
const nonce = new Uint8Array(32).fill(7);
const revoked = { status: 'revoked', revokedAt: unixMs(pki.now), reason: 'keyCompromise' } as const;
const certIds = [certIdOf(pki, alpha.serial), certIdOf(pki, alpha.serial, 'SHA-256')] as const;

const requests = [
  encodeOcspRequest({ certIds: [certIds[0]], nonce: undefined }),
  encodeOcspRequest({ certIds, nonce }),
] as const;
const good = answer(pki, responder, { about: alpha.serial, nonce });
const bad = answer(pki, responder, { about: alpha.serial, certStatus: revoked, hash: 'SHA-256' });
const signed = [good, bad].map(responseData);

const release: Release = {
  certId: certIdOfCertificate(pki.issuing.certificate, testCrypto),
  tMs: unixMs(pki.now),
  serial: must(parseSerialNumber(alpha.certificate.serialHex)),
  heldAtMs: unixMs(Math.floor(pki.now / 1_000) * 1_000),
  holdNumber: 3,
  crlNumber: 4,
  ext: new Map(),
};
const released = signRelease(release, pki.issuing.key, sampleDomain);
const releasedPayload = valueOf(decodeRelease(released)).sign1.payload;

/** Requests and responses of OCSP, and the releases that CRLs carry. */
export const ocspTargets: readonly FuzzTarget[] = [
  { name: 'OCSP request', seeds: requests, decode: writtenAgain },
  {
    name: 'OCSP response',
    seeds: [good, bad, encodeOcspError('tryLater')],
    decode: (input) => codeOf(parseOcspResponse(input)),
  },
  { name: 'OCSP response verified', seeds: [good], decode: believed },
  { name: 'release record', seeds: [released], decode: believedRelease },
];

/** Of what a request says nothing is lost: the signature and the names in it, which nobody asks for, may be. */
function writtenAgain(input: Uint8Array): string | undefined {
  const request = parseOcspRequest(input);
  if (!request.ok) return request.error.code;
  const again = valueOf(parseOcspRequest(encodeOcspRequest(request.value)));
  if (JSON.stringify(again) !== JSON.stringify(request.value)) throw new Error('read as another request');
  return undefined;
}

function believed(input: Uint8Array): string | undefined {
  const { certificate } = alpha;
  const issuer = pki.issuing.certificate;
  const now = unixMs(pki.now);
  const verdict = verifyOcspResponse({
    response: input,
    certificate,
    issuer,
    nonce,
    crypto: testCrypto,
    now,
  });
  if (!verdict.ok) return verdict.error.code;
  const data = responseData(input);
  if (!signed.some((each) => equalBytes(each, data))) throw new Error('believed what nobody signed');
  return undefined;
}

function believedRelease(input: Uint8Array): string | undefined {
  const decoded = decodeRelease(input);
  if (!decoded.ok) return decoded.error.code;
  const verified = verifyRelease(decoded.value, pki.issuing.certificate, sampleDomain, testCrypto);
  if (verified.ok && !equalBytes(decoded.value.sign1.payload, releasedPayload))
    throw new Error('verified what nobody signed');
  return undefined;
}

function responseData(response: Uint8Array): Uint8Array {
  const parsed = valueOf(parseOcspResponse(response));
  if (parsed.status !== 'successful') throw new Error('no answer');
  return parsed.basic.tbs;
}
