import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signSuccessor } from '../../src/heartbeat/index.ts';
import { generateKey } from '../../src/io/index.ts';
import { domainIdOf, parseNodeId, unixMs } from '../../src/std/index.ts';
import { certIdOfCertificate, parseCertificate } from '../../src/x509/index.ts';
import { testCsr } from '../support/ca.ts';
import { callTls, openFeed, type TlsCaller } from '../support/ca-http.ts';
import {
  callSocket,
  fileDirectory,
  initCaHome,
  PASSPHRASE,
  runJson,
  runOn,
  serveCaHome,
  type CaHomeOnDisk,
} from '../support/ca-process.ts';
import { testCrypto } from '../support/crypto.ts';
import { faultLine } from '../support/fault-line.ts';
import { startLifesign, type RunningProgram } from '../support/process.ts';
import { valueOf } from '../support/result.ts';
import { base64, enrollTlsMember, type TlsMember } from '../support/tls-identity.ts';

const run = promisify(execFile);
const WITH_PASSPHRASE = { LIFESIGN_PASSPHRASE: PASSPHRASE };
let directory: Awaited<ReturnType<typeof fileDirectory>>;
let ca: CaHomeOnDisk;
let server: RunningProgram;
let operator: TlsCaller;

beforeAll(async () => {
  directory = await fileDirectory();
  ca = await initCaHome(join(directory.path, 'ca'));
  operator = await issueOperator(ca.home, 'olivia');
  server = await serveCaHome(ca.home);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await directory.remove();
});

async function issueOperator(home: string, name: string): Promise<TlsCaller & { readonly serial: string }> {
  const place = join(directory.path, `operator-${name}`);
  const made = await runJson<Record<'serial' | 'key' | 'cert', string>>(home, [
    'pki',
    'operator',
    'create',
    name,
    '-o',
    place,
  ]);
  expect((await readdir(place)).sort()).toEqual(['cert.pem', 'key.pem', 'root.pem']);
  expect((await stat(made.key)).mode & 0o777).toBe(0o600);
  const [key, cert] = await Promise.all([readFile(made.key, 'utf8'), readFile(made.cert, 'utf8')]);
  return { key, cert, serial: made.serial };
}

function post(path: string, caller?: TlsCaller, body?: object) {
  return callTls(ca.port, 'POST', path, { caller, body });
}

describe('pki serve', () => {
  it('says where it listens, the fingerprint and what to type next', () => {
    expect(server.stdout).toContain(ca.url);
    expect(server.stdout).toContain(`127.0.0.1:${ca.crlPort}`);
    expect(server.stdout).toContain(ca.rootSha256);
    expect(server.stdout).toContain('pki token create NAME');
  });

  it('presents a chain up to the root that openssl accepts, over TLS 1.3 only', async () => {
    const at = ['-connect', `127.0.0.1:${ca.port}`, '-CAfile', join(ca.home, 'root.pem')];
    const { stdout } = await run('sh', [
      '-c',
      `openssl s_client ${at.join(' ')} -verify_ip 127.0.0.1 -verify_return_error -showcerts </dev/null`,
    ]);
    expect(stdout).toContain('Verify return code: 0 (ok)');
    expect(stdout).toContain('TLSv1.3');
    expect(stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    await expect(run('sh', ['-c', `openssl s_client ${at.join(' ')} -tls1_2 </dev/null`])).rejects.toThrow();
  });

  it('serves CRLs in the clear that openssl verifies, and nothing else there', async () => {
    const url = `http://127.0.0.1:${ca.crlPort}`;
    for (const [file, issuer] of [
      ['issuing.crl', 'issuing.pem'],
      ['root.crl', 'root.pem'],
    ] as const) {
      const answer = await fetch(`${url}/crl/${file}`);
      expect(answer.headers.get('content-type')).toBe('application/pkix-crl');
      const path = join(directory.path, file);
      await writeFile(path, new Uint8Array(await answer.arrayBuffer()));
      await run('openssl', [
        'crl',
        '-inform',
        'der',
        '-in',
        path,
        '-CAfile',
        join(ca.home, issuer),
        '-verify',
        '-noout',
      ]);
    }
    expect((await fetch(`${url}/v1/bundle`)).status).toBe(404);
    expect((await fetch(`${url}/v1/tokens`, { method: 'POST' })).status).toBe(404);
  });

  it('is healthy and ready', async () => {
    expect((await callTls(ca.port, 'GET', '/healthz')).json).toEqual({ status: 'ok' });
    expect((await callTls(ca.port, 'GET', '/readyz')).json).toMatchObject({ status: 'ready' });
  });

  it('keeps its control socket to its user', async () => {
    expect((await stat(join(ca.home, 'control.sock'))).mode & 0o777).toBe(0o600);
  });

  it('logs neither tokens nor secrets', async () => {
    const { json } = await callSocket(ca.home, 'POST', '/v1/tokens', { name: 'quiet' });
    await server.errorLine(/token-created.*quiet/);
    expect(server.stderr).not.toContain(String(json['token']).slice(20, 60));
  });
});

describe('who may call', () => {
  let member: TlsMember;
  beforeAll(async () => {
    member = await enrollTlsMember(ca.home, 'alpha');
  });

  it.each([
    ['POST', '/v1/ack', { crlNumber: 1, rosterNumber: 1 }],
    ['POST', '/v1/activate', { address: null }],
    ['POST', '/v1/reenroll', { csr: '', successor: '' }],
    ['GET', '/v1/feed', undefined],
    ['GET', '/v1/tokens', undefined],
    ['POST', '/v1/nodes/alpha/revoke', {}],
    ['POST', '/v1/crl/publish', undefined],
  ])('%s %s needs a client certificate', async (method, path, body) => {
    const { status, json } = await callTls(ca.port, method, path, { body });
    expect([status, json['code']]).toEqual([401, 'LS_API_NO_CERTIFICATE']);
  });

  it('a node may do what nodes do and nothing of an operator', async () => {
    expect(await post('/v1/activate', member.caller, { address: '127.0.0.1:9000' })).toMatchObject({
      status: 200,
    });
    expect(await post('/v1/ack', member.caller, { crlNumber: 1, rosterNumber: 1 })).toMatchObject({
      status: 204,
    });
    const refused = [
      await callTls(ca.port, 'GET', '/v1/tokens', { caller: member.caller }),
      await post('/v1/tokens', member.caller, { name: 'evil' }),
      await post('/v1/nodes/alpha/revoke', member.caller, {}),
    ];
    for (const { status, json } of refused)
      expect([status, json['code']]).toEqual([403, 'LS_TRUST_WRONG_ROLE']);
  });

  it('an operator may administer and is no node', async () => {
    expect((await callTls(ca.port, 'GET', '/v1/tokens', { caller: operator })).status).toBe(200);
    const asNode = await post('/v1/activate', operator, { address: null });
    expect([asNode.status, asNode.json['code']]).toEqual([403, 'LS_TRUST_WRONG_ROLE']);
  });

  it('an operator is made by who may open the control socket, not by operators, and can be revoked', async () => {
    const kim = await issueOperator(ca.home, 'kim');
    expect((await callTls(ca.port, 'GET', '/v1/tokens', { caller: kim })).status).toBe(200);
    const csr = base64(testCsr(generateKey('ES256').signer, 'eve'));
    const minted = await post('/v1/operators', kim, { name: 'eve', csr });
    expect([minted.status, minted.json['code']]).toEqual([404, 'LS_API_NOT_FOUND']);
    const again = ['pki', 'operator', 'create', 'kim', '-o', join(directory.path, 'operator-kim')];
    expect(await runJson(ca.home, again, { code: 3 })).toMatchObject({
      error: { code: 'LS_OPERATOR_EXISTS' },
    });
    const misnamed = ['pki', 'operator', 'create', 'Kim', '-o', join(directory.path, 'operator-Kim')];
    expect(await runJson(ca.home, misnamed, { code: 3 })).toMatchObject({
      error: { code: 'LS_NAME_INVALID' },
    });

    await runJson(ca.home, ['pki', 'revoke', 'kim', '--only-serial', kim.serial], { code: 2 });
    const { status, json } = await callTls(ca.port, 'GET', '/v1/tokens', { caller: kim });
    expect([status, json['code']]).toEqual([403, 'LS_TRUST_REVOKED']);
    expect((await callTls(ca.port, 'GET', '/v1/tokens', { caller: operator })).status).toBe(200);
  });

  it('a certificate of another CA of the same name is refused', async () => {
    const other = await initCaHome(join(directory.path, 'ca-stranger'));
    await using stranger = await serveCaHome(other.home);
    const { caller } = await enrollTlsMember(other.home, 'alpha');
    expect(stranger.pid).not.toBe(server.pid);
    const { status, json } = await post('/v1/activate', caller, { address: null });
    expect([status, json['code']]).toEqual([403, 'LS_TRUST_UNKNOWN_ISSUER']);
  });

  it('a request above the body limit is refused before it is read', async () => {
    const { status, json } = await post('/v1/enroll', undefined, { csr: 'A'.repeat(100_000) });
    expect([status, json['code']]).toEqual([413, 'LS_API_TOO_LARGE']);
  });
});

describe('renewal', () => {
  it('gives a new certificate for a new key with a statement of the old one, and refuses one without', async () => {
    const member = await enrollTlsMember(ca.home, 'renewer');
    const next = generateKey('ES256');
    const csr = base64(testCsr(next.signer, 'renewer'));
    const old = valueOf(parseCertificate(member.chain[0] ?? new Uint8Array()));
    const bundle = await callTls(ca.port, 'GET', '/v1/bundle');
    const domainId = domainIdOf(new Uint8Array(Buffer.from(String(bundle.json['domainId']), 'hex')));
    const nodeId = parseNodeId(member.nodeId);
    if (domainId === undefined || nodeId === undefined) throw new Error('no ids');
    const statement = {
      certId: certIdOfCertificate(old, testCrypto),
      nodeId,
      oldSpkiHash: testCrypto.sha256(member.key.signer.spki),
      newSpki: next.signer.spki,
      tMs: unixMs(Date.now()),
      ext: new Map(),
    };
    const byStranger = signSuccessor(statement, next.signer, domainId, testCrypto).bytes;
    const refused = await post('/v1/reenroll', member.caller, { csr, successor: base64(byStranger) });
    expect(refused.json['code']).toBe('LS_REENROLL_SUCCESSOR');
    const { bytes } = signSuccessor(statement, member.key.signer, domainId, testCrypto);
    const renewed = await post('/v1/reenroll', member.caller, { csr, successor: base64(bytes) });
    expect(renewed.status).toBe(200);
    expect(renewed.json['serial']).not.toBe(member.serial);
  });
});

describe('the feed', () => {
  it('starts with what the node is behind on and tells of revocations at once; a revoked node is cut and refused', async () => {
    const [good, bad] = [await enrollTlsMember(ca.home, 'good'), await enrollTlsMember(ca.home, 'bad')];
    const hears = await openFeed(ca.port, good.caller);
    await hears.said(/event: crl\n[^]*event: roster\n[^]*event: seeds\n/);
    const cut = await openFeed(
      ca.port,
      bad.caller,
      '?crlNumber=9007199254740991&rosterNumber=9007199254740991',
    );
    await cut.said(/event: seeds/);
    // That of the root, which goes to everybody; none of those that this node has.
    expect(cut.text().match(/event: crl/g)).toHaveLength(1);
    const before = hears.text().length;
    const revoked = await callSocket(ca.home, 'POST', '/v1/nodes/bad/revoke', {});
    expect(revoked.status).toBe(200);
    await cut.ended;
    // That of the root, which goes to everybody; none of those that this node has.
    expect(cut.text().match(/event: crl/g)).toHaveLength(1);
    await hears.said(new RegExp(`^[^]{${before}}[^]*event: crl\ndata: {"delta":true[^]*event: roster`));
    await expect(openFeed(ca.port, bad.caller)).rejects.toThrow('403');
    const refused = await post('/v1/activate', bad.caller, { address: null });
    expect([refused.status, refused.json['code']]).toEqual([403, 'LS_TRUST_REVOKED']);
    hears.close();
  });

  it('of a removed node is cut, although its certificate was not revoked', async () => {
    const gone = await enrollTlsMember(ca.home, 'gone');
    const feed = await openFeed(ca.port, gone.caller);
    await callSocket(ca.home, 'POST', '/v1/nodes/gone/remove');
    await feed.ended;
    const refused = await post('/v1/ack', gone.caller, { crlNumber: 1, rosterNumber: 1 });
    expect([refused.status, refused.json['code']]).toEqual([403, 'LS_IDENTITY_REMOVED']);
  });

  it('gives no revoked node a way back through a TLS session from before', async () => {
    const node = await enrollTlsMember(ca.home, 'session');
    const feed = await openFeed(ca.port, node.caller);
    const session = feed.session();
    await callSocket(ca.home, 'POST', '/v1/nodes/session/revoke', {});
    await feed.ended;
    const isReused = await new Promise<boolean>((resolve, reject) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port: ca.port,
          rejectUnauthorized: false,
          ...(session === undefined ? {} : { session }),
        },
        () => {
          resolve(socket.isSessionReused());
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
    expect(isReused).toBe(false);
    const tls = session === undefined ? {} : { session };
    const { json } = await callTls(ca.port, 'GET', '/v1/feed', { tls });
    expect(json['code']).toBe('LS_API_NO_CERTIFICATE');
  });

  it('reports spread: mesh as soon as enough active members have confirmed', async () => {
    const members = [];
    for (const name of ['m1', 'm2', 'm3', 'victim']) {
      const member = await enrollTlsMember(ca.home, name);
      await post('/v1/activate', member.caller, { address: null });
      members.push(member);
    }
    const begun = performance.now();
    const local = await callSocket(ca.home, 'POST', '/v1/nodes/victim/revoke', {});
    expect(local.json['spread']).toBe('local');
    expect(performance.now() - begun).toBeGreaterThan(900);
    const { crlNumber } = local.json as { crlNumber: number };
    const rosterNumber = Number((await callSocket(ca.home, 'GET', '/v1/roster')).json['rosterNumber']);
    for (const { caller } of members.slice(0, 3)) await post('/v1/ack', caller, { crlNumber, rosterNumber });
    const again = await callSocket(ca.home, 'POST', '/v1/nodes/victim/revoke', {});
    expect(again.json['spread']).toBe('mesh');
  });
});

describe('starting and stopping', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends cleanly on %s with exit %i', async (signal, code) => {
    const other = await initCaHome(join(directory.path, `ca-${signal}`));
    const started = await serveCaHome(other.home);
    const ending = await started.kill(signal);
    expect(ending?.code).toBe(code);
    expect(ending?.stderr).not.toContain('error');
    await expect(stat(join(other.home, 'control.sock'))).rejects.toThrow();
    await expect(stat(join(other.home, 'store.sqlite-wal'))).rejects.toThrow();
    await rm(other.home, { recursive: true });
  });

  it('names a port that is in use and exits 3', async () => {
    const other = await initCaHome(join(directory.path, 'ca-port'));
    const blocker = createServer().listen(other.port, '127.0.0.1');
    try {
      const ending = await runOn(other.home, ['pki', 'serve']);
      expect(ending.code).toBe(3);
      expect(ending.stderr).toContain('error[LS_PORT_IN_USE]');
      expect(ending.stderr).toContain(String(other.port));
    } finally {
      blocker.close();
    }
    await using started = await serveCaHome(other.home);
    expect(started.stdout).toContain(other.url);
  });

  it('refuses a wrong passphrase, then works with the right one', async () => {
    const other = await initCaHome(join(directory.path, 'ca-wrong'));
    const ending = await runOn(other.home, ['pki', 'serve'], { env: { LIFESIGN_PASSPHRASE: 'wrong' } });
    expect(ending.code).toBe(3);
    expect(ending.stderr).toContain('error[LS_KEY_PASSPHRASE]');
    const revoke = await runOn(other.home, ['pki', 'crl', '--publish'], {
      env: { LIFESIGN_PASSPHRASE: 'wrong' },
    });
    expect(revoke.code).toBe(3);
    expect((await runOn(other.home, ['pki', 'crl', '--publish'])).code).toBe(0);
  });

  it('tells a parent that waits on a descriptor', async () => {
    const other = await initCaHome(join(directory.path, 'ca-ready'));
    const bad = await runOn(other.home, ['pki', 'serve', '--ready-fd', '1']);
    expect(bad.code).toBe(3);
    const script = `"$0" "$1" --home "$2" pki serve --ready-fd 3 3>"$3" & while [ ! -s "$3" ]; do sleep 0.1; done; kill $!; wait`;
    const note = join(directory.path, 'ready');
    const { programPath } = await import('../support/process.ts');
    await run('sh', ['-c', script, process.execPath, programPath(), other.home, note], {
      env: { ...process.env, ...WITH_PASSPHRASE },
    });
    expect(await readFile(note, 'utf8')).toBe('ready\n');
  });

  it('limits how often one address may call', async () => {
    const other = await initCaHome(join(directory.path, 'ca-rate'));
    const config = join(other.home, 'ca.yaml');
    await writeFile(
      config,
      `${await readFile(config, 'utf8')}limits: { requests_per_second: 1, burst: 5 }\n`,
    );
    await using started = await serveCaHome(other.home);
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await callTls(other.port, 'GET', '/healthz'));
    expect(answers.slice(0, 5).map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(answers.at(-1)).toMatchObject({ status: 429, json: { code: 'LS_API_RATE_LIMITED' } });
    expect((await callSocket(other.home, 'GET', '/healthz')).status).toBe(200);
    expect(started.stdout).not.toBe('');
  });

  it('issues by the profiles of its home, and opens with no bad one', async () => {
    const other = await initCaHome(join(directory.path, 'ca-profiles'));
    const profile = join(other.home, 'profiles', 'node.yaml');
    const shipped = await readFile('ca/profiles/node.yaml', 'utf8');
    await mkdir(join(other.home, 'profiles'));
    await writeFile(profile, shipped.replace('lifetime_days: 7', 'lifetime_minutes: 20'));
    await using own = await serveCaHome(other.home);
    const { chain } = await enrollTlsMember(other.home, 'alpha');
    const { notAfter } = valueOf(parseCertificate(chain[0] ?? new Uint8Array()));
    expect(notAfter - Date.now()).toBeGreaterThan(15 * 60_000);
    expect(notAfter - Date.now()).toBeLessThan(21 * 60_000);
    await own.kill('SIGTERM');

    for (const [file, text, code] of [
      ['node.yaml', shipped.replace('lifetime_days: 7', 'lifetime_days: 700'), 'LS_X509_PROFILE_INVALID'],
      ['node.yaml', `${shipped}lifetime_day: 7\n`, 'LS_X509_PROFILE_KEY'],
      ['node.yaml', shipped.replace('name: node', 'name: [node'), 'LS_CONFIG_SYNTAX'],
      ['nodes.yaml', shipped, 'LS_X509_PROFILE_INVALID'],
    ] as const) {
      await rm(profile, { force: true });
      await writeFile(join(other.home, 'profiles', file), text);
      const refused = await runOn(other.home, ['--json', 'pki', 'list']);
      expect(faultLine(refused).code).toBe(code);
      expect(refused.code).toBe(3);
    }
  });

  it('refuses a ca.yaml with a misspelt key, naming the right one', async () => {
    const other = await initCaHome(join(directory.path, 'ca-yaml'));
    const config = join(other.home, 'ca.yaml');
    await writeFile(config, `${await readFile(config, 'utf8')}full_crl_every_sec: 60\n`);
    const ending = await startLifesign(['--home', other.home, 'pki', 'serve'], { env: WITH_PASSPHRASE })
      .ended;
    expect(ending.code).toBe(3);
    expect(ending.stderr).toContain('error[LS_CONFIG_UNKNOWN_KEY]');
    expect(ending.stderr).toContain('full_crl_every_ms');
  });
});
