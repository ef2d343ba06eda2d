import {
  certIdOf,
  concatBytes,
  equalBytes,
  err,
  fault,
  fromHex,
  LsError,
  ok,
  serialNumberOf,
  unixMs,
  utf8,
  type CertId,
  type CryptoPort,
  type DomainId,
  type Fault,
  type Result,
  type SerialNumber,
  type Signer,
  type UnixMs,
} from '../std/index.ts';
import {
  bytesShape,
  decodeCbor,
  decodeSign1,
  encodeCbor,
  encodeSign1,
  isCborArray,
  mappedShape,
  readMap,
  refuseField,
  sigStructure,
  tupleShape,
  uintShape,
  type CborMap,
  type Shape,
  type Sign1,
} from '../codec/index.ts';
import { certIdOfCertificate, MAX_RELEASE_BYTES, type Certificate } from '../x509/index.ts';

/** Names what the signature is about, so that no record of another type ever verifies as a release. */
export const RELEASE_CONTEXT = 'lifesign/v1/release';

const VERSION = 1;
const LIMITS = { maxBytes: MAX_RELEASE_BYTES, maxDepth: 4, maxItems: 64 };
const ID_BYTES = 16;
const MAX_COUNT = 2 ** 48;
const MAX_UNIX_MS = 253_402_300_799_999;
const MAX_EXT_ENTRIES = 16;
const MAX_EXT_KEY = 65_535;

/** An issuing CA's word that one hold of one certificate is over. A later hold of it needs a release of its own. */
export interface Release {
  /** Of the certificate of the CA that signs: the one that put it on hold. */
  readonly certId: CertId;
  /** When it was released. */
  readonly tMs: UnixMs;
  /** Of the certificate that was on hold. */
  readonly serial: SerialNumber;
  /** revocationDate of the hold; whole seconds, and no two holds of a certificate have the same. */
  readonly heldAtMs: UnixMs;
  /** The first CRL that listed the hold. */
  readonly holdNumber: number;
  /** The first CRL that no longer lists it; above holdNumber. */
  readonly crlNumber: number;
  readonly ext: CborMap;
}

/** A release as it was sent: nobody has checked yet who signed it. */
export interface UnverifiedRelease {
  readonly sign1: Sign1;
  readonly body: Release;
}

/**
 * Signs a release as COSE_Sign1. Requires: `signer` holds the key of certificate `body.certId`.
 * Throws LsError with the decoder's fault for a body that no reader would take (a bug).
 */
export function signRelease(body: Release, signer: Signer, domainId: DomainId): Uint8Array {
  const payload = encodeBody(body);
  const structure = sigStructure(signer.algorithm, externalAad(domainId), payload);
  const bytes = encodeSign1({ algorithm: signer.algorithm, payload, signature: signer.sign(structure) });
  const readBack = decodeRelease(bytes);
  if (!readBack.ok) throw new LsError(readBack.error);
  return bytes;
}

/** Parses hostile bytes, strictly. Errors: LS_RECORD_TOO_LARGE, LS_RECORD_VERSION, LS_RECORD_MALFORMED. */
export function decodeRelease(bytes: Uint8Array): Result<UnverifiedRelease, Fault> {
  if (bytes.length > MAX_RELEASE_BYTES) {
    return err(fault('LS_RECORD_TOO_LARGE', `release: ${bytes.length} bytes, at most ${MAX_RELEASE_BYTES}`));
  }
  const sign1 = decodeSign1(new Uint8Array(bytes), MAX_RELEASE_BYTES);
  if (!sign1.ok) return malformed(sign1.error.detail, sign1.error);
  const body = decodeBody(sign1.value.payload);
  return body.ok ? ok({ sign1: sign1.value, body: body.value }) : body;
}

/**
 * The body of a release that `issuer` signed in this domain.
 * Errors: LS_RECORD_WRONG_SIGNER, LS_RECORD_ALGORITHM, LS_RECORD_SIGNATURE.
 */
export function verifyRelease(
  { sign1, body }: UnverifiedRelease,
  issuer: Certificate,
  domainId: DomainId,
  crypto: CryptoPort,
): Result<Release, Fault> {
  const certId = certIdOfCertificate(issuer, crypto);
  if (body.certId !== certId) {
    const detail = `release: names certificate ${body.certId}, the CRL is by ${certId}`;
    return err(fault('LS_RECORD_WRONG_SIGNER', detail));
  }
  const { algorithm, payload, signature } = sign1;
  if (algorithm !== issuer.keyAlgorithm) {
    return err(fault('LS_RECORD_ALGORITHM', `release: signed with ${algorithm}, not as its issuer does`));
  }
  const structure = sigStructure(algorithm, externalAad(domainId), payload);
  return crypto.verify(algorithm, issuer.spki, structure, signature)
    ? ok(body)
    : err(fault('LS_RECORD_SIGNATURE', 'release: the signature is not of this key, type and domain'));
}

const idShape = <T extends string>(parse: (bytes: Uint8Array) => T | undefined, what: string): Shape<T> =>
  mappedShape(bytesShape(ID_BYTES), parse, (id) => bytesOfId(id), what);

const timeShape: Shape<UnixMs> = mappedShape(uintShape(MAX_UNIX_MS), unixMs, (t) => t, 'a time in ms');

/** Positive keys belong to later versions and are kept; any other refuses the record. */
const extShape: Shape<CborMap> = {
  encode: (value) => value,
  decode: (value, field) => {
    const map = readMap(value, MAX_EXT_ENTRIES, field);
    if (!map.ok) return map;
    const unknown = [...map.value.keys()].find((key) => key < 1 || key > MAX_EXT_KEY);
    return unknown === undefined ? map : refuseField(field, `key ${unknown} is not understood`);
  },
};

const shape = tupleShape<Release>({
  certId: idShape(certIdOf, 'a certId'),
  tMs: timeShape,
  serial: idShape(serialNumberOf, 'a serial number'),
  heldAtMs: timeShape,
  holdNumber: uintShape(MAX_COUNT, 1),
  crlNumber: uintShape(MAX_COUNT, 1),
  ext: extShape,
});

function encodeBody(body: Release): Uint8Array {
  const fields = shape.encode(body);
  return encodeCbor([VERSION, ...(isCborArray(fields) ? fields : [])]);
}

function decodeBody(payload: Uint8Array): Result<Release, Fault> {
  const value = decodeCbor(payload, LIMITS);
  if (!value.ok) return malformed(value.error.detail, value.error);
  if (!isCborArray(value.value)) return malformed('not an array');
  const [version, ...fields] = value.value;
  if (version !== VERSION) {
    return err(fault('LS_RECORD_VERSION', `release: not of version ${VERSION}, which this program reads`));
  }
  const body = shape.decode(fields, 'release');
  if (!body.ok) return malformed(body.error.detail, body.error);
  const { heldAtMs, holdNumber, crlNumber } = body.value;
  if (heldAtMs % 1_000 !== 0) return malformed('heldAtMs is not in whole seconds');
  if (crlNumber <= holdNumber) return malformed(`CRL ${crlNumber} does not follow CRL ${holdNumber}`);
  if (!equalBytes(encodeBody(body.value), payload))
    return malformed('does not encode to the same bytes again');
  return body;
}

function malformed(detail: string, cause?: Fault): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_RECORD_MALFORMED', `release: ${detail}`, cause));
}

function externalAad(domainId: DomainId): Uint8Array {
  return concatBytes(utf8(RELEASE_CONTEXT), domainId);
}

function bytesOfId(id: string): Uint8Array {
  const bytes = fromHex(id);
  if (bytes === undefined) throw new RangeError('an id is not lower-case hexadecimal');
  return bytes;
}
