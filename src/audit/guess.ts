import { decodeCbor, isCborArray, type CborValue } from '../codec/index.ts';
import { certIdOf } from '../std/index.ts';
import { decodeEntry, MAX_ENTRY_RECORD_BYTES, peekEntryType, type LedgerEntryType } from '../ledger/index.ts';
import type { Evidence } from './evidence.ts';
import type { HomeState } from './home-state.ts';
import type { FindingDetails } from './report.ts';

/** Whose record something unreadable was. */
export type RecordGuess = Required<Pick<FindingDetails, 'node' | 'epoch' | 'seq'>>;

const LIMITS = { maxBytes: MAX_ENTRY_RECORD_BYTES, maxDepth: 4, maxItems: 256 };
/** Position of certId, epoch and seq in the payloads of heartbeats, key-changes and leaves; an epoch-start has no seq. */
const NUMBERED: ReadonlySet<LedgerEntryType> = new Set([
  'heartbeat-sent',
  'heartbeat-received',
  'key-change',
  'leave',
]);

/**
 * Whose record the broken bytes of a frame may have been. It is for the person who reads the report: nothing depends
 * on it, and nothing in it is verified.
 */
export function guessRecord(remains: Uint8Array, home: HomeState, evidence: Evidence): RecordGuess {
  const type = peekEntryType(remains);
  const read = type === undefined ? undefined : readNumbers(remains, type, evidence);
  if (read !== undefined) return read;
  if (type === 'heartbeat-sent') return { node: home.ownerName, ...home.own.expected };
  return { node: home.ownerName, epoch: null, seq: null };
}

/** The fields of a record whose signature or frame may be wrong, as long as it is still CBOR. */
function readNumbers(
  remains: Uint8Array,
  type: LedgerEntryType,
  { certificates }: Evidence,
): RecordGuess | undefined {
  const decoded = decodeEntry(remains);
  if (!decoded.ok || !('record' in decoded.value.entry)) return undefined;
  const sign1 = arrayIn(decoded.value.entry.record);
  const payload = sign1?.[2];
  const fields = payload instanceof Uint8Array ? arrayIn(payload) : undefined;
  const [, certIdBytes, epoch, seq] = fields ?? [];
  const certId = certIdBytes instanceof Uint8Array ? certIdOf(certIdBytes) : undefined;
  const node = certId === undefined ? undefined : certificates.node(certId)?.name;
  if (node === undefined || typeof epoch !== 'number') return undefined;
  if (type === 'epoch-start') return { node, epoch, seq: 0 };
  return NUMBERED.has(type) && typeof seq === 'number' ? { node, epoch, seq } : undefined;
}

function arrayIn(bytes: Uint8Array): readonly CborValue[] | undefined {
  const value = decodeCbor(bytes, LIMITS);
  return value.ok && isCborArray(value.value) ? value.value : undefined;
}
