import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sigStructure } from '../../src/codec/index.ts';
import { concatBytes, domainIdOf, toHex, utf8, type SignatureAlgorithm } from '../../src/std/index.ts';
import { RELEASE_CONTEXT, signRelease } from '../../src/trust/index.ts';
import { decodeRelease } from '../../src/trust/release.ts';
import { MAX_RELEASE_BYTES } from '../../src/x509/index.ts';
import { testCrypto } from '../support/crypto.ts';
import { fixedKey } from '../support/fixed-keys.ts';
import { hex } from '../support/raw-cbor.ts';
import { valueOf } from '../support/result.ts';

interface ReleaseFile {
  readonly context: string;
  readonly maxBytes: number;
  readonly domainId: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly vectors: readonly { algorithm: SignatureAlgorithm; spki: string; bytes: string }[];
}

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'FORMATS.md'), 'utf8');
const file = JSON.parse(readFileSync(join(import.meta.dirname, 'release.json'), 'utf8')) as ReleaseFile;
const domainId = domainIdOf(hex(file.domainId)) ?? expect.fail('a domain id');

describe('the golden vectors of release', () => {
  it('name context and cap as docs/FORMATS.md does', () => {
    expect([file.context, file.maxBytes]).toEqual([RELEASE_CONTEXT, MAX_RELEASE_BYTES]);
    expect(page).toContain(`| release | \`${RELEASE_CONTEXT}\` | the issuing CA | ${MAX_RELEASE_BYTES} |`);
    const rule = /^release = \[\n((?: {2}.*\n)*)\]$/m.exec(page)?.[1] ?? '';
    const fields = rule.split('\n').flatMap((line) => /^ {2}(\w+)/.exec(line)?.[1] ?? []);
    expect(fields).toEqual(['version', ...Object.keys(file.body)]);
  });

  it.each(file.vectors.map((vector) => [vector.algorithm, vector] as const))(
    'decode and verify with %s',
    (algorithm, { spki, bytes }) => {
      const { sign1, body } = valueOf(decodeRelease(hex(bytes)));
      expect({ ...body, ext: [...body.ext] }).toEqual(file.body);
      const structure = sigStructure(algorithm, concatBytes(utf8(RELEASE_CONTEXT), domainId), sign1.payload);
      expect(testCrypto.verify(algorithm, hex(spki), structure, sign1.signature)).toBe(true);
    },
  );

  it('are signed again byte for byte where the algorithm allows it', () => {
    const vector = file.vectors.find(({ algorithm }) => algorithm === 'Ed25519');
    const { body } = valueOf(decodeRelease(hex(vector?.bytes ?? '')));
    expect(toHex(signRelease(body, fixedKey('Ed25519', 'issuing'), domainId))).toBe(vector?.bytes);
  });
});
