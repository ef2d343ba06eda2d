import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrivateKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { generateKey } from '../../../../src/io/crypto/index.ts';
import { makePassphrase, readKeyFile, writeKeyFile } from '../../../../src/io/keys/index.ts';
import { utf8 } from '../../../../src/std/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { tempDir } from '../../../support/temp-dir.ts';

it('reads what was written, and what openssl encrypted in its own way, and refuses the rest', async () => {
  const path = join(await tempDir(), 'key.pem');
  const right = makePassphrase(utf8('right'), 'the test');
  const wrong = makePassphrase(utf8('wrong'), 'the test');
  const { signer, pkcs8 } = generateKey('Ed25519');
  await writeKeyFile(path, pkcs8, right);
  const read = await readKeyFile(path, right);
  expect(read.encrypted).toBe(true);
  expect(read.signer.spki).toEqual(signer.spki);
  await expectCode('LS_KEY_PASSPHRASE', () => readKeyFile(path, wrong));

  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  const other = { format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'right' } as const;
  await writeFile(path, key.export(other));
  expect((await readKeyFile(path, right)).signer.spki).toEqual(signer.spki);
  await writeKeyFile(path, pkcs8);
  expect((await readKeyFile(path, right)).encrypted).toBe(false);
  await writeFile(path, (await readFile(path, 'utf8')).replace('PRIVATE', 'PUBLIC'));
  await expectCode('LS_KEY_FORMAT', () => readKeyFile(path, right));
});
