import { execFile } from 'node:child_process';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { encodePem } from '../../src/codec/index.ts';
import {
  encryptPkcs8,
  generateKey,
  makePassphrase,
  MAX_KEY_FILE_BYTES,
  nodeCrypto,
  readKeyFile,
  writeKeyFile,
} from '../../src/io/index.ts';
import { utf8 } from '../../src/std/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const PASSPHRASE = makePassphrase(utf8('pass phrase ü'), 'test');
const OPENSSL_PASS = 'pass:pass phrase ü';

async function openssl(...args: readonly string[]): Promise<string> {
  return (await run('openssl', [...args])).stdout;
}

describe.each(['ES256', 'ES384', 'Ed25519'] as const)('a key file for %s', (algorithm) => {
  it('comes back plain and encrypted, private, and signs for the same public key', async () => {
    const { signer, pkcs8 } = generateKey(algorithm);
    for (const passphrase of [undefined, PASSPHRASE]) {
      const path = join(await tempDir(), 'key.pem');
      await writeKeyFile(path, pkcs8, passphrase);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const loaded = await readKeyFile(path, PASSPHRASE);
      expect(loaded.encrypted).toBe(passphrase !== undefined);
      expect(loaded.signer.spki).toEqual(signer.spki);
      const message = utf8('message');
      expect(nodeCrypto.verify(algorithm, signer.spki, message, loaded.signer.sign(message))).toBe(true);
    }
  });

  it('is read by openssl, and a key made by openssl is read by us', async () => {
    const directory = await tempDir();
    const [ours, theirs] = [join(directory, 'ours.pem'), join(directory, 'theirs.pem')];
    const { signer, pkcs8 } = generateKey(algorithm);
    await writeKeyFile(ours, pkcs8, PASSPHRASE);
    const spki = await openssl('pkey', '-in', ours, '-passin', OPENSSL_PASS, '-pubout');
    expect(spki).toBe(encodePem('PUBLIC KEY', signer.spki));
    await openssl(
      'pkcs8',
      '-topk8',
      '-in',
      ours,
      '-passin',
      OPENSSL_PASS,
      '-passout',
      OPENSSL_PASS,
      '-out',
      theirs,
    );
    await chmod(theirs, 0o600);
    expect((await readKeyFile(theirs, PASSPHRASE)).signer.spki).toEqual(signer.spki);
  });
});

/** After the OID of PBKDF2, and after that of AES-256-CBC. */
const SALT = /2a864886f70d01050c3[0-9a-f]{3}0410([0-9a-f]{32})/;
const IV = /60864801650304012a0410([0-9a-f]{32})/;

describe('an encrypted key', () => {
  it('says PBES2, PBKDF2 with HMAC-SHA-256 and 600,000 rounds, and AES-256-CBC', async () => {
    const path = join(await tempDir(), 'key.pem');
    await writeKeyFile(path, generateKey('ES256').pkcs8, PASSPHRASE);
    const structure = await openssl('asn1parse', '-in', path);
    for (const part of [
      ':PBES2',
      ':PBKDF2',
      ':hmacWithSHA256',
      ':aes-256-cbc',
      'INTEGER           :0927C0',
    ]) {
      expect(structure).toContain(part);
    }
    expect(structure.match(/OCTET STRING/g)).toHaveLength(3);
  });

  it('has a salt of its own for each home, and an IV of its own for each key', async () => {
    const { pkcs8 } = generateKey('Ed25519');
    const home = async (): Promise<readonly Uint8Array[]> => {
      const passphrase = makePassphrase(utf8('the same words'), 'test');
      return [await encryptPkcs8(pkcs8, passphrase), await encryptPkcs8(pkcs8, passphrase)];
    };
    const ders = [...(await home()), ...(await home())].map((der) => Buffer.from(der).toString('hex'));
    expect(new Set(ders.map((der) => SALT.exec(der)?.[1])).size).toBe(2);
    expect(new Set(ders.map((der) => IV.exec(der)?.[1])).size).toBe(4);
  });

  it('is refused with a wrong passphrase, with none, and with one bit of the ciphertext flipped', async () => {
    const path = join(await tempDir(), 'key.pem');
    const der = await encryptPkcs8(generateKey('ES256').pkcs8, PASSPHRASE);
    await writeFile(path, encodePem('ENCRYPTED PRIVATE KEY', der), { mode: 0o600 });
    const wrong = makePassphrase(utf8('wrong'), 'test');
    const error = await expectCode('LS_KEY_PASSPHRASE', () => readKeyFile(path, wrong));
    expect(error.message).not.toContain('wrong');
    await expectCode('LS_KEY_NO_PASSPHRASE', () => readKeyFile(path));
    const flipped = Uint8Array.from(der, (byte, i) => (i === der.length - 20 ? byte ^ 1 : byte));
    await writeFile(path, encodePem('ENCRYPTED PRIVATE KEY', flipped));
    await expectCode('LS_KEY_PASSPHRASE', () => readKeyFile(path, PASSPHRASE));
  });
});

describe('readKeyFile refuses', () => {
  it('a file that group or others can open in any way', async () => {
    const path = join(await tempDir(), 'key.pem');
    await writeKeyFile(path, generateKey('ES256').pkcs8);
    for (const mode of [0o640, 0o604, 0o620, 0o601, 0o644]) {
      await chmod(path, mode);
      await expectCode('LS_KEY_PERMISSIONS', () => readKeyFile(path));
    }
    await chmod(path, 0o400);
    await readKeyFile(path);
  });

  it('what holds no key, several, an old form, a public key, an RSA key, or garbage', async () => {
    const path = join(await tempDir(), 'key.pem');
    const key = encodePem('PRIVATE KEY', generateKey('ES256').pkcs8);
    const rsa = await openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-quiet');
    const bad = [
      '',
      'hello',
      key + key,
      key.replaceAll('PRIVATE KEY', 'EC PRIVATE KEY'),
      encodePem('PUBLIC KEY', generateKey('ES256').signer.spki),
      encodePem('PRIVATE KEY', generateKey('ES256').signer.spki),
      rsa,
      new Uint8Array([0xff, 0xfe]),
    ];
    for (const content of bad) {
      await writeFile(path, content, { mode: 0o600 });
      await expectCode('LS_KEY_FORMAT', () => readKeyFile(path));
    }
  });

  it('a file beyond its cap, a missing one and a directory', async () => {
    const directory = await tempDir();
    const path = join(directory, 'key.pem');
    await writeFile(path, ' '.repeat(MAX_KEY_FILE_BYTES + 1), { mode: 0o600 });
    await expectCode('LS_FILE_TOO_LARGE', () => readKeyFile(path));
    await expectCode('LS_FILE_NOT_FOUND', () => readKeyFile(join(directory, 'none')));
    await expectCode('LS_FILE_UNREADABLE', () => readKeyFile(directory));
  });
});

describe('writeKeyFile', () => {
  it('keeps the old key when it cannot write the new one', async () => {
    const directory = await tempDir();
    const path = join(directory, 'key.pem');
    await writeKeyFile(path, generateKey('ES256').pkcs8);
    const before = await readFile(path, 'utf8');
    await expectCode('LS_HOME_UNWRITABLE', () =>
      writeKeyFile(join(path, 'below-a-file'), generateKey('ES256').pkcs8),
    );
    expect(await readFile(path, 'utf8')).toBe(before);
  });
});
