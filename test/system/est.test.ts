import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileDirectory, initCaHome, runJson, serveCaHome, type CaHomeOnDisk } from '../support/ca-process.ts';
import type { RunningProgram } from '../support/process.ts';

interface Ran {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface EstToken {
  readonly tokenId: string;
  readonly estUser: string;
  readonly estPassword: string;
}

/** The client's own TLS stops at 1.2 unless it is told otherwise. */
const STRONGSWAN_CONF = 'pki {\n  tls {\n    version_min = 1.3\n    version_max = 1.3\n  }\n}\n';
const PKCS10 = ['-H', 'Content-Type: application/pkcs10', '--data-binary'];

/** Stock clients of RFC 7030, which share no code with us, against a real `pki serve`. */
describe('EST for stock clients', () => {
  let directory: Awaited<ReturnType<typeof fileDirectory>>;
  let ca: CaHomeOnDisk;
  let server: RunningProgram;
  const at = (file: string): string => join(directory.path, file);

  beforeAll(async () => {
    directory = await fileDirectory();
    ca = await initCaHome(at('ca'));
    server = await serveCaHome(ca.home);
    await writeFile(at('strongswan.conf'), STRONGSWAN_CONF);
    expect((await swan('--estca', '--cacert', root(), '--caout', at('est.der'))).status).toBe(0);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await directory.remove();
  });

  const root = (): string => join(ca.home, 'root.pem');
  const issuing = (): string => at('est-1.der');

  function run(command: string, args: readonly string[], input?: Uint8Array): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const env = { ...process.env, STRONGSWAN_CONF: at('strongswan.conf') };
      const child = spawn(command, args, { env, timeout: 60_000 });
      const out: Buffer[] = [];
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (status) => resolve({ status, stdout: Buffer.concat(out), stderr }));
      child.stdin.end(input);
    });
  }

  async function swan(command: string, ...args: readonly string[]): Promise<Ran> {
    return run('pki', [command, '--url', ca.url, ...args]);
  }

  async function good(command: string, args: readonly string[], input?: Uint8Array): Promise<Buffer> {
    const ran = await run(command, args, input);
    expect(ran.stderr === '' || ran.status === 0, ran.stderr).toBe(true);
    expect(ran.status).toBe(0);
    return ran.stdout;
  }

  function curl(path: string, ...args: readonly string[]): Promise<Buffer> {
    return good('curl', ['-s', '-S', '--cacert', root(), ...args, `${ca.url}/.well-known/est/${path}`]);
  }

  function token(name: string, ...options: readonly string[]): Promise<EstToken> {
    return runJson<EstToken>(ca.home, ['pki', 'token', 'create', name, ...options]);
  }

  /** A key and a request of strongSwan's own making. */
  async function swanRequest(name: string): Promise<void> {
    await writeFile(
      at(`${name}.key`),
      await good('pki', ['--gen', '--type', 'ecdsa', '--size', '256', '--outform', 'pem']),
    );
    const request = ['--req', '--type', 'ecdsa', '--in', at(`${name}.key`), '--dn', `CN=${name}`];
    await writeFile(at(`${name}.req`), await good('pki', request));
  }

  async function serialIn(certificate: Uint8Array): Promise<string> {
    return (await good('openssl', ['x509', '-noout', '-serial'], certificate)).toString().trim();
  }

  it('strongSwan enrolls and renews the same key, and trusts what it gets', async () => {
    const { estUser, estPassword } = await token('alpha', '--est', '--dns', 'alpha.mesh.internal');
    await swanRequest('alpha');
    const trust = ['--cacert', root(), '--cacert', issuing(), '--in', at('alpha.req'), '--outform', 'pem'];
    const first = await swan('--est', ...trust, '--userpass', `${estUser}:${estPassword}`);
    expect(first.stderr).toContain('Issued certificate is trusted');
    await writeFile(at('alpha.pem'), first.stdout);
    const names = await good('openssl', ['x509', '-noout', '-ext', 'subjectAltName'], first.stdout);
    expect(names.toString()).toMatch(/spiffe:\/\/mesh\.internal\/node\/alpha.*DNS:alpha\.mesh\.internal/s);
    const login = ['--cert', at('alpha.pem'), '--key', at('alpha.key')];
    const second = await swan('--est', ...trust, ...login);
    expect(second.stderr).toContain('Issued certificate is trusted');
    expect(await serialIn(second.stdout)).not.toBe(await serialIn(first.stdout));
  });

  it('strongSwan waits for an approval and gets its certificate then', async () => {
    const { tokenId, estUser, estPassword } = await token('bravo', '--est', '--require-approval');
    await swanRequest('bravo');
    const enroll = swan(
      ...(['--est', '--cacert', root(), '--cacert', issuing(), '--in', at('bravo.req')] as const),
      ...(['--outform', 'pem', '--interval', '1', '--userpass', `${estUser}:${estPassword}`] as const),
    );
    await expect
      .poll(
        async () => (await runJson<{ requests: unknown[] }>(ca.home, ['pki', 'requests', 'list'])).requests,
        {
          timeout: 20_000,
        },
      )
      .toHaveLength(1);
    await runJson(ca.home, ['pki', 'requests', 'approve', tokenId]);
    expect((await enroll).stderr).toContain('Issued certificate is trusted');
  });

  it('curl and openssl do with lines broken or not, and read the PKCS#7', async () => {
    const { estUser, estPassword } = await token('charlie', '--est');
    await good('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('c.key')]);
    const der = await good('openssl', [
      'req',
      '-new',
      '-key',
      at('c.key'),
      '-subj',
      '/CN=charlie',
      '-outform',
      'DER',
    ]);
    await writeFile(at('one.b64'), der.toString('base64'));
    await writeFile(at('many.b64'), (der.toString('base64').match(/.{1,64}/g) ?? []).join('\r\n'));
    const user = ['-u', `${estUser}:${estPassword}`];
    const answers = [];
    for (const file of ['one.b64', 'many.b64'])
      answers.push((await curl('simpleenroll', ...user, ...PKCS10, `@${at(file)}`)).toString());
    expect(answers[0]).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
    expect(answers[1]).toBe(answers[0]);
    const pkcs7 = Buffer.from(answers[0] ?? '', 'base64');
    const certificate = await good('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], pkcs7);
    await writeFile(at('c.pem'), certificate);
    const login = ['--cert', at('c.pem'), '--key', at('c.key')];
    const renewed = await curl('simplereenroll', ...login, ...PKCS10, `@${at('one.b64')}`);
    const read = ['pkcs7', '-inform', 'DER', '-print_certs'];
    const again = await good('openssl', read, Buffer.from(renewed.toString(), 'base64'));
    expect(await serialIn(again)).not.toBe(await serialIn(certificate));
  });

  it('serves CA certificates and request attributes with the header names of the RFC', async () => {
    const answer = (await curl('cacerts', '-i', '--http1.1')).toString();
    expect(answer).toContain('Content-Type: application/pkcs7-mime; smime-type=certs-only\r\n');
    expect(answer).toContain('Content-Transfer-Encoding: base64\r\n');
    const pkcs7 = Buffer.from(answer.split('\r\n\r\n')[1] ?? '', 'base64');
    const shown = (
      await good('openssl', ['pkcs7', '-inform', 'DER', '-print_certs', '-noout'], pkcs7)
    ).toString();
    expect(shown).toMatch(/subject=CN = mesh\.internal root CA/);
    expect(shown).toMatch(/subject=CN = mesh\.internal issuing CA/);
    const attributes = Buffer.from((await curl('csrattrs')).toString(), 'base64');
    const parsed = await good('openssl', ['asn1parse', '-inform', 'DER'], attributes);
    expect(parsed.toString()).toMatch(/id-ecPublicKey[^]*prime256v1[^]*ecdsa-with-SHA256/);
  });

  it('refuses with a code whoever does not come as it has to', async () => {
    const { estUser, estPassword } = await token('delta', '--est');
    const plain = await runJson<{ tokenId: string }>(ca.home, ['pki', 'token', 'create', 'echo']);
    const csr = await readFile(at('one.b64'), 'utf8');
    const user = (name: string, password: string) => ['-u', `${name}:${password}`];
    const login = ['--cert', at('c.pem'), '--key', at('c.key')];
    for (const [path, code, ...args] of [
      ['simpleenroll', 'LS_EST_AUTHENTICATION', ...PKCS10, csr],
      ['simpleenroll', 'LS_EST_AUTHENTICATION', ...user('delta', estPassword), ...PKCS10, csr],
      ['simpleenroll', 'LS_EST_AUTHENTICATION', ...user(estUser, 'A'.repeat(43)), ...PKCS10, csr],
      ['simpleenroll', 'LS_EST_AUTHENTICATION', ...user(plain.tokenId, 'A'.repeat(43)), ...PKCS10, csr],
      ['simpleenroll', 'LS_TOKEN_WRONG_NAME', ...user(estUser, estPassword), ...PKCS10, csr],
      ['simpleenroll', 'LS_EST_BODY', ...user(estUser, estPassword), ...PKCS10, 'not base64!'],
      ['simpleenroll', 'LS_CSR_MALFORMED', ...user(estUser, estPassword), ...PKCS10, 'AAAA'],
      ['simpleenroll', 'LS_API_TOO_LARGE', ...user(estUser, estPassword), ...PKCS10, 'A'.repeat(30_000)],
      ['simpleenroll', 'LS_API_MEDIA_TYPE', ...user(estUser, estPassword), '--data-binary', csr],
      ['simplereenroll', 'LS_API_NO_CERTIFICATE', ...PKCS10, csr],
      ['simplereenroll', 'LS_EST_NEW_KEY', ...login, ...PKCS10, await base64Of('alpha.req')],
      ['fullcmc', 'LS_API_NOT_FOUND', ...PKCS10, csr],
    ] as const) {
      const answer = JSON.parse((await curl(path, ...args)).toString()) as { readonly code: string };
      expect(answer.code, args.join(' ').slice(0, 60)).toBe(code);
    }
  });

  async function base64Of(file: string): Promise<string> {
    return (await readFile(at(file))).toString('base64');
  }
});
