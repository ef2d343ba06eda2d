import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeOcspError } from '../../src/x509/index.ts';
import {
  fileDirectory,
  initCaHome,
  runJson,
  runOn,
  serveCaHome,
  type CaHomeOnDisk,
} from '../support/ca-process.ts';
import type { RunningProgram } from '../support/process.ts';

/* A CA that serves, asked by OpenSSL, which shares no code with it, and by `lifesign pki ocsp`. */

let directory: Awaited<ReturnType<typeof fileDirectory>>;
let ca: CaHomeOnDisk;
let server: RunningProgram;

beforeAll(async () => {
  directory = await fileDirectory();
  ca = await initCaHome(join(directory.path, 'ca'));
  server = await serveCaHome(ca.home);
  for (const name of ['alpha', 'bravo']) {
    const { token } = await runJson<{ token: string }>(ca.home, ['pki', 'token', 'create', name]);
    await runJson(join(directory.path, name), ['node', 'enroll', token]);
  }
  await runJson(ca.home, ['pki', 'revoke', 'bravo', '--reason', 'keyCompromise']);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await directory.remove();
});

const cert = (name: string): string => join(directory.path, name, 'cert.pem');
const url = (): string => `http://127.0.0.1:${ca.crlPort}/ocsp`;

function openssl(...args: readonly string[]): { status: number | null; output: string } {
  const chain = ['-issuer', join(ca.home, 'issuing.pem'), '-CAfile', join(ca.home, 'root.pem')];
  const { status, stdout, stderr } = spawnSync('openssl', ['ocsp', ...chain, ...args], {
    cwd: directory.path,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

const ask = (name: string, ...args: readonly string[]) =>
  openssl('-url', url(), ...args, '-cert', cert(name), '-verify_other', join(ca.home, 'issuing.pem'));

describe('openssl ocsp', () => {
  it.each([
    ['with a nonce', ['-nonce']],
    ['without a nonce', ['-no_nonce']],
    ['with SHA-256', ['-sha256', '-nonce']],
    ['with SHA-256 and no nonce', ['-sha256', '-no_nonce']],
  ])('finds a node good and a revoked one revoked, %s', (_, args) => {
    const good = ask('alpha', ...args);
    expect(good.output).toContain('Response verify OK');
    expect(good.output).toMatch(/cert\.pem: good/);
    expect(good.output).not.toMatch(/WARNING|Nonce Verify error/);
    const revoked = ask('bravo', ...args);
    expect(revoked.output).toContain('Response verify OK');
    expect(revoked.output).toMatch(/cert\.pem: revoked/);
    expect(revoked.output).toContain('Reason: keyCompromise');
  });

  it('finds a serial that was never issued unknown, and gets no answer for another CA', () => {
    const stranger = openssl('-url', url(), '-serial', '0x4142', '-no_nonce');
    expect(stranger.output).toMatch(/0x4142: unknown/);
    const root = ['-issuer', join(ca.home, 'root.pem'), '-serial', '1', '-url', url()];
    const { stdout, stderr } = spawnSync('openssl', ['ocsp', ...root], { encoding: 'utf8' });
    expect(stdout + stderr).toContain('unauthorized (6)');
  });

  it('asks about several certificates at once', () => {
    const { output } = ask('alpha', '-cert', cert('bravo'));
    expect(output).toMatch(/alpha\/cert\.pem: good/);
    expect(output).toMatch(/bravo\/cert\.pem: revoked/);
  });

  it('takes the answer to its own request by GET, and caches may keep it', async () => {
    openssl('-cert', cert('alpha'), '-no_nonce', '-reqout', 'asked.der');
    const asked = await readFile(join(directory.path, 'asked.der'));
    const answer = await fetch(`${url()}/${encodeURIComponent(asked.toString('base64'))}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toMatch(/^max-age=300, public/);
    await writeFile(join(directory.path, 'answer.der'), Buffer.from(await answer.arrayBuffer()));
    const read = openssl('-respin', 'answer.der', '-cert', cert('alpha'), '-no_nonce');
    expect(read.output).toContain('Response verify OK');
    expect(read.output).toMatch(/cert\.pem: good/);
  });

  it('finds the responder where the certificate says', () => {
    const { stdout } = spawnSync('openssl', ['x509', '-in', cert('alpha'), '-noout', '-ocsp_uri'], {
      encoding: 'utf8',
    });
    expect(stdout.trim()).toBe(url());
  });
});

describe('lifesign pki ocsp', () => {
  it('exits 0 for a good certificate and 1 for a revoked one', async () => {
    expect(await runJson(ca.home, ['pki', 'ocsp', cert('alpha')])).toMatchObject({
      status: 'good',
      expired: false,
      nonce: true,
      url: url(),
    });
    const revoked = await runJson(ca.home, ['pki', 'ocsp', cert('bravo')], { code: 1 });
    expect(revoked).toMatchObject({ status: 'revoked', reason: 'keyCompromise' });
    const shown = await runOn(ca.home, ['pki', 'ocsp', cert('alpha')]);
    expect(shown.stdout).toMatch(/^[0-9a-f]{32} is good$/m);
  });

  it('needs no CA home where the issuer is named', async () => {
    const chain = join(directory.path, 'alpha', 'chain.pem');
    const answer = await runJson(join(directory.path, 'none'), [
      'pki',
      'ocsp',
      cert('alpha'),
      '--issuer',
      chain,
    ]);
    expect(answer).toMatchObject({ status: 'good' });
  });

  it.each([
    ['another issuer', () => ['--issuer', join(ca.home, 'root.pem')], 'LS_TRUST_UNKNOWN_ISSUER', 6],
    ['a port where nobody listens', () => ['--url', 'http://127.0.0.1:1/ocsp'], 'LS_OCSP_UNREACHABLE', 4],
    ['a server that is no responder', () => ['--url', `${url()}x`], 'LS_OCSP_UNREACHABLE', 4],
    ['a URL with TLS', () => ['--url', 'https://127.0.0.1:1/ocsp'], 'LS_CONFIG_URL', 3],
  ] as const)('says why it cannot tell: %s', async (_, args, code, exit) => {
    const refused = await runJson(ca.home, ['pki', 'ocsp', cert('alpha'), ...args()], { code: exit });
    expect(refused).toMatchObject({ error: { code } });
  });

  it('exits 2 when the responder gives no answer', async () => {
    const busy = await answering(Buffer.from(encodeOcspError('tryLater')));
    try {
      const asked = ['pki', 'ocsp', cert('alpha'), '--url', busy.url];
      expect(await runJson(ca.home, asked, { code: 2 })).toMatchObject({ error: { code: 'LS_OCSP_STATUS' } });
    } finally {
      busy.server.close();
    }
  });
});

/** A responder that says the same to everybody. */
async function answering(body: Buffer): Promise<{ server: Server; url: string }> {
  const made = createServer((_, response) => response.end(body));
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { server: made, url: `http://127.0.0.1:${port}/` };
}
