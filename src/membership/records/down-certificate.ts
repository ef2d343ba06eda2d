import { err, fault, ok } from '../../std/index.ts';
import type { Fault, NodeId, Result } from '../../std/index.ts';
import { bytesShape, decodeCbor, encodeCbor, listShape, tupleShape, uintShape } from '../../codec/index.ts';
import { epochField, FORMAT_VERSION, nodeIdField, rosterNumberField } from '../../heartbeat/index.ts';
import {
  MAX_ACCUSATION_BYTES,
  MAX_DOWN_ACCUSATIONS,
  MAX_DOWN_CERTIFICATE_BYTES,
  MAX_DOWN_CERTIFICATE_ITEMS,
} from './bounds.ts';

/** H observers' accusations of one node's epoch: final for (subject, epoch) wherever it verifies. Not signed itself. */
export interface DownCertificate {
  readonly subject: NodeId;
  readonly epoch: number;
  readonly rosterNumber: number;
  /** Complete accusation records, untagged; 1 to 256. */
  readonly accusations: readonly Uint8Array[];
}

interface VersionedCertificate extends DownCertificate {
  readonly version: number;
}

const certificateShape = tupleShape<VersionedCertificate>({
  version: uintShape(FORMAT_VERSION, FORMAT_VERSION),
  subject: nodeIdField,
  epoch: epochField,
  rosterNumber: rosterNumberField,
  accusations: listShape(bytesShape(1, MAX_ACCUSATION_BYTES), 1, MAX_DOWN_ACCUSATIONS),
});

const LIMITS = {
  maxBytes: MAX_DOWN_CERTIFICATE_BYTES,
  maxDepth: 2,
  maxItems: MAX_DOWN_CERTIFICATE_ITEMS,
} as const;

export function encodeDownCertificate(certificate: DownCertificate): Uint8Array {
  return encodeCbor(certificateShape.encode({ version: FORMAT_VERSION, ...certificate }));
}

/** Strict, as for records. Errors: LS_DOWN_CERTIFICATE_TOO_LARGE, LS_DOWN_CERTIFICATE_MALFORMED. */
export function decodeDownCertificate(bytes: Uint8Array): Result<DownCertificate, Fault> {
  if (bytes.length > MAX_DOWN_CERTIFICATE_BYTES) {
    const detail = `${String(bytes.length)} bytes, at most ${String(MAX_DOWN_CERTIFICATE_BYTES)}`;
    return err(fault('LS_DOWN_CERTIFICATE_TOO_LARGE', detail));
  }
  const value = decodeCbor(bytes, LIMITS);
  if (!value.ok) return malformed(value.error);
  const decoded = certificateShape.decode(value.value, 'down-certificate');
  if (!decoded.ok) return malformed(decoded.error);
  const { subject, epoch, rosterNumber, accusations } = decoded.value;
  return ok({ subject, epoch, rosterNumber, accusations });
}

function malformed(cause: Fault): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_DOWN_CERTIFICATE_MALFORMED', cause.detail, cause));
}
