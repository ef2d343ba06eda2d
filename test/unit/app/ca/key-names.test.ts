import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generationOfKey, issuingKeyName, keyNamesIn } from '../../../../src/app/ca/key-names.ts';
import { tempDir } from '../../../support/temp-dir.ts';

describe('names of CA keys', () => {
  it('say the generation of an issuing CA, and nothing of other keys', () => {
    expect([1, 2, 17].map(issuingKeyName)).toEqual(['issuing', 'issuing-2', 'issuing-17']);
    expect(generationOfKey('issuing')).toBe(1);
    expect(generationOfKey('issuing-17')).toBe(17);
    expect([generationOfKey('root'), generationOfKey('log')]).toEqual([undefined, undefined]);
  });

  it('are found in a folder by files and by pointers to tokens, each once and in order', async () => {
    const directory = await tempDir();
    const files = [
      'log.key.pem',
      'issuing-10.key.pem',
      'issuing-2.key.uri',
      'issuing.key.pem',
      'root.key.pem',
    ];
    for (const file of [...files, 'issuing-2.key.pem']) await writeFile(join(directory, file), '');
    expect(await keyNamesIn(directory)).toEqual(['root', 'issuing', 'issuing-2', 'issuing-10', 'log']);
    expect(await keyNamesIn(join(directory, 'none'))).toEqual([]);
  });

  it.each([
    'issuing-1.key.pem',
    'issuing-0.key.pem',
    'issuing-02.key.pem',
    'issuing--2.key.pem',
    'issuing-2.key.pem.next',
    'issuing-2.key.pem.new',
    'issuing-1000000.key.pem',
    'issuing-x.key.pem',
    'issuing-2.pem',
    'other.key.pem',
    '.issuing-2.key.pem',
  ])('are not read from %s', async (file) => {
    const directory = await tempDir();
    await writeFile(join(directory, file), '');
    expect(await keyNamesIn(directory)).toEqual([]);
  });

  it('can not be read from what is no folder', async () => {
    const file = join(await tempDir(), 'keys');
    await writeFile(file, '');
    await expect(keyNamesIn(file)).rejects.toThrow('LS_FILE');
    await mkdir(`${file}-2`);
    expect(await keyNamesIn(`${file}-2`)).toEqual([]);
  });
});
