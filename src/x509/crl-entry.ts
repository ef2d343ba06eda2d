import { toHex, type UnixMs } from '../std/index.ts';
import { derTag, type DerReader } from '../codec/index.ts';
import { MAX_SERIAL_BYTES } from './extension-values.ts';
import { readEach } from './extensions-read.ts';
import { oids } from './oids.ts';

/** Source: RFC 5280 §5.3.1, in the order of the codes 0 to 10 (7 is not used). */
export type CrlReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'
  | 'removeFromCRL'
  | 'privilegeWithdrawn'
  | 'aACompromise';

/** One revoked certificate of a CRL. Source: RFC 5280 §5.3. */
export interface CrlEntry {
  /** Content bytes of the serialNumber, lower-case hexadecimal: equals a SerialNumber for certificates of ours. */
  readonly serialHex: string;
  readonly revokedAt: UnixMs;
  /** `unspecified` when the extension is absent. */
  readonly reason: CrlReason;
  readonly invalidityDate: UnixMs | undefined;
}

/** An entry with what its own extensions say besides. */
export interface ReadEntry extends CrlEntry {
  /** OIDs of critical extensions that lifesign does not know; certificateIssuer (indirect CRLs) is one. */
  readonly unknownCritical: readonly string[];
}

const REASONS: readonly (CrlReason | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

/** Undefined for 7 and everything above 10. */
export function reasonOfCode(code: number): CrlReason | undefined {
  return REASONS[code];
}

export function codeOfReason(reason: CrlReason): number {
  return REASONS.indexOf(reason);
}

export function isCrlReason(text: string): text is CrlReason {
  return REASONS.some((reason) => reason === text);
}

/** Reads one member of revokedCertificates. Errors: LS_X509_CRL_ENTRY. Source: RFC 5280 §5.1.2.6 and §5.3. */
export function readCrlEntry(reader: DerReader): ReadEntry {
  return reader.sequence((body) => {
    const serialHex = toHex(body.integerBytes(MAX_SERIAL_BYTES));
    const revokedAt = body.time();
    const extensions = readEntryExtensions(body);
    return { serialHex, revokedAt, ...extensions };
  });
}

function readEntryExtensions(reader: DerReader): Omit<ReadEntry, 'serialHex' | 'revokedAt'> {
  let reason: CrlReason = 'unspecified';
  let invalidityDate: UnixMs | undefined;
  const unknownCritical: string[] = [];
  if (!reader.atEnd) {
    readEach(reader, (open) => {
      if (open.oid === oids.reasonCode) reason = open.parsed(readReason).value;
      else if (open.oid === oids.invalidityDate)
        invalidityDate = open.parsed((r) => r.generalizedTime()).value;
      else if (open.opaque().critical) unknownCritical.push(open.oid);
    });
  }
  return { reason, invalidityDate, unknownCritical };
}

function readReason(reader: DerReader): CrlReason {
  const code = reader.unsigned(255, derTag.enumerated);
  const reason = reasonOfCode(code);
  if (reason === undefined) throw reader.refusal('LS_X509_CRL_ENTRY', `reason code ${code}`);
  return reason;
}
