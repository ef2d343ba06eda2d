import type { CryptoPort } from '../../src/std/index.ts';
import { testCrypto } from './crypto.ts';

const MAX_REMEMBERED = 8_192;

/**
 * The test crypto port, which checks no signature twice: in a simulated mesh every record is verified by all nodes of
 * one process. The answer depends on nothing but the arguments, all of which are in the key.
 */
export function rememberingCrypto(): CryptoPort {
  const answers = new Map<string, boolean>();
  return {
    ...testCrypto,
    verify(algorithm, spki, message, signature) {
      const key = [algorithm, ...[spki, message, signature].map(textOf)].join('|');
      const known = answers.get(key);
      if (known !== undefined) return known;
      const answer = testCrypto.verify(algorithm, spki, message, signature);
      if (answers.size >= MAX_REMEMBERED) answers.clear();
      answers.set(key, answer);
      return answer;
    },
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
