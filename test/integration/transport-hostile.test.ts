import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodePem } from '../../src/codec/index.ts';
import { contextOptions, HANDSHAKE_TIMEOUT_MS, MESH_ALPN } from '../../src/io/index.ts';
import { LinkMachine } from '../../src/link/index.ts';
import { monoMs, unixMs } from '../../src/std/index.ts';
import { testHello } from '../support/link-messages.ts';
import { credentialsOf, MeshEnd } from '../support/mesh-ends.ts';
import { makeTestPki } from '../support/pki.ts';
import { tempDir } from '../support/temp-dir.ts';

const pki = makeTestPki({ now: unixMs(Date.now()) });
const client = pki.node('alpha');

async function listener(limits?: ConstructorParameters<typeof MeshEnd>[1]): Promise<MeshEnd> {
  return new MeshEnd(credentialsOf(pki, pki.node('beta')), limits).listening();
}

/** A client of plain node:tls with a good certificate, spoiled by `options`. */
function rawClient(port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    ...contextOptions(credentialsOf(pki, client)),
    ALPNProtocols: [MESH_ALPN],
    checkServerIdentity: () => undefined,
    ...options,
  });
  socket.on('error', () => undefined);
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

function strangerTo(port: number): Socket {
  const socket = connectTcp({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
}

describe('the listener refuses', () => {
  it('a client without a certificate', async () => {
    const b = await listener();
    const bare = rawClient(b.port, { key: undefined, cert: undefined });
    expect((await b.event('inbound-refused')).fault).toMatchObject({
      code: 'LS_TLS_PEER_CERTIFICATE',
      detail: 'the peer shows no certificate',
    });
    await closed(bare);
    expect(b.all('connected')).toEqual([]);
  });

  it('TLS 1.2', async () => {
    const b = await listener();
    const old = rawClient(b.port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    const [error] = (await once(old, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    expect((await b.event('inbound-refused')).fault.code).toBe('LS_TLS_PROTOCOL');
  });

  it('another application protocol, and none', async () => {
    const b = await listener();
    rawClient(b.port, { ALPNProtocols: ['h2'] });
    expect((await b.event('inbound-refused')).fault.code).toBe('LS_TLS_PROTOCOL');
    const none = rawClient(b.port, { ALPNProtocols: undefined });
    expect((await b.event('inbound-refused', 2)).fault.code).toBe('LS_TLS_PROTOCOL');
    await closed(none);
    expect(b.all('connected')).toEqual([]);
  });

  it('what is not TLS', async () => {
    const b = await listener();
    const browser = strangerTo(b.port);
    browser.write('GET / HTTP/1.1\r\n\r\n');
    const refused = await b.event('inbound-refused');
    expect(refused.fault.code).toBe('LS_TLS_PROTOCOL');
    expect(refused.address).toBe(`127.0.0.1:${String(browser.localPort)}`);
    await closed(browser);
  });

  it('a half-open connection: one that never sends a byte is cut at the handshake time-out', async () => {
    const b = await listener();
    const startedAt = performance.now();
    const silent = strangerTo(b.port);
    await closed(silent);
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(HANDSHAKE_TIMEOUT_MS - 100);
    expect(tookMs).toBeLessThan(HANDSHAKE_TIMEOUT_MS + 2_000);
    expect((await b.event('inbound-refused')).fault.code).toBe('LS_NET_TIMEOUT');
  });

  it.each([
    { connections: 3, connectionsPerAddress: 10 },
    { connections: 10, connectionsPerAddress: 3 },
  ])('connection number bound + 1 under %j, and takes one again when another has ended', async (limits) => {
    const b = await listener(limits);
    const within = [strangerTo(b.port), strangerTo(b.port), rawClient(b.port)];
    await b.event('connected');
    const over = rawClient(b.port);
    expect((await b.event('inbound-refused')).fault.code).toBe('LS_NET_LIMIT');
    await closed(over);
    within[2]?.destroy();
    await b.event('disconnected');
    rawClient(b.port);
    await b.event('connected', 2);
  });
});

describe('sessions are never resumed', () => {
  it('by a node:tls client that offers one', async () => {
    const b = await listener();
    const first = rawClient(b.port);
    let session: Buffer | undefined;
    first.on('session', (offered) => (session = offered));
    const { connection } = await b.event('connected');
    b.transport.write(connection, Uint8Array.of(1), 'control');
    await once(first, 'data');
    session ??= first.getSession();
    expect(session).toBeDefined();
    const second = rawClient(b.port, { session });
    await b.event('connected', 2);
    expect(second.isSessionReused()).toBe(false);
    expect((await b.event('connected', 2)).chain).toEqual(client.chain);
  });

  it('by openssl s_client with a session it kept', async () => {
    const b = await listener();
    const files = await opensslFiles();
    const args = ['s_client', '-connect', b.address, '-alpn', MESH_ALPN, ...files.args];
    const first = await openssl([...args, '-sess_out', files.session]);
    expect(first).toContain('Verify return code: 0 (ok)');
    const kept = await readFile(files.session, 'utf8').catch(() => undefined);
    if (kept !== undefined) {
      const second = await openssl([...args, '-sess_in', files.session]);
      expect(second).not.toContain('Reused');
    }
    expect(first).not.toContain('Reused');
    await b.event('connected', kept === undefined ? 1 : 2);
  });
});

describe('a link over real sockets', () => {
  it('is cut on an oversize frame, from its header alone', async () => {
    const b = await listener();
    const raw = rawClient(b.port);
    const { connection } = await b.event('connected');
    const machine = new LinkMachine({ role: 'listener', hello: testHello, now: monoMs(performance.now()) });
    machine.opened(monoMs(performance.now()));
    raw.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    const { bytes } = await b.event('received');
    const outputs = machine.received(bytes, monoMs(performance.now()));
    for (const output of outputs) {
      if (output.kind === 'write') b.transport.write(connection, output.bytes, output.class);
      if (output.kind === 'closed') b.transport.close(connection);
    }
    const [heard] = (await once(raw, 'data')) as [Buffer];
    expect(heard.toString()).toContain('LS_LINK_FRAME_SIZE');
    await closed(raw);
    await b.event('disconnected');
  });
});

describe('the dialer', () => {
  it('gives up on a server that accepts and stays silent', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    onTestFinished(() => void mute.close());
    const place = mute.address();
    const port = typeof place === 'object' && place !== null ? place.port : 0;
    const a = new MeshEnd(credentialsOf(pki, client));
    a.dial(`127.0.0.1:${String(port)}`);
    expect(await a.event('dial-failed')).toMatchObject({ refused: false, fault: { code: 'LS_NET_TIMEOUT' } });
  });

  it('says what is wrong with a server that speaks no TLS', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('SSH-2.0-OpenSSH_9.9\r\n');
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    onTestFinished(() => void plain.close());
    const place = plain.address();
    const port = typeof place === 'object' && place !== null ? place.port : 0;
    const a = new MeshEnd(credentialsOf(pki, client));
    a.dial(`127.0.0.1:${String(port)}`);
    expect((await a.event('dial-failed')).fault.code).toBe('LS_TLS_PROTOCOL');
  });
});

async function opensslFiles(): Promise<{ readonly args: readonly string[]; readonly session: string }> {
  const directory = await mkdtemp(join(await tempDir(), 'openssl-'));
  const [key, cert, issuing, root] = ['key', 'cert', 'issuing', 'root'].map((name) =>
    join(directory, name),
  ) as [string, string, string, string];
  await writeFile(key, client.key.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  await writeFile(cert, encodePem('CERTIFICATE', client.der));
  await writeFile(issuing, encodePem('CERTIFICATE', pki.issuing.der));
  await writeFile(root, encodePem('CERTIFICATE', pki.root.der));
  const args = ['-key', key, '-cert', cert, '-cert_chain', issuing, '-CAfile', root];
  return { args, session: join(directory, 'session') };
}

/** What openssl prints when its input ends at once. */
function openssl(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile('openssl', [...args], { timeout: 10_000 }, (_, stdout) => resolve(stdout));
    setTimeout(() => child.stdin?.end(), 500);
  });
}
