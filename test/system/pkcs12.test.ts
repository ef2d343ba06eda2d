import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makePassphrase, makePkcs12 } from '../../src/io/keys/index.ts';
import { utf8 } from '../../src/std/index.ts';
import { makeTestPki } from '../support/pki.ts';
import { fileDirectory } from '../support/ca-process.ts';

const PASSWORD = 'correct horse battery';

/** Java and GnuTLS share no code with OpenSSL or with us. */
describe.each(['ES256', 'Ed25519'] as const)('a PKCS#12 file with an %s key', (algorithm) => {
  let file = '';

  beforeAll(async () => {
    const directory = await fileDirectory();
    file = join(directory.path, 'alpha.p12');
    const pki = makeTestPki({ algorithm });
    const alpha = pki.node('alpha');
    const pkcs8 = new Uint8Array(alpha.key.privateKey.export({ format: 'der', type: 'pkcs8' }));
    const certificates = [alpha.der, pki.issuing.der, pki.root.der] as const;
    const passphrase = makePassphrase(utf8(PASSWORD), 'the test');
    await writeFile(file, await makePkcs12({ pkcs8, certificates, friendlyName: 'alpha' }, passphrase));
    return directory.remove;
  });

  it('is a key with its chain to Java, under its name', () => {
    const listed = keytool(PASSWORD, '-list', '-v', '-alias', 'alpha');
    expect(listed).toMatchObject({ status: 0 });
    expect(listed.stdout).toContain('Entry type: PrivateKeyEntry');
    expect(listed.stdout).toContain('Certificate chain length: 3');
  });

  // Once is enough to see that Java gets at the private key.
  if (algorithm === 'ES256') {
    it('lets Java sign with the key', () => {
      const request = keytool(PASSWORD, '-certreq', '-alias', 'alpha', '-keypass', PASSWORD);
      expect(request.stdout + request.stderr).toContain('BEGIN NEW CERTIFICATE REQUEST');
    });
  }

  it('is a key with its chain to GnuTLS', () => {
    const shown = certtool(PASSWORD);
    expect(shown.status).toBe(0);
    expect(shown.stdout).toContain('MAC: SHA256');
    expect(shown.stdout.split('BEGIN CERTIFICATE')).toHaveLength(4);
    expect(shown.stdout).toMatch(/BEGIN (?:ENCRYPTED )?PRIVATE KEY/);
  });

  it('stays closed to both under another password', () => {
    expect(keytool('another password', '-list').status).not.toBe(0);
    expect(certtool('another password').status).not.toBe(0);
  });

  function keytool(password: string, ...args: readonly string[]): Ran {
    const store = ['-keystore', file, '-storetype', 'PKCS12', '-storepass', password];
    return spawnSync('keytool', [...args, ...store], { encoding: 'utf8' });
  }

  function certtool(password: string): Ran {
    return spawnSync('certtool', ['--p12-info', '--inder', '--infile', file, '--password', password], {
      encoding: 'utf8',
    });
  }
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
