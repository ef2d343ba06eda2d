import {
  derContext,
  derElement,
  derMagnitude,
  derOid,
  derSequence,
  derTime,
  derUnsigned,
} from '../../../src/codec/index.ts';
import { fromHex, unixMs, type SignatureAlgorithm } from '../../../src/std/index.ts';
import type { TestKey } from '../crypto.ts';
import { authorityKeyId, extension } from './extensions.ts';
import { sealed, signatureAlgorithm } from './signed.ts';

const ENUMERATED = 0x0a;
const REASON_CODES = {
  unspecified: 0,
  keyCompromise: 1,
  superseded: 4,
  certificateHold: 6,
  removeFromCRL: 8,
} as const;

export interface RevokedSpec {
  readonly serialHex: string;
  readonly revokedAt: number;
  readonly reason?: keyof typeof REASON_CODES;
  readonly extensions?: readonly Uint8Array[];
}

/** Everything a CRL says. Nothing is checked. */
export interface CrlSpec {
  readonly issuer: Uint8Array;
  readonly signer: TestKey;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly revoked: readonly RevokedSpec[];
  /** Encoded extensions by any name; undefined leaves one out. */
  readonly extensions: Readonly<Record<string, Uint8Array | undefined>>;
  readonly claimedAlgorithm?: SignatureAlgorithm;
}

export function forgeCrl(spec: CrlSpec): Uint8Array {
  const claimed = spec.claimedAlgorithm ?? spec.signer.algorithm;
  const extensions = Object.values(spec.extensions).filter((each) => each !== undefined);
  const tbs = derSequence(
    derUnsigned(1),
    signatureAlgorithm(claimed),
    spec.issuer,
    derTime(unixMs(spec.thisUpdate)),
    ...(spec.nextUpdate === undefined ? [] : [derTime(unixMs(spec.nextUpdate))]),
    ...(spec.revoked.length === 0 ? [] : [derSequence(...spec.revoked.map(revokedEntry))]),
    ...(extensions.length === 0 ? [] : [derContext(0, derSequence(...extensions))]),
  );
  return sealed(tbs, spec.signer, claimed);
}

export const crlNumber = (number: number): Uint8Array => extension('2.5.29.20', false, derUnsigned(number));
export const deltaIndicator = (base: number): Uint8Array => extension('2.5.29.27', true, derUnsigned(base));
/** issuingDistributionPoint with one BOOLEAN field set, by its context number. */
export const partialScope = (field: 1 | 2 | 4 | 5): Uint8Array =>
  extension('2.5.29.28', true, derSequence(derElement(0x80 | field, Uint8Array.of(0xff))));
export const crlIssuerKeyId = (keyId: Uint8Array): Uint8Array => authorityKeyId(keyId);
export const unknownExtension = (critical: boolean): Uint8Array =>
  extension('1.3.6.1.4.1.99999.1', critical, Uint8Array.of(5, 0));

function revokedEntry({ serialHex, revokedAt, reason, extensions = [] }: RevokedSpec): Uint8Array {
  const all =
    reason === undefined
      ? extensions
      : [extension('2.5.29.21', false, derUnsigned(REASON_CODES[reason], ENUMERATED)), ...extensions];
  return derSequence(
    derMagnitude(fromHex(serialHex) ?? new Uint8Array()),
    derTime(unixMs(revokedAt)),
    ...(all.length === 0 ? [] : [derSequence(...all)]),
  );
}

/** An OID as DER, for extensions made by hand. */
export const oid = derOid;
