import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodePem } from '../../../../src/codec/index.ts';
import { makePassphrase, makePkcs12, MAX_PKCS12_PASSPHRASE } from '../../../../src/io/keys/index.ts';
import { utf8 } from '../../../../src/std/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { makeTestPki } from '../../../support/pki.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const run = promisify(execFile);
const pki = makeTestPki();
const passphraseOf = (text: string) => makePassphrase(utf8(text), 'the test');

/** Twice 600,000 rounds, on a machine that has other things to do. */
const DERIVATION_MS = 60_000;

function contentOf() {
  const alpha = pki.node('alpha');
  return {
    pkcs8: new Uint8Array(alpha.key.privateKey.export({ format: 'der', type: 'pkcs8' })),
    certificates: [alpha.der, pki.issuing.der, pki.root.der] as const,
    friendlyName: 'alpha',
  };
}

async function open(pfx: Uint8Array, password: string) {
  const file = join(await tempDir(), 'alpha.p12');
  await writeFile(file, pfx);
  const args = ['pkcs12', '-in', file, '-info', '-noenc', '-passin', `pass:${password}`];
  return run('openssl', args);
}

describe('PKCS#12', () => {
  const password = '~'.repeat(MAX_PKCS12_PASSPHRASE);
  const content = contentOf();
  let pfx = new Uint8Array();

  beforeAll(async () => {
    pfx = new Uint8Array(await makePkcs12(content, passphraseOf(password)));
  }, DERIVATION_MS);

  it('is what OpenSSL reads, key and chain, with a passphrase as long as may be', async () => {
    const { stdout, stderr } = await open(pfx, password);
    const files = stdout.match(/-----BEGIN [^]*?-----END [A-Z ]*-----\n/g);
    const certificates = content.certificates.map((der) => encodePem('CERTIFICATE', der));
    expect(files).toEqual([...certificates, encodePem('PRIVATE KEY', content.pkcs8)]);
    expect(stdout).toContain('friendlyName: alpha');
    const scheme = 'PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256';
    expect(stderr.split(scheme)).toHaveLength(3);
    expect(stderr).toContain('MAC: sha256, Iteration 600000');
  });

  it('opens with its passphrase only, and shows every change', async () => {
    await expect(open(pfx, 'y')).rejects.toThrow(/invalid password/);
    for (const at of [60, Math.floor(pfx.length / 2), pfx.length - 30]) {
      const altered = Uint8Array.from(pfx);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await expect(open(altered, password), String(at)).rejects.toThrow();
    }
  });

  it.each(['longer', 'pässword', '\ttab'])('is not made under a passphrase like %j', async (text) => {
    const odd = text === 'longer' ? `${password}~` : text;
    await expectCode('LS_EXPORT_PASSPHRASE', () => makePkcs12(content, passphraseOf(odd)));
  });

  it('is not made under a passphrase that is no text', async () => {
    const notText = makePassphrase(Uint8Array.of(0xff, 0xfe), 'the test');
    await expectCode('LS_EXPORT_PASSPHRASE', () => makePkcs12(content, notText));
  });
});
