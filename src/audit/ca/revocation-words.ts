import { equalBytes, parseSerialNumber, unixMs } from '../../std/index.ts';
import { aboutNoCertificate, differs, outOfOrder, type Event } from './event.ts';
import { issuerWith } from './issuers.ts';
import { forget, keep, type CaState, type IssuedByCa } from './state.ts';

/** Milliseconds since 1970, or a count. */
export const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/** A certificate counts no more. */
export function revoked(state: CaState, event: Event): void {
  const [name = '', text = '', reason = ''] = event.values;
  const serial = parseSerialNumber(text);
  if (serial === undefined) {
    state.findings.add('LS_AUDIT_CA_WORD', event.place, { node: name, expected: 'a serial', found: text });
    return;
  }
  const known = state.certificates.get(serial);
  // A certificate that was decided on, never signed, and revoked before it could be.
  if (known === undefined) aboutAnIssuer(state, event);
  else if (known.name !== name || !equalBytes(known.sha256, state.crypto.sha256(event.der)))
    differs(state, event, `certificate ${serial} of ${known.name}, as issued`, `another of ${name}`);
  const before = state.revocations.get(serial);
  if (before !== undefined && (before.reason !== HOLD || reason === HOLD)) {
    outOfOrder(state, event, 'each certificate revoked once', `${serial} again`);
    return;
  }
  if (before !== undefined) forget(state, before);
  const { place, at } = event;
  const generation = generationOf(state, event, known);
  const entry = { place, name, serial, reason, revokedAt: at, generation, ...UNLISTED };
  keep(state.revocations, serial, entry);
  state.pending.push(entry);
}

const HOLD = 'certificateHold';
const UNLISTED = { crlNumber: undefined, inStore: false };

/** Of a certificate that the ledger does not have, the event carries that of the CA whose CRL lists it. */
function aboutAnIssuer(state: CaState, event: Event): void {
  if (issuerWith(state, event.der) === undefined) aboutNoCertificate(state, event);
}

function generationOf(state: CaState, { der }: Event, known: IssuedByCa | undefined): number {
  return (known ?? issuerWith(state, der) ?? state.active).generation;
}

export function held(state: CaState, event: Event): void {
  const [, , reason = ''] = event.values;
  if (reason === HOLD) revoked(state, event);
  else outOfOrder(state, event, HOLD, reason);
}

export function released(state: CaState, event: Event): void {
  const [name = '', text = ''] = event.values;
  const serial = parseSerialNumber(text);
  const hold = serial === undefined ? undefined : state.revocations.get(serial);
  if (hold?.reason !== HOLD || hold.name !== name) {
    outOfOrder(state, event, `certificate ${text} of ${name} on hold`, hold?.reason ?? 'not listed');
    return;
  }
  forget(state, hold);
  state.releasedSinceFull.set(hold.serial, hold.generation);
}

/** A revocation that a restored CA took over from a CRL which the lost one had signed, with its date then. */
export function revokedElsewhere(state: CaState, event: Event): void {
  const [name = '', text = '', reason = '', date = ''] = event.values;
  const serial = parseSerialNumber(text);
  if (serial === undefined || !DECIMAL.test(date)) {
    const expected = 'a serial, a reason and a date';
    state.findings.add('LS_AUDIT_CA_WORD', event.place, { node: name, expected, found: `${text} ${date}` });
    return;
  }
  const known = state.certificates.get(serial);
  if (known === undefined) aboutAnIssuer(state, event);
  else if (known.name !== name || !equalBytes(known.sha256, state.crypto.sha256(event.der)))
    differs(state, event, `certificate ${serial} of ${known.name}, as issued`, `another of ${name}`);
  const revokedAt = unixMs(Number(date));
  const before = state.revocations.get(serial);
  if (before !== undefined) {
    const endsHold = before.reason === HOLD && reason !== HOLD;
    if (!endsHold && before.revokedAt <= revokedAt)
      outOfOrder(state, event, 'more than was known', `${serial} again`);
    forget(state, before);
  }
  const { place } = event;
  const generation = generationOf(state, event, known);
  const entry = { place, name, serial, reason, revokedAt, generation, ...UNLISTED };
  keep(state.revocations, serial, entry);
  state.pending.push(entry);
}
