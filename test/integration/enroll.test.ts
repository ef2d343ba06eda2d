import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeToken, encodeToken, tokenBinding, type EnrollmentToken } from '../../src/authority/index.ts';
import { utf8, type NodeName, type Signer } from '../../src/std/index.ts';
import { testCsr } from '../support/ca.ts';
import { callTls } from '../support/ca-http.ts';
import {
  callSocket,
  fileDirectory,
  initCaHome,
  runJson,
  runOn,
  serveCaHome,
  type CaHomeOnDisk,
} from '../support/ca-process.ts';
import { testCrypto, testKey } from '../support/crypto.ts';
import { freePort } from '../support/free-port.ts';
import { startLossyProxy } from '../support/lossy-proxy.ts';
import { lifesign, type Ending, type RunningProgram } from '../support/process.ts';
import { valueOf } from '../support/result.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
let directory: Awaited<ReturnType<typeof fileDirectory>>;
let ca: CaHomeOnDisk;
let server: RunningProgram;

beforeAll(async () => {
  directory = await fileDirectory();
  ca = await initCaHome(join(directory.path, 'ca'));
  server = await serveCaHome(ca.home);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await directory.remove();
});

async function newToken(name: string, more: object = {}): Promise<string> {
  const { json } = await callSocket(ca.home, 'POST', '/v1/tokens', { name, ...more });
  return String(json['token']);
}

function altered(token: string, change: Partial<EnrollmentToken>): string {
  return encodeToken({ ...valueOf(decodeToken(token)), ...change });
}

/** `node enroll` in a fresh directory. */
async function enroll(token: string, args: readonly string[] = []): Promise<Ending & { cwd: string }> {
  const cwd = await tempDir();
  return { ...(await lifesign(['--json', 'node', 'enroll', token, ...args], { cwd })), cwd };
}

function codeOf(ending: Ending): unknown {
  return (JSON.parse(ending.stderr) as { error: { code: string } }).error.code;
}

/** What `node enroll` sends, made by hand. */
function requestFor(token: string, key: Signer, csr?: (csr: Uint8Array) => void): object {
  const { tokenId, secret, name } = valueOf(decodeToken(token));
  const der = testCsr(key, name, tokenBinding(testCrypto, secret, key.spki));
  csr?.(der);
  return {
    tokenId,
    secret: Buffer.from(secret).toString('base64'),
    csr: Buffer.from(der).toString('base64'),
  };
}

describe('node enroll', () => {
  it('makes a whole home that openssl agrees with', async () => {
    const { code, stdout, cwd } = await enroll(await newToken('alpha', { dns: ['alpha.mesh.internal'] }));
    expect(code).toBe(0);
    const home = join(cwd, 'certs', 'alpha');
    const told = JSON.parse(stdout) as Record<string, string>;
    expect(told).toMatchObject({ home, name: 'alpha' });
    expect(told['nodeId']).toMatch(/^[0-9a-f]{32}$/);
    expect(told['notAfter']).toMatch(/^\d{4}-.*Z$/);
    expect((await readdir(home)).sort()).toEqual(
      [
        'cert.pem',
        'chain.pem',
        'crl',
        'key.pem',
        'lock',
        'lock.pid',
        'node.yaml',
        'root.pem',
        'roster.cose',
      ].sort(),
    );
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    expect((await stat(join(home, 'key.pem'))).mode & 0o777).toBe(0o600);
    const at = (name: string): string => join(home, name);
    await run('openssl', ['crl', '-inform', 'der', '-in', at('crl/issuing.crl'), '-out', at('issuing.pem')]);
    await run('openssl', ['crl', '-inform', 'der', '-in', at('crl/root.crl'), '-out', at('root-crl.pem')]);
    const verified = await run('openssl', [
      ...['verify', '-x509_strict', '-crl_check_all', '-extended_crl', '-purpose', 'sslclient'],
      ...['-CAfile', at('root.pem'), '-untrusted', at('chain.pem')],
      ...['-CRLfile', at('issuing.pem'), '-CRLfile', at('root-crl.pem'), at('cert.pem')],
    ]);
    expect(verified.stdout).toContain('OK');
    const text = await run('openssl', ['x509', '-in', at('cert.pem'), '-noout', '-text']);
    expect(text.stdout).toContain('URI:spiffe://mesh.internal/node/alpha');
    expect(text.stdout).toContain('DNS:alpha.mesh.internal');
    expect(text.stdout.toLowerCase()).toContain(`serialnumber = ${told['nodeId']}`);
  });

  it('leaves an existing home as it is', async () => {
    const token = await newToken('bravo');
    const { cwd } = await enroll(token);
    const config = await readFile(join(cwd, 'certs/bravo/node.yaml'));
    const key = await readFile(join(cwd, 'certs/bravo/key.pem'));
    const again = await lifesign(['--json', 'node', 'enroll', await newToken('bravo', { replace: true })], {
      cwd,
    });
    expect(again.code).toBe(3);
    expect(codeOf(again)).toBe('LS_NODE_EXISTS');
    expect(await readFile(join(cwd, 'certs/bravo/node.yaml'))).toEqual(config);
    expect(await readFile(join(cwd, 'certs/bravo/key.pem'))).toEqual(key);
  });

  it('takes the token from standard input and from a file', async () => {
    const cwd = await tempDir();
    const piped = await lifesign(['node', 'enroll', '-'], { cwd, input: `  ${await newToken('golf')}\n` });
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    await writeFile(join(cwd, 'token'), `${await newToken('hotel')}\n`);
    const read = await lifesign(['node', 'enroll', '@token', '--listen', '127.0.0.1:9001'], { cwd });
    expect(read.code).toBe(0);
    expect(read.stdout).toContain('node run');
    expect((await readdir(join(cwd, 'certs'))).sort()).toEqual(['golf', 'hotel']);
  });

  it('works in a home whose path has spaces, Unicode and 120 characters', async () => {
    const cwd = await tempDir();
    const home = join(cwd, 'Größe mit Leerzeichen ✓ '.padEnd(130 - cwd.length, 'x'));
    const ending = await lifesign(['--home', home, 'node', 'enroll', await newToken('india')], { cwd });
    expect(ending).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(join(home, 'node.yaml'), 'utf8')).toContain('control_socket: ');
  });

  it.each([
    ['a word that is no token', () => Promise.resolve('hello'), 'LS_TOKEN_MALFORMED', 3],
    ['a token cut short', async () => (await newToken('cut')).slice(0, -3), 'LS_TOKEN_MALFORMED', 3],
    [
      'a token that this CA does not know',
      async () => altered(await newToken('unknown'), { tokenId: '0a'.repeat(16) }),
      'LS_TOKEN_UNKNOWN',
      6,
    ],
    [
      'a token with another secret',
      async () => altered(await newToken('secret'), { secret: new Uint8Array(32) }),
      'LS_TOKEN_UNKNOWN',
      6,
    ],
    [
      'a token for another name',
      async () => altered(await newToken('name-a'), { name: 'name-b' as NodeName }),
      'LS_TOKEN_WRONG_NAME',
      6,
    ],
    [
      'a token of another CA',
      async () => altered(await newToken('pinned'), { rootSha256: testCrypto.sha256(utf8('another root')) }),
      'LS_TRUST_PIN',
      6,
    ],
    [
      'a CA that is not there',
      async () => altered(await newToken('away'), { urls: [`https://127.0.0.1:${await freePort()}`] }),
      'LS_CA_UNREACHABLE',
      4,
    ],
    [
      'a CA under a host that its certificate does not have',
      async () => altered(await newToken('host'), { urls: [`https://localhost:${ca.port}`] }),
      'LS_TRUST_HOST',
      6,
    ],
    [
      'a server that does not speak TLS',
      async () => altered(await newToken('plain'), { urls: [`https://127.0.0.1:${ca.crlPort}`] }),
      'LS_API_RESPONSE',
      4,
    ],
  ])('refuses %s and leaves nothing behind', async (_, makeToken, code, exit) => {
    const ending = await enroll(await makeToken());
    expect(codeOf(ending)).toBe(code);
    expect(ending).toMatchObject({ code: exit, stdout: '' });
    const left = await readdir(ending.cwd, { recursive: true });
    expect(left.filter((entry) => entry.endsWith('key.pem'))).toEqual([]);
  });

  it('refuses a spent token with another key, and an expired one', async () => {
    const token = await newToken('charlie', { ttlMs: 4_000 });
    const born = Date.now();
    expect(
      (await callTls(ca.port, 'POST', '/v1/enroll', { body: requestFor(token, testKey()) })).status,
    ).toBe(200);
    const spent = await enroll(token);
    expect(codeOf(spent)).toBe('LS_TOKEN_SPENT');
    expect(spent.code).toBe(6);
    const late = await newToken('delta', { ttlMs: 1_000 });
    await sleep(Math.max(0, 1_200 - (Date.now() - born)) + 1_200);
    const expired = await enroll(late);
    expect(codeOf(expired)).toBe('LS_TOKEN_EXPIRED');
    expect(expired.code).toBe(6);
  });

  it('wants to know under which address others reach a wildcard', async () => {
    const token = await newToken('echo');
    const refused = await enroll(token, ['--listen', '0.0.0.0:8450']);
    expect(codeOf(refused)).toBe('LS_CONFIG_ADVERTISE');
    expect(refused.code).toBe(3);
    const taken = await enroll(token, ['--listen', '[::]:8450', '--advertise', 'echo.example:8450']);
    expect(taken.code).toBe(0);
  });

  it('gets the same certificate when the answer was lost and the command is run again', async () => {
    const proxy = await startLossyProxy(ca.port);
    try {
      const token = altered(await newToken('foxtrot'), { urls: [`https://127.0.0.1:${proxy.port}`] });
      const cwd = await tempDir();
      proxy.cutAfterBytes = 6_000;
      const lost = await lifesign(['--json', 'node', 'enroll', token], { cwd });
      expect(codeOf(lost)).toBe('LS_API_NO_ANSWER');
      expect(lost.code).toBe(4);
      expect(await readdir(cwd)).toEqual(['certs']);
      const { certificates } = await runJson<{ certificates: { name: string; serial: string }[] }>(ca.home, [
        'pki',
        'list',
      ]);
      const issued = certificates.filter(({ name }) => name === 'foxtrot');
      expect(issued).toHaveLength(1);
      proxy.cutAfterBytes = Infinity;
      const again = await lifesign(['--json', 'node', 'enroll', token], { cwd });
      expect(again.code).toBe(0);
      expect((JSON.parse(again.stdout) as { serial: string }).serial).toBe(issued[0]?.serial);
      expect(await readdir(join(cwd, 'certs'))).toEqual(['foxtrot']);
    } finally {
      proxy.close();
    }
  });

  it('killed at any moment leaves no home that looks complete, and works when run again', async () => {
    const cwd = await tempDir();
    await mkdir(join(cwd, 'certs'));
    const token = await newToken('juliet');
    for (const delayMs of [300, 700, 1_000, 1_300]) {
      await lifesign(['node', 'enroll', token], { cwd, timeoutMs: delayMs });
      if ((await readdir(join(cwd, 'certs'))).includes('juliet')) break;
    }
    const last = await lifesign(['node', 'enroll', token], { cwd });
    expect([0, 3]).toContain(last.code);
    expect(await readdir(join(cwd, 'certs'))).toEqual(['juliet']);
    expect(await readdir(join(cwd, 'certs/juliet'))).toContain('node.yaml');
  });
});

describe('POST /v1/enroll', () => {
  it('gives a token to one of many keys that come at once', async () => {
    const token = await newToken('kilo');
    const answers = await Promise.all(
      Array.from({ length: 24 }, () =>
        callTls(ca.port, 'POST', '/v1/enroll', { body: requestFor(token, testKey()) }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refusals = answers.filter(({ status }) => status !== 200);
    expect(new Set(refusals.map(({ json }) => json['code']))).toEqual(new Set(['LS_TOKEN_SPENT']));
  });

  it('gives one certificate to one key however often it asks at once', async () => {
    const token = await newToken('lima');
    const key = testKey();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        callTls(ca.port, 'POST', '/v1/enroll', { body: requestFor(token, key) }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
    const leaves = answers.map(({ json }) =>
      createHash('sha256')
        .update(String((json['chain'] as string[])[0]))
        .digest('hex'),
    );
    expect(new Set(leaves).size).toBe(1);
  });

  it('refuses a request that does not prove it has the key', async () => {
    const token = await newToken('mike');
    const forged = requestFor(token, testKey(), (csr) => {
      csr[csr.length - 1] = (csr[csr.length - 1] ?? 0) ^ 1;
    });
    const { status, json } = await callTls(ca.port, 'POST', '/v1/enroll', { body: forged });
    expect(json['code']).toMatch(/^LS_CSR_(PROOF|MALFORMED)$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(
      (await callTls(ca.port, 'POST', '/v1/enroll', { body: requestFor(token, testKey()) })).status,
    ).toBe(200);
  });

  it('refuses a key that the holder of the token did not bind', async () => {
    const token = await newToken('november');
    const key = testKey();
    const { name } = valueOf(decodeToken(token));
    const stolen = testCsr(key, name, tokenBinding(testCrypto, new Uint8Array(32), key.spki));
    const body = { ...requestFor(token, key), csr: Buffer.from(stolen).toString('base64') };
    const { status, json } = await callTls(ca.port, 'POST', '/v1/enroll', { body });
    expect(json['code']).toBe('LS_TOKEN_BINDING');
    expect(status).toBe(403);
  });
});

describe('administration without a server', () => {
  it('is refused while a server holds the home in another way, and shows what runOn prints', async () => {
    const second = await runOn(ca.home, ['pki', 'serve']);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain('error[LS_HOME_LOCKED]');
    expect(second.stderr).toContain(`process ${server.pid}`);
  });
});
