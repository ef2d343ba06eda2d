import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  callSocket,
  fileDirectory,
  initCaHome,
  runJson,
  runOn,
  serveCaHome,
  type CaHomeOnDisk,
} from '../support/ca-process.ts';
import { freePort } from '../support/free-port.ts';
import { startLifesign, type RunningProgram } from '../support/process.ts';

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

async function enroll(name: string): Promise<string> {
  const { json } = await callSocket(ca.home, 'POST', '/v1/tokens', { name });
  const home = join(directory.path, name);
  await runJson(home, ['node', 'enroll', String(json['token']), '--listen', `127.0.0.1:${await freePort()}`]);
  return home;
}

async function verifyWithOpenssl(home: string): Promise<void> {
  const at = (name: string): string => join(home, name);
  const args = ['-CAfile', at('root.pem'), '-untrusted', at('chain.pem'), at('cert.pem')];
  expect((await run('openssl', ['verify', '-x509_strict', ...args])).stdout).toContain('OK');
  const ofKey = await run('openssl', ['pkey', '-in', at('key.pem'), '-pubout']);
  const ofCertificate = await run('openssl', ['x509', '-in', at('cert.pem'), '-noout', '-pubkey']);
  expect(ofKey.stdout).toBe(ofCertificate.stdout);
}

describe('node renew', () => {
  it('replaces key and certificate of a home whose node does not run, time and again', async () => {
    const home = await enroll('alpha');
    const keys = [await readFile(join(home, 'key.pem'), 'utf8')];
    for (let round = 0; round < 2; round++) {
      const renewed = await runJson<{ name: string; serial: string }>(home, ['node', 'renew']);
      expect(renewed.name).toBe('alpha');
      keys.push(await readFile(join(home, 'key.pem'), 'utf8'));
      await verifyWithOpenssl(home);
      const shown = await callSocket(ca.home, 'GET', `/v1/nodes/${renewed.serial}`);
      expect(shown.json['name']).toBe('alpha');
    }
    expect(new Set(keys).size).toBe(3);
  });

  it('goes through the running node, which keeps its identity', async () => {
    const home = await enroll('bravo');
    await using node = startLifesign(['--home', home, 'node', 'run'], { timeoutMs: 120_000 });
    await node.line(/listens on/);
    const before = await readFile(join(home, 'key.pem'), 'utf8');
    const renewed = await runJson<{ serial: string }>(home, ['node', 'renew']);
    expect(renewed.serial).toMatch(/^[0-9a-f]{32}$/);
    expect(await readFile(join(home, 'key.pem'), 'utf8')).not.toBe(before);
    await verifyWithOpenssl(home);
    expect((await node.kill('SIGTERM'))?.code).toBe(143);
  });

  it('is refused for a revoked node, which keeps what it has', async () => {
    const home = await enroll('charlie');
    const before = await readFile(join(home, 'cert.pem'), 'utf8');
    await callSocket(ca.home, 'POST', '/v1/nodes/charlie/revoke', {});
    const refused = await runOn(home, ['node', 'renew']);
    expect(refused.stderr).toMatch(/error\[LS_(TRUST_REVOKED|IDENTITY_REVOKED)\]/);
    expect(refused.code).toBe(6);
    expect(await readFile(join(home, 'cert.pem'), 'utf8')).toBe(before);
  });

  it('says that the CA is away when it is', async () => {
    const home = await enroll('delta');
    await server.kill('SIGTERM');
    const refused = await runOn(home, ['node', 'renew']);
    expect(refused.stderr).toContain('error[LS_CA_UNREACHABLE]');
    expect(refused.code).toBe(4);
    server = await serveCaHome(ca.home);
    expect((await runOn(home, ['node', 'renew'])).code).toBe(0);
  });
});
