import { equalBytes, parseSerialNumber, type SerialNumber, type UnixMs } from '../../std/index.ts';
import type { Place } from '../report.ts';
import type { CaState } from './state.ts';

/** One certificate-event of the ledger, its word taken off. */
export interface Event {
  readonly place: Place;
  readonly at: UnixMs;
  readonly values: readonly string[];
  readonly der: Uint8Array;
}

const DECIMAL = /^[1-9][0-9]{0,5}$/;

/** The generation of a CA, and the serial of its certificate. */
export function numbersOf(
  state: CaState,
  event: Event,
): { readonly generation: number; readonly serial: SerialNumber } | undefined {
  const [number = '', text = ''] = event.values;
  const serial = parseSerialNumber(text);
  if (DECIMAL.test(number) && serial !== undefined) return { generation: Number(number), serial };
  const expected = 'a generation and a serial';
  state.findings.add('LS_AUDIT_CA_WORD', event.place, { node: 'CA', expected, found: `${number} ${text}` });
  return undefined;
}

/** Such an event carries the certificate of the issuing CA that is active. */
export function aboutNoCertificate(state: CaState, event: Event): void {
  if (equalBytes(event.der, state.active.certificate.der)) return;
  differs(state, event, "the issuing CA's certificate", 'another one');
}

export function outOfOrder(
  state: CaState,
  { place, values }: Event,
  expected: string,
  found: string | null,
): void {
  state.findings.add('LS_AUDIT_CA_ORDER', place, { node: values[0] ?? null, expected, found });
}

export function differs(state: CaState, { place, values }: Event, expected: string, found: string): void {
  state.findings.add('LS_AUDIT_CA_CERTIFICATE', place, { node: values[0] ?? null, expected, found });
}
