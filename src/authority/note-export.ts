import { err, fault, ok, parseSerialNumber, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { commit } from './context.ts';
import { certificateEvent, journal } from './journal.ts';
import { quote } from './names.ts';
import { actingTime } from './time.ts';
import type { AuthorityBase } from './standing.ts';

/** A row of the ledger that says whose key was put into a file. Error: LS_CA_UNKNOWN_SUBJECT. */
export async function noteExport(
  base: AuthorityBase,
  text: string,
  now: UnixMs,
): Promise<Result<{ readonly name: string }, Fault>> {
  return commit(base, async (tx) => {
    const serial = parseSerialNumber(text);
    const row = serial === undefined ? null : await tx.certificate(serial);
    if (row === null || row.der === null) {
      return err(fault('LS_CA_UNKNOWN_SUBJECT', `this CA issued no certificate ${quote(text)}`));
    }
    const { name, der } = row;
    await journal(tx, [certificateEvent('exported', [name, row.serial], der)], await actingTime(tx, now));
    return ok({ answer: { name } });
  });
}
