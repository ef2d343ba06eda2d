import { concatBytes, utf8 } from '../std/index.ts';
import type { DomainId } from '../std/index.ts';

export type RecordType =
  | 'heartbeat'
  | 'epoch-start'
  | 'key-change'
  | 'accusation'
  | 'leave'
  | 'roster'
  | 'successor'
  | 'log-key'
  | 'edge-verdicts';

/** The number of each record type in frames, ledgers and embedded records. */
export const RECORD_TYPE_CODES = {
  heartbeat: 0,
  'epoch-start': 1,
  'key-change': 2,
  accusation: 3,
  leave: 4,
  roster: 5,
  successor: 6,
  'log-key': 7,
  'edge-verdicts': 8,
} as const satisfies Record<RecordType, number>;

export const RECORD_TYPES = Object.keys(RECORD_TYPE_CODES) as readonly RecordType[];

const typeOfCode = new Map<number, RecordType>(RECORD_TYPES.map((type) => [RECORD_TYPE_CODES[type], type]));

export function recordTypeCode(type: RecordType): number {
  return RECORD_TYPE_CODES[type];
}

export function recordTypeOfCode(code: number): RecordType | undefined {
  return typeOfCode.get(code);
}

/** Names what a signature is about, so that a record of one type never verifies as another. */
export function recordContext(type: RecordType): string {
  return `lifesign/v1/${type}`;
}

/** The external_aad of a record: context string, then the 32 bytes of the domain id. */
export function externalAad(type: RecordType, domainId: DomainId): Uint8Array {
  return concatBytes(utf8(recordContext(type)), domainId);
}
