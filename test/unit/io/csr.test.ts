import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeCsr, nodeCrypto, privateKeyFromPkcs8, generateKey } from '../../../src/io/index.ts';
import { parseNodeName, type NodeName } from '../../../src/std/index.ts';
import { attributeTexts, oids, parseCsr, verifyCsr } from '../../../src/x509/index.ts';
import { encodePem } from '../../../src/codec/index.ts';
import { expectCode } from '../../support/expect-code.ts';
import { valueOf } from '../../support/result.ts';

const NAME = parseNodeName('alpha') as NodeName;
/** As base64url gives it: with characters that PrintableString does not have. */
const CHALLENGE = 'abc-_DEF0123456789';

function newKey(algorithm: 'ES256' | 'Ed25519'): { readonly key: KeyObject; readonly spki: Uint8Array } {
  const { signer, pkcs8 } = generateKey(algorithm);
  return { key: privateKeyFromPkcs8(pkcs8), spki: signer.spki };
}

describe.each(['ES256', 'Ed25519'] as const)('makeCsr with %s', (algorithm) => {
  const { key, spki } = newKey(algorithm);

  it('makes a request that our own strict parser reads and whose possession it proves', async () => {
    const request = valueOf(parseCsr(await makeCsr({ key, name: NAME, challengePassword: CHALLENGE })));
    expect(request.spki).toEqual(spki);
    expect(request.keyAlgorithm).toBe(algorithm);
    expect(request.challengePassword).toBe(CHALLENGE);
    expect(attributeTexts(request.subjectName, oids.commonName)).toEqual(['alpha']);
    expect(verifyCsr(request, nodeCrypto).ok).toBe(true);
  });

  it('makes one without a challenge password for renewal', async () => {
    const request = valueOf(parseCsr(await makeCsr({ key, name: NAME })));
    expect(request.challengePassword).toBeUndefined();
    expect(verifyCsr(request, nodeCrypto).ok).toBe(true);
  });

  it('makes one that openssl verifies', async () => {
    const pem = encodePem(
      'CERTIFICATE REQUEST',
      await makeCsr({ key, name: NAME, challengePassword: CHALLENGE }),
    );
    const text = execFileSync('openssl', ['req', '-verify', '-noout', '-text'], {
      input: pem,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    expect(text).toContain(`challengePassword        :${CHALLENGE}`);
    expect(text).toMatch(/Subject: CN ?= ?alpha/);
  });
});

describe('makeCsr refuses', () => {
  it('keys that a node certificate cannot have', async () => {
    const refused = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey,
      generateKeyPairSync('ed25519').publicKey,
    ];
    for (const key of refused) await expectCode('LS_KEY_FORMAT', () => makeCsr({ key, name: NAME }));
  });
});
