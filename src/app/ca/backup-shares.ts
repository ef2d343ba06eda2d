import {
  backupIdOf,
  combineShares,
  decodeShare,
  encodeShare,
  SHARED_SECRET_BYTES,
  splitSecret,
  unlockWith,
  type Sharing,
  type Unlock,
} from '../../io/backup/index.ts';
import { makePassphrase, type PassphrasePrompt } from '../../io/keys/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { equalBytes, fault, fromUtf8, LsError, toHex, utf8, type Fault } from '../../std/index.ts';

/** Where shares come from: given with the command, or typed one after the other. */
export interface ShareSources {
  readonly texts: readonly string[];
  readonly prompt?: PassphrasePrompt | undefined;
}

/** A secret for one backup that nobody has as a whole. */
export interface SharedSeal {
  readonly unlock: Unlock;
  /** To be shown once. Secret. */
  readonly shares: readonly string[];
  /** Opens what was sealed as those who hold shares will: with as many as are needed, the last ones. */
  readonly unlockAgain: Unlock;
}

/** Makes a secret for the backup that has this salt, and its shares. */
export function sealForShares(sharing: Sharing, salt: Uint8Array): SharedSeal {
  const secret = systemRandom.bytes(SHARED_SECRET_BYTES);
  const shares = splitSecret(secret, sharing, backupIdOf(salt), systemRandom).map(encodeShare);
  return {
    unlock: unlockWithSecret(secret),
    shares,
    unlockAgain: unlockWithShares(shares.slice(-sharing.threshold)),
  };
}

/** Throws LS_SHARE_* at once, and LS_SHARE_OTHER_BACKUP when it is used. */
export function unlockWithShares(texts: readonly string[]): Unlock {
  const combined = combineShares(texts);
  if (!combined.ok) throw new LsError(combined.error);
  const { backupId, secret } = combined.value;
  const unlock = unlockWithSecret(secret);
  return (parameters) => {
    if (equalBytes(backupId, backupIdOf(parameters.salt))) return unlock(parameters);
    throw new LsError(fault('LS_SHARE_OTHER_BACKUP', 'the shares are those of another backup'));
  };
}

/** The passphrase is the secret in hex, so that the file is one like any other. */
function unlockWithSecret(secret: Uint8Array): Unlock {
  return unlockWith(makePassphrase(utf8(toHex(secret)), 'shares'));
}

/** A slip of the hand is asked for again, this often. */
const MAX_TRIES = 5;

/** The shares given, and further ones that a person types until there are enough. Throws LS_SHARE_*. */
export async function gatherShares({ texts, prompt }: ShareSources): Promise<readonly string[]> {
  if (prompt === undefined) return texts;
  const gathered = [...texts];
  for (;;) {
    const combined = combineShares(gathered);
    if (combined.ok) return gathered;
    if (combined.error.code !== 'LS_SHARE_TOO_FEW') throw new LsError(combined.error);
    gathered.push(await askShare(prompt, gathered.length + 1));
  }
}

async function askShare(prompt: PassphrasePrompt, number: number): Promise<string> {
  let problem: Fault | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const again = problem === undefined ? '' : `It ${problem.detail}. `;
    const text = fromUtf8(await prompt.ask(`${again}Share ${number}: `)) ?? '';
    const share = decodeShare(text);
    if (share.ok) return text;
    problem = share.error;
  }
  throw new LsError(problem ?? fault('LS_SHARE_FORMAT', 'no share was typed'));
}
