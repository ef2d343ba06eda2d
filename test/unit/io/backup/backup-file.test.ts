import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BACKUP_HEADER_BYTES,
  isBackupPath,
  makeHeader,
  makePassphrase,
  MAX_CHUNK_BYTES,
  MAX_ITERATIONS,
  MAX_PATH_BYTES,
  PBKDF2_ITERATIONS,
  unlockWith,
  PartWriter,
  ChunkSealer,
} from '../../../../src/io/index.ts';
import { concatBytes, equalBytes, toHex, utf8 } from '../../../../src/std/index.ts';
import {
  codeOfReading,
  piecesOf,
  quickUnlock,
  readBack,
  sealedFile,
  sealedText,
  SECRET,
  SMALL_PARTS,
  SUMMARY,
  type NamedContent,
} from '../../../support/backup-file.ts';

const ITERATIONS_AT = 10;
const CHECK_AT = BACKUP_HEADER_BYTES - 32;
const CHUNK_OVERHEAD = 20;

function altered(bytes: Uint8Array, at: number, flip = 1): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ flip;
  return copy;
}

describe('a backup file', () => {
  it('gives back every part and the summary', async () => {
    const { parts, summary } = await readBack(await sealedFile(SMALL_PARTS));
    expect(parts.map(({ path, mode }) => [path, mode])).toEqual([
      ['ca.yaml', 0o600],
      ['keys/issuing.key.pem', 0o600],
      [null, 0o600],
    ]);
    expect(parts.every(({ content }, at) => equalBytes(content, SMALL_PARTS[at]?.content ?? content))).toBe(
      true,
    );
    expect(summary).toEqual({ ...SUMMARY, files: 2 });
  });

  it('opens with its passphrase and no other, after 600,000 rounds', async () => {
    const unlock = unlockWith(makePassphrase(utf8('correct horse'), 'test'));
    const rounds: number[] = [];
    const header = await makeHeader(new Uint8Array(32), (parameters) => {
      rounds.push(parameters.iterations);
      return unlock(parameters);
    });
    expect(rounds).toEqual([PBKDF2_ITERATIONS]);
    expect(await codeOfReading(header.bytes, unlock)).toBe('LS_BACKUP_TRUNCATED');
    const wrong = unlockWith(makePassphrase(utf8('correct hors'), 'test'));
    expect(await codeOfReading(header.bytes, wrong)).toBe('LS_BACKUP_PASSPHRASE');
    expect(await codeOfReading(await sealedFile(SMALL_PARTS), quickUnlock('other'))).toBe(
      'LS_BACKUP_PASSPHRASE',
    );
  });

  it('is derived as written down: the header of a known salt', async () => {
    const header = await makeHeader(new Uint8Array(32).fill(3), SECRET);
    expect(toHex(header.bytes.subarray(0, CHECK_AT))).toBe(`4c534241434b55500001000927c0${'03'.repeat(32)}`);
  });

  it('cut off anywhere is truncated, or no backup at all', async () => {
    const file = await sealedFile(SMALL_PARTS);
    for (let length = 0; length < file.length; length++) {
      const expected = length < 8 ? 'LS_BACKUP_NOT_ONE' : 'LS_BACKUP_TRUNCATED';
      expect(await codeOfReading(file.subarray(0, length)), `${length} bytes`).toBe(expected);
    }
  });

  it('with any byte changed is refused', async () => {
    const file = await sealedFile(SMALL_PARTS);
    for (let at = 0; at < file.length; at++) {
      expect(await codeOfReading(altered(file, at)), `byte ${at}`).not.toBe('read');
    }
    expect(await codeOfReading(altered(file, 0))).toBe('LS_BACKUP_NOT_ONE');
    expect(await codeOfReading(altered(file, 9, 3))).toBe('LS_BACKUP_VERSION');
    expect(await codeOfReading(altered(file, ITERATIONS_AT + 3))).toBe('LS_BACKUP_PASSPHRASE');
    expect(await codeOfReading(altered(file, ITERATIONS_AT + 4))).toBe('LS_BACKUP_PASSPHRASE');
    expect(await codeOfReading(altered(file, CHECK_AT))).toBe('LS_BACKUP_PASSPHRASE');
    expect(await codeOfReading(altered(file, BACKUP_HEADER_BYTES + 4))).toBe('LS_BACKUP_DAMAGED');
    expect(await codeOfReading(altered(file, file.length - 1))).toBe('LS_BACKUP_DAMAGED');
    expect(await codeOfReading(concatBytes(file, new Uint8Array(1)))).toBe('LS_BACKUP_DAMAGED');
  });

  it('bounds the rounds of derivation before it starts on them', async () => {
    const file = await sealedFile(SMALL_PARTS);
    const rounds = (count: number): Uint8Array => {
      const copy = file.slice();
      new DataView(copy.buffer).setUint32(ITERATIONS_AT, count);
      return copy;
    };
    expect(await codeOfReading(rounds(PBKDF2_ITERATIONS - 1))).toBe('LS_BACKUP_CONTENT');
    expect(await codeOfReading(rounds(MAX_ITERATIONS + 1))).toBe('LS_BACKUP_CONTENT');
    expect(await codeOfReading(rounds(MAX_ITERATIONS))).toBe('LS_BACKUP_PASSPHRASE');
  });
});

describe('the chunks of a backup file', () => {
  const store = (bytes: number): readonly NamedContent[] => [
    { path: null, content: new Uint8Array(bytes).fill(5) },
  ];
  const full = MAX_CHUNK_BYTES + CHUNK_OVERHEAD;

  it.each([0, 1, MAX_CHUNK_BYTES - 41, MAX_CHUNK_BYTES, 3 * MAX_CHUNK_BYTES + 7])(
    'carry a store of %i bytes',
    async (bytes) => {
      const { parts } = await readBack(await sealedFile(store(bytes)));
      expect(parts.map(({ size, content }) => [size, content.length])).toEqual([[bytes, bytes]]);
    },
  );

  it('left out, repeated, exchanged or cut between are noticed', async () => {
    const file = await sealedFile(store(3 * MAX_CHUNK_BYTES));
    const at = (number: number): number => BACKUP_HEADER_BYTES + number * full;
    const chunk = (number: number): Uint8Array => file.subarray(at(number), at(number + 1));
    const head = file.subarray(0, BACKUP_HEADER_BYTES);
    const of = (...numbers: readonly number[]): Promise<string> =>
      codeOfReading(concatBytes(head, ...numbers.map(chunk)));
    expect(await of(0, 1, 2, 3)).toBe('read');
    expect(await of(0, 1, 3)).toBe('LS_BACKUP_DAMAGED');
    expect(await of(0, 0, 1, 2, 3)).toBe('LS_BACKUP_DAMAGED');
    expect(await of(1, 0, 2, 3)).toBe('LS_BACKUP_DAMAGED');
    expect(await of(0, 1, 2)).toBe('LS_BACKUP_TRUNCATED');
    expect(await of(0, 1)).toBe('LS_BACKUP_TRUNCATED');
    expect(await of()).toBe('LS_BACKUP_TRUNCATED');
  });

  it('of another backup under the same passphrase are refused', async () => {
    const file = await sealedFile(SMALL_PARTS);
    const salted = async (salt: number): Promise<Uint8Array> =>
      (await makeHeader(new Uint8Array(32).fill(salt), SECRET)).bytes;
    expect(await codeOfReading(concatBytes(await salted(3), file.subarray(BACKUP_HEADER_BYTES)))).toBe(
      'read',
    );
    expect(await codeOfReading(concatBytes(await salted(4), file.subarray(BACKUP_HEADER_BYTES)))).toBe(
      'LS_BACKUP_DAMAGED',
    );
  });
});

describe('the text of a backup file', () => {
  const u = (value: number, bytes: number): Uint8Array => {
    const all = new Uint8Array(8);
    new DataView(all.buffer).setBigUint64(0, BigInt(value));
    return all.subarray(8 - bytes);
  };
  const hash = utf8; // any 32 bytes that are not the hash
  const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const emptyHash: Uint8Array = Uint8Array.from(EMPTY_HASH.match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  );
  const file = (
    path: string,
    { mode = 0o600, size = 0, digest = emptyHash, content = '' } = {},
  ): Uint8Array =>
    concatBytes(u(1, 1), u(utf8(path).length, 2), utf8(path), u(mode, 2), u(size, 8), utf8(content), digest);
  const store = concatBytes(u(2, 1), u(0, 8), emptyHash);
  const end = ({ files = 0, madeAt = 1, crl = 1, roster = 1, domain = utf8('a.b') } = {}): Uint8Array =>
    concatBytes(
      u(0, 1),
      u(files, 4),
      u(madeAt, 8),
      new Uint8Array(32),
      u(crl, 8),
      u(roster, 8),
      u(domain.length, 1),
      domain,
    );
  const unsafe = Number.MAX_SAFE_INTEGER + 1;
  const codeOf = async (...text: readonly Uint8Array[]): Promise<string> =>
    codeOfReading(await sealedText(concatBytes(...text)));

  it('is read when it is as it should be', async () => {
    expect(await codeOf(file('a'), file('b/c'), store, end({ files: 2 }))).toBe('read');
    expect(await codeOf(store, end())).toBe('read');
  });

  it.each<[string, readonly Uint8Array[]]>([
    ['of an unknown part', [u(3, 1), store, end()]],
    ['without a store', [end()]],
    ['with two stores', [store, store, end()]],
    ['with a file behind the store', [store, file('a'), end({ files: 1 })]],
    ['with a path twice', [file('a'), file('a'), store, end({ files: 2 })]],
    ['with paths out of order', [file('b'), file('a'), store, end({ files: 2 })]],
    ['with a path that climbs', [file('../a'), store, end({ files: 1 })]],
    ['with a path from the root', [file('/a'), store, end({ files: 1 })]],
    ['with an empty path', [file(''), store, end({ files: 1 })]],
    ['with a path that is too long', [file('a'.repeat(MAX_PATH_BYTES + 1)), store, end({ files: 1 })]],
    [
      'with a path that is no text',
      [u(1, 1), u(1, 2), u(0xff, 1), u(0, 2), u(0, 8), emptyHash, store, end()],
    ],
    ['with a mode beyond permissions', [file('a', { mode: 0o1000 }), store, end({ files: 1 })]],
    ['with a size beyond all files', [file('a', { size: 2 ** 41 }), store, end({ files: 1 })]],
    ['with a size beyond the text', [file('a', { size: 1000 }), store, end({ files: 1 })]],
    ['with a wrong hash', [file('a', { digest: hash('x'.repeat(32)) }), store, end({ files: 1 })]],
    ['with other content than hashed', [file('a', { size: 1, content: 'x' }), store, end({ files: 1 })]],
    ['with a wrong count of files', [file('a'), store, end({ files: 2 })]],
    ['with a time that is no safe integer', [store, end({ madeAt: unsafe })]],
    ['with a CRL number that is no safe integer', [store, end({ crl: unsafe })]],
    ['with a roster number that is no safe integer', [store, end({ roster: unsafe })]],
    ['with a trust domain that is too long', [store, end({ domain: new Uint8Array(254).fill(97) })]],
    ['with a trust domain that is no text', [store, end({ domain: Uint8Array.of(0xff) })]],
    ['with something behind the summary', [store, end(), u(0, 1)]],
    ['without a summary', [store]],
    ['that is empty', []],
  ])('%s is refused', async (_, text) => {
    expect(await codeOf(...text)).toBe('LS_BACKUP_CONTENT');
  });

  it('cut off at any byte is refused', async () => {
    const text = concatBytes(file('a'), store, end({ files: 1 }));
    for (let length = 0; length < text.length; length++) {
      expect(await codeOf(text.subarray(0, length)), `${length} bytes`).toBe('LS_BACKUP_CONTENT');
    }
  });

  it('takes no path that leads out of the home', () => {
    expect(['a', 'a/b.c', 'ledger/tile/0/x001/067', 'é/ä', 'a b'].filter(isBackupPath)).toHaveLength(5);
    expect(['', '.', '..', 'a/../b', 'a//b', '/a', 'a/', 'a\\b', 'a\0', 'a\nb'].filter(isBackupPath)).toEqual(
      [],
    );
    expect(isBackupPath('a'.repeat(MAX_PATH_BYTES))).toBe(true);
  });
});

describe('writing a backup file', () => {
  const writer = async (): Promise<PartWriter> => {
    const header = await makeHeader(new Uint8Array(32), SECRET);
    return new PartWriter(await ChunkSealer.start(header, () => Promise.resolve()));
  };

  it('stops at a file that shrinks while it is read', async () => {
    const adding = (await writer()).add({ path: 'a', mode: 0o600, size: 9 }, piecesOf(utf8('short')));
    await expect(adding).rejects.toMatchObject({ code: 'LS_BACKUP_FILE' });
  });

  it('keeps the size it was told when a file grows', async () => {
    const content = { path: 'a', mode: 0o600, size: 3 };
    await expect((await writer()).add(content, piecesOf(utf8('grown')))).resolves.toBeUndefined();
  });

  it('refuses a name that no reader takes', async () => {
    const adding = (await writer()).add({ path: 'a\nb', mode: 0o600, size: 0 }, piecesOf());
    await expect(adding).rejects.toMatchObject({ code: 'LS_BACKUP_FILE' });
  });

  it('and reading it back give the same for any content', async () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z]{1,4})?$/);
    const files = fc.dictionary(name, fc.uint8Array({ maxLength: 300 }), { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(files, fc.uint8Array({ maxLength: 2_000 }), async (contents, store) => {
        const parts: NamedContent[] = Object.keys(contents)
          .sort()
          .map((path) => ({ path, content: contents[path] ?? new Uint8Array() }));
        const read = await readBack(await sealedFile([...parts, { path: null, content: store }]));
        expect(read.parts.map(({ path, content }) => [path, toHex(content)])).toEqual([
          ...parts.map(({ path, content }) => [path, toHex(content)]),
          [null, toHex(store)],
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it('and any damage to it end in a refusal, never in anything else', async () => {
    const file = await sealedFile(SMALL_PARTS);
    const position = fc.nat({ max: file.length - 1 });
    await fc.assert(
      fc.asyncProperty(position, fc.uint8Array({ minLength: 1, maxLength: 40 }), async (at, noise) => {
        const damaged = concatBytes(file.subarray(0, at), noise, file.subarray(at + noise.length));
        if (equalBytes(damaged, file)) return;
        expect(await codeOfReading(damaged)).toMatch(/^LS_BACKUP_/);
      }),
      { numRuns: 300 },
    );
  });

  it('any authenticated noise ends in a refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        expect(await codeOfReading(await sealedText(noise))).toBe('LS_BACKUP_CONTENT');
      }),
      { numRuns: 200 },
    );
  });
});
