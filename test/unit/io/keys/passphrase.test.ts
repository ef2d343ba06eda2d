import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  findPassphrase,
  MAX_PASSPHRASE_BYTES,
  requirePassphrase,
  type PassphrasePrompt,
} from '../../../../src/io/index.ts';
import { fromUtf8, utf8 } from '../../../../src/std/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { tempDir } from '../../../support/temp-dir.ts';

function answers(...texts: readonly string[]): PassphrasePrompt & { readonly questions: readonly string[] } {
  const questions: string[] = [];
  return {
    questions,
    ask(question) {
      questions.push(question);
      return Promise.resolve(utf8(texts[questions.length - 1] ?? ''));
    },
  };
}

async function textOf(...args: Parameters<typeof findPassphrase>): Promise<string | undefined> {
  const passphrase = await findPassphrase(...args);
  return passphrase === undefined ? undefined : fromUtf8(passphrase);
}

describe('findPassphrase', () => {
  it('prefers the file, then the variable, then the systemd credential, then the person', async () => {
    const directory = await tempDir();
    const file = join(directory, 'pass');
    await writeFile(file, 'from file\n');
    await writeFile(join(directory, 'lifesign-passphrase'), 'from systemd\n');
    const prompt = answers('from person');
    const both = { LIFESIGN_PASSPHRASE: 'from env', CREDENTIALS_DIRECTORY: directory };
    expect(await textOf({ file, env: both, prompt }, 'keys')).toBe('from file');
    expect(await textOf({ env: both, prompt }, 'keys')).toBe('from env');
    expect(await textOf({ env: { CREDENTIALS_DIRECTORY: directory }, prompt }, 'keys')).toBe('from systemd');
    expect(prompt.questions).toEqual([]);
    expect(await textOf({ env: {}, prompt }, 'keys')).toBe('from person');
    expect(await textOf({ env: {} }, 'keys')).toBeUndefined();
  });

  it('takes the first line of a file, with either line end or none', async () => {
    const file = join(await tempDir(), 'pass');
    for (const content of ['two words', 'two words\n', 'two words\r\n', 'two words\nignored\n']) {
      await writeFile(file, content);
      expect(await textOf({ file, env: {} }, 'keys')).toBe('two words');
    }
  });

  it('keeps bytes that are not UTF-8', async () => {
    const file = join(await tempDir(), 'pass');
    await writeFile(file, Uint8Array.of(0xff, 0xfe, 0x0a));
    expect(await findPassphrase({ file, env: {} }, 'keys')).toEqual(Uint8Array.of(0xff, 0xfe));
  });

  it('passes over a credentials directory without the credential, but not over an unreadable one', async () => {
    const directory = await tempDir();
    const env = { CREDENTIALS_DIRECTORY: directory };
    expect(await findPassphrase({ env }, 'keys')).toBeUndefined();
    await mkdir(join(directory, 'lifesign-passphrase'));
    await expectCode('LS_FILE_UNREADABLE', () => findPassphrase({ env }, 'keys'));
  });

  it('refuses an empty one and one of bound + 1 bytes, from every source', async () => {
    const file = join(await tempDir(), 'pass');
    for (const bad of ['', 'x'.repeat(MAX_PASSPHRASE_BYTES + 1)]) {
      await writeFile(file, bad);
      await expectCode('LS_KEY_PASSPHRASE', () => findPassphrase({ file, env: {} }, 'keys'));
      await expectCode('LS_KEY_PASSPHRASE', () => findPassphrase({ env: { LIFESIGN_PASSPHRASE: bad } }, 'k'));
      await expectCode('LS_KEY_PASSPHRASE', () => findPassphrase({ env: {}, prompt: answers(bad) }, 'keys'));
    }
    const longest = 'x'.repeat(MAX_PASSPHRASE_BYTES);
    expect(await textOf({ env: { LIFESIGN_PASSPHRASE: longest } }, 'keys')).toBe(longest);
  });

  it('never falls back from a file that is missing', async () => {
    const file = join(await tempDir(), 'none');
    await expectCode('LS_FILE_NOT_FOUND', () =>
      findPassphrase({ file, env: { LIFESIGN_PASSPHRASE: 'x' } }, 'k'),
    );
  });

  it('asks twice for a new one and refuses two answers that differ', async () => {
    const same = answers('one', 'one');
    expect(await textOf({ env: {}, prompt: same }, 'the CA keys', true)).toBe('one');
    expect(same.questions).toHaveLength(2);
    await expectCode('LS_KEY_PASSPHRASE', () =>
      findPassphrase({ env: {}, prompt: answers('one', 'two') }, 'the CA keys', true),
    );
  });
});

describe('requirePassphrase', () => {
  it('says what has no passphrase', async () => {
    const error = await expectCode('LS_KEY_NO_PASSPHRASE', () =>
      requirePassphrase({ env: {} }, 'the CA keys'),
    );
    expect(error.message).toContain('the CA keys');
  });
});
