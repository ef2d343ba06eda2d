import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backupCa } from '../../../../src/app/ca/backup.ts';
import { gatherShares } from '../../../../src/app/ca/backup-shares.ts';
import { initCa } from '../../../../src/app/ca/init.ts';
import { drillBackup, restoreCa } from '../../../../src/app/ca/restore.ts';
import { fault, LsError, unixMs, utf8 } from '../../../../src/std/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const passphrase = { env: { LIFESIGN_PASSPHRASE: 'of the keys' } };
const nobody = { env: {} };
const now = () => unixMs(Date.now());
const sharing = { threshold: 2, count: 3 };

/** A terminal at which these answers are typed. */
function typing(...answers: readonly string[]) {
  const questions: string[] = [];
  const left = [...answers];
  const ask = (question: string): Promise<Uint8Array> => {
    questions.push(question);
    const next = left.shift();
    if (next === undefined) throw new LsError(fault('LS_KEY_NO_PASSPHRASE', 'nobody answers'));
    return Promise.resolve(utf8(next));
  };
  return { questions, prompt: { ask } };
}

/** Each try costs 600,000 rounds, by design. */
const LIMIT_MS = 60_000;

it('makes a backup that so many of its shares open, and no others', { timeout: LIMIT_MS }, async () => {
  const place = await tempDir();
  const home = join(place, 'ca');
  const file = join(place, 'shared.backup');
  await initCa({ home, urls: ['https://127.0.0.1:8440'], permitDns: [], passphrase, now });
  const made = await backupCa({ home, file, passphrase: nobody, sharing, now });
  const other = await backupCa({ home, file: join(place, 'other'), passphrase: nobody, sharing, now });
  const [a = '', b = '', c = ''] = made.shares;
  const [x = '', y = ''] = other.shares;
  expect(made.shares).toHaveLength(3);
  expect((await readFile(file)).includes(a)).toBe(false);

  const restore = (texts: readonly string[], to = 'restored') =>
    restoreCa({ file, home: join(place, to), passphrase: nobody, shares: { texts }, now });
  await expectCode('LS_SHARE_TOO_FEW', () => restore([a]));
  await expectCode('LS_SHARE_DUPLICATE', () => restore([a, a]));
  await expectCode('LS_SHARE_MIXED', () => restore([a, y]));
  await expectCode('LS_SHARE_OTHER_BACKUP', () => restore([x, y]));
  await expectCode('LS_SHARE_DAMAGED', () => restore([a, b.replace(/.$/, b.endsWith('a') ? 'b' : 'a')]));
  const guess = { env: { LIFESIGN_PASSPHRASE: a } };
  await expectCode('LS_BACKUP_PASSPHRASE', () =>
    restoreCa({ file, home: join(place, 'restored'), passphrase: guess, now }),
  );
  for (const pair of [
    [a, b],
    [c, a],
  ] as const)
    expect(await restore(pair, `by ${pair[0].slice(-5)}`)).toMatchObject({ crlNumber: made.crlNumber });

  // The keys in it are under their own passphrase.
  const shares = { texts: [b, c] };
  expect(await drillBackup({ file, passphrase, shares, now })).toMatchObject({ rootKey: true });
  await expectCode('LS_KEY_NO_PASSPHRASE', () => drillBackup({ file, passphrase: nobody, shares, now }));

  // One who has a share for another salt in the header gets no further.
  const bytes = await readFile(file);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await expectCode('LS_SHARE_OTHER_BACKUP', () => restore([a, b]));

  const typed = typing('no share', a, b);
  expect(await gatherShares({ texts: [], prompt: typed.prompt })).toEqual([a, b]);
  expect(typed.questions).toEqual(['Share 1: ', 'It does not begin with lss1. Share 1: ', 'Share 2: ']);
  expect(await gatherShares({ texts: [a, b], prompt: typing().prompt })).toEqual([a, b]);
  await expectCode('LS_SHARE_DUPLICATE', () => gatherShares({ texts: [a], prompt: typing(a).prompt }));
  const slips = typing(...Array.from({ length: 9 }, () => 'slip'));
  await expectCode('LS_SHARE_FORMAT', () => gatherShares({ texts: [a], prompt: slips.prompt }));
  expect(slips.questions).toHaveLength(5);
});
