import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PASSPHRASE, runJson, runOn } from '../support/ca-process.ts';
import { startLifesign } from '../support/process.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const URL_ARGS = ['--url', 'https://ca.example.test:8440'];

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function digestOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [...(await filesBelow(directory))].sort())
    hash.update(file).update(await readFile(file));
  return hash.digest('hex');
}

describe('pki init', () => {
  it('makes a private home whose certificates, CRL and keys openssl agrees with', async () => {
    const home = join(await tempDir(), 'ca', 'state');
    const made = await runJson(home, ['pki', 'init', ...URL_ARGS]);
    expect(made).toMatchObject({ home, trustDomain: 'mesh.internal', url: 'https://ca.example.test:8440' });
    for (const file of await filesBelow(home))
      expect((await stat(file)).mode & 0o077, file).toBe(file.endsWith('/lock') ? 0o044 : 0);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    const at = (name: string): string => join(home, name);
    const fingerprint = await run('openssl', [
      'x509',
      '-in',
      at('root.pem'),
      '-noout',
      '-fingerprint',
      '-sha256',
    ]);
    expect(fingerprint.stdout.split('=')[1]?.trim().replaceAll(':', '').toLowerCase()).toBe(
      made['rootSha256'],
    );
    const verified = await run('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      at('root.pem'),
      at('issuing.pem'),
    ]);
    expect(verified.stdout).toContain('OK');
    await runOn(home, ['pki', 'crl', '-o', at('issuing.crl')]);
    await run('openssl', [
      'crl',
      '-inform',
      'der',
      '-in',
      at('issuing.crl'),
      '-CAfile',
      at('issuing.pem'),
      '-noout',
      '-verify',
    ]);
    for (const key of ['root', 'issuing']) {
      const file = at(`keys/${key}.key.pem`);
      await run('openssl', ['pkey', '-in', file, '-passin', `pass:${PASSPHRASE}`, '-noout']);
      await expect(
        run('openssl', ['pkey', '-in', file, '-passin', 'pass:wrong', '-noout']),
      ).rejects.toThrow();
    }
  });

  it('leaves an existing CA as it is and exits 3', async () => {
    const home = join(await tempDir(), 'state');
    await runJson(home, ['pki', 'init', ...URL_ARGS]);
    const before = await digestOf(home);
    const again = await runOn(home, ['pki', 'init', ...URL_ARGS]);
    expect(again.code).toBe(3);
    expect(again.stderr).toMatch(/^error\[LS_CA_EXISTS\]: .*\n$/);
    expect(await digestOf(home)).toBe(before);
  });

  it('warns that a loopback URL reaches this machine only', async () => {
    const home = join(await tempDir(), 'state');
    const ending = await runOn(home, ['pki', 'init', '--url', 'https://localhost:8440']);
    expect(ending.code).toBe(0);
    expect(ending.stderr).toContain('https://localhost:8440');
    expect(ending.stdout).toContain('pki serve');
  });

  it.each([
    [
      'no passphrase and no terminal',
      [...URL_ARGS],
      { LIFESIGN_PASSPHRASE: undefined },
      'LS_KEY_NO_PASSPHRASE',
    ],
    ['an empty passphrase', [...URL_ARGS], { LIFESIGN_PASSPHRASE: '' }, 'LS_KEY_PASSPHRASE'],
    [
      'a passphrase file that is not there',
      [...URL_ARGS, '--passphrase-file', 'none'],
      {},
      'LS_FILE_NOT_FOUND',
    ],
    ['a URL without TLS', ['--url', 'http://ca.example.test:8440'], {}, 'LS_CONFIG_URL'],
    ['a URL with a path', ['--url', 'https://ca.example.test:8440/ca'], {}, 'LS_CONFIG_URL'],
    ['a URL that is none', ['--url', 'ca.example.test'], {}, 'LS_CONFIG_URL'],
    ['a CRL URL over TLS', [...URL_ARGS, '--crl-url', 'https://ca.example.test:8441'], {}, 'LS_CONFIG_URL'],
    ['a trust domain of one label', [...URL_ARGS, '--trust-domain', 'mesh'], {}, 'LS_CA_REQUEST'],
  ])('refuses %s and leaves nothing behind', async (_, args, env, code) => {
    const directory = await tempDir();
    const home = join(directory, 'state');
    const ending = await startLifesign(['--home', home, 'pki', 'init', ...args], {
      cwd: directory,
      env: Object.fromEntries(
        Object.entries({ LIFESIGN_PASSPHRASE: PASSPHRASE, ...env }).filter(
          (entry): entry is [string, string] => entry[1] !== undefined,
        ),
      ),
    }).ended;
    expect(ending.stderr).toContain(`error[${code}]`);
    expect(ending.stderr.trim().split('\n')).toHaveLength(1);
    expect(ending.code).toBe(3);
    expect(await readdir(directory)).toEqual([]);
  });

  it('refuses a directory that cannot be made or that holds something else', async () => {
    const directory = await tempDir();
    await writeFile(join(directory, 'file'), '');
    const below = await runOn(join(directory, 'file', 'state'), ['pki', 'init', ...URL_ARGS]);
    expect(below).toMatchObject({ code: 3, stdout: '' });
    expect(below.stderr).toContain('error[LS_HOME_UNWRITABLE]');
    await mkdir(join(directory, 'full'));
    await writeFile(join(directory, 'full', 'thesis.txt'), 'mine');
    const full = await runOn(join(directory, 'full'), ['pki', 'init', ...URL_ARGS]);
    expect(full.code).toBe(3);
    expect(full.stderr).toContain('error[LS_HOME_NOT_EMPTY]');
    expect(await readdir(join(directory, 'full'))).toEqual(['thesis.txt']);
  });

  it('fills an empty directory that is there already', async () => {
    const home = await tempDir();
    await runJson(home, ['pki', 'init', ...URL_ARGS]);
    expect(await readdir(home)).toContain('ca.yaml');
  });

  it('killed at any moment leaves nothing that looks like a CA, and works when run again', async () => {
    const directory = await tempDir();
    const home = join(directory, 'state');
    for (const delayMs of [200, 500, 800, 1_100]) {
      const init = startLifesign(['--home', home, 'pki', 'init', ...URL_ARGS], {
        env: { LIFESIGN_PASSPHRASE: PASSPHRASE },
      });
      await Promise.race([init.ended, new Promise((resolve) => setTimeout(resolve, delayMs))]);
      const { code } = (await init.kill('SIGKILL')) ?? { code: null };
      const entries = await readdir(directory);
      if (code === 0) break;
      const isWhole = entries.includes('state') && (await readdir(home)).includes('ca.yaml');
      if (isWhole) break;
      expect(entries).not.toContain('state');
    }
    const last = await runOn(home, ['pki', 'init', ...URL_ARGS]);
    expect([0, 3]).toContain(last.code);
    expect(await readdir(directory)).toEqual(['state']);
    expect((await runOn(home, ['pki', 'list'])).code).toBe(0);
  });

  it('works in a home whose path has spaces, Unicode and 120 characters', async () => {
    const directory = await tempDir();
    const name = 'Größe mit Leerzeichen ✓ '.padEnd(120 - directory.length - 1, 'x');
    const home = join(directory, name);
    expect([...home].length).toBeGreaterThanOrEqual(120);
    await runJson(home, ['pki', 'init', ...URL_ARGS]);
    const token = await runJson(home, ['pki', 'token', 'create', 'alpha']);
    expect(token['token']).toMatch(/^ls1\./);
  });
});
