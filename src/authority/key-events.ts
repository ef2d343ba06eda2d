import { ok, toHex, type CryptoPort, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { commitStanding } from './context.ts';
import { certificateEvent, journal } from './journal.ts';
import { actingTime } from './time.ts';
import type { AuthorityBase } from './standing.ts';

const KEY_ID_BYTES = 16;

/** Something that was done to one of the CA's keys in one home. */
export interface KeyEvent {
  readonly word: 'key-destroyed' | 'key-reencrypted';
  /** As its file is called: `root`, `issuing`, `log`. */
  readonly name: string;
  /** See {@link keyIdOf}. */
  readonly keyId: string;
}

/** Names a key for good: the first 16 bytes of SHA-256 over its DER SubjectPublicKeyInfo, as 32 hex digits. */
export function keyIdOf(spki: Uint8Array, crypto: CryptoPort): string {
  return toHex(crypto.sha256(spki).subarray(0, KEY_ID_BYTES));
}

/** See Authority.recordKeys. Errors: LS_CA_READ_ONLY, LS_CA_STORE_*; what `act` throws is thrown. */
export async function recordKeys(
  base: AuthorityBase,
  events: readonly KeyEvent[],
  act: () => Promise<void>,
  now: UnixMs,
): Promise<Result<void, Fault>> {
  return commitStanding(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const { der } = context.issuing.certificate;
    await journal(
      tx,
      events.map(({ word, name, keyId }) => certificateEvent(word, [name, keyId], der)),
      at,
    );
    await act();
    return ok({ answer: undefined });
  });
}
