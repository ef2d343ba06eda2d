import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CaClient, fetchPresentedChain, nodeCrypto, type FeedEvent } from '../../src/io/index.ts';
import { unixMs } from '../../src/std/index.ts';
import { makeTrustBundle, pinnedRoot } from '../../src/trust/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { FakeCa } from '../support/fake-ca.ts';
import { makeTestPki, type TestPki } from '../support/pki.ts';
import { valueOf } from '../support/result.ts';

const pki = makeTestPki({ now: unixMs(Date.now()) });
const stranger = makeTestPki({ now: unixMs(Date.now()) });
/** A dotless common name: OpenSSL takes a dotted one for a DNS name when it checks name constraints. */
const SERVER = pki.server('ca', { hosts: ['127.0.0.1'] });
const NODE = pki.node('alpha');

const BYTES = Uint8Array.of(1, 2, 3);
const BASE64 = Buffer.from(BYTES).toString('base64');
const SEED = { nodeId: NODE.nodeId, name: 'alpha', address: '10.0.0.1:8450' };
const ISSUED = {
  serial: '4'.repeat(32),
  notBefore: '2026-03-01T12:00:00.000Z',
  notAfter: '2026-03-08T12:00:00.000Z',
  chain: [BASE64],
};
const ENROLLMENT = {
  ...ISSUED,
  name: 'alpha',
  nodeId: NODE.nodeId,
  trustDomain: 'mesh.internal',
  roots: [BASE64],
  crls: [BASE64, BASE64],
  roster: BASE64,
  seeds: [SEED],
};
const TOKEN = { tokenId: new Uint8Array(16).fill(0xab), secret: new Uint8Array(32), csr: BYTES };

function bundleOf(from: TestPki) {
  return valueOf(makeTrustBundle(from.trustDomain, [from.root.der], nodeCrypto));
}

function clientOf(url: string, from: TestPki = pki, member = false): CaClient {
  const client = member ? { client: { key: NODE.key.privateKey, chain: NODE.chain } } : {};
  const made = new CaClient({ url, bundle: bundleOf(from), ...client });
  onTestFinished(() => made.close());
  return made;
}

describe('fetchPresentedChain', () => {
  it('gets leaf, issuing CA and root without sending anything', async () => {
    const ca = await FakeCa.start(pki, SERVER);
    const chain = await fetchPresentedChain(ca.url);
    expect(chain).toEqual([...SERVER.chain, pki.root.der]);
    expect(valueOf(pinnedRoot(chain, nodeCrypto.sha256(pki.root.der), nodeCrypto)).der).toEqual(pki.root.der);
    expect(ca.requests).toEqual([]);
  });

  it('shows a CA with another root for what it is', async () => {
    const ca = await FakeCa.start(stranger, stranger.server('ca', { hosts: ['127.0.0.1'] }));
    const chain = await fetchPresentedChain(ca.url);
    expect(pinnedRoot(chain, nodeCrypto.sha256(pki.root.der), nodeCrypto)).toMatchObject({ ok: false });
  });

  it('says when nobody is there, when it is no TLS 1.3, and when the URL is none', async () => {
    await expectCode('LS_CA_UNREACHABLE', () => fetchPresentedChain('https://127.0.0.1:1'));
    const old = await FakeCa.start(pki, SERVER, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    await expectCode('LS_API_RESPONSE', () => fetchPresentedChain(old.url));
    for (const url of [
      '',
      'http://ca:8440',
      'https://ca/path',
      'https://u:p@ca',
      'https://ca/?q',
      'ca:8440',
    ]) {
      await expectCode('LS_CONFIG_URL', () => fetchPresentedChain(url));
    }
  });
});

describe('CaClient calls', () => {
  it('enroll, and get everything typed', async () => {
    const ca = (await FakeCa.start(pki, SERVER)).json('POST /v1/enroll', { ...ENROLLMENT, later: 'ignored' });
    const answer = await clientOf(ca.url).enroll({ ...TOKEN, advertise: 'h:1' });
    expect(answer).toEqual({
      ...ENROLLMENT,
      notBefore: Date.parse(ISSUED.notBefore),
      notAfter: Date.parse(ISSUED.notAfter),
      chain: [BYTES],
      roots: [BYTES],
      crossCertificates: [],
      issuing: [],
      crls: [BYTES, BYTES],
      roster: BYTES,
    });
    expect(JSON.parse(ca.requests[0]?.body ?? '')).toEqual({
      tokenId: 'ab'.repeat(16),
      secret: Buffer.from(TOKEN.secret).toString('base64'),
      csr: BASE64,
      advertise: 'h:1',
    });
    expect(ca.requests[0]?.hasClientCertificate).toBe(false);
  });

  it('make all other calls with the node certificate', async () => {
    const ca = (await FakeCa.start(pki, SERVER))
      .json('POST /v1/reenroll', ISSUED)
      .json('POST /v1/activate', { rosterNumber: 3 })
      .on('POST /v1/ack', (_, response) => response.writeHead(204).end())
      .json('GET /v1/bundle', { trustDomain: 'mesh.internal', roots: [BASE64] })
      .json('GET /v1/roster', { rosterNumber: 2, record: BASE64 })
      .json('GET /v1/crl', {
        ...{ full: BASE64, delta: null, root: BASE64, laterRoots: [BASE64], crlNumber: 1 },
        others: [{ generation: 1, full: BASE64, delta: BASE64 }],
      });
    const client = clientOf(ca.url, pki, true);
    expect((await client.reenroll({ csr: BYTES, successor: BYTES })).serial).toBe(ISSUED.serial);
    expect(await client.activate({ address: null })).toEqual({ rosterNumber: 3 });
    await client.ack({ crlNumber: 4, rosterNumber: 5 });
    expect(await client.bundle()).toEqual({
      trustDomain: 'mesh.internal',
      roots: [BYTES],
      crossCertificates: [],
      issuing: [],
    });
    expect(await client.roster()).toEqual({ rosterNumber: 2, record: BYTES });
    expect(await client.crl()).toEqual({
      ...{ full: BYTES, delta: null, roots: [BYTES, BYTES] },
      others: [{ full: BYTES, delta: BYTES }],
    });
    expect(ca.requests.map(({ hasClientCertificate }) => hasClientCertificate)).toEqual(Array(6).fill(true));
  });
});

describe('CaClient refuses to talk to', () => {
  const servers: readonly [string, () => Promise<FakeCa>, string][] = [
    [
      'a CA of another root',
      () => FakeCa.start(stranger, stranger.server('ca', { hosts: ['127.0.0.1'] })),
      'LS_CA_ROOT_MISMATCH',
    ],
    [
      'a server of another host',
      () => FakeCa.start(pki, pki.server('ca', { hosts: ['127.0.0.2'] })),
      'LS_TRUST_HOST',
    ],
    [
      'a node of this CA that holds the very address',
      () => FakeCa.start(pki, pki.node('evil', { hosts: ['127.0.0.1'] })),
      'LS_TRUST_WRONG_ROLE',
    ],
    [
      'a server whose certificate has expired',
      () => FakeCa.start(pki, pki.server('ca', { hosts: ['127.0.0.1'], ...pki.faults.expired })),
      'LS_CA_CERTIFICATE',
    ],
    [
      'a server with a name that its CA may not grant',
      () => FakeCa.start(pki, pki.server('ca', { hosts: ['127.0.0.1', 'host.elsewhere.test'] })),
      'LS_CA_CERTIFICATE',
    ],
    [
      'a server that speaks only TLS 1.2',
      () => FakeCa.start(pki, SERVER, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
      'LS_API_RESPONSE',
    ],
  ];

  it.each(servers)('%s, before it has sent a byte of the token', async (_, start, code) => {
    const ca = (await start()).json('POST /v1/enroll', ENROLLMENT);
    await expect(clientOf(ca.url).enroll(TOKEN)).rejects.toMatchObject({ code });
    expect(ca.requests).toEqual([]);
  });

  it('nobody', async () => {
    await expectCode('LS_CA_UNREACHABLE', () => clientOf('https://127.0.0.1:1').roster());
    await expectCode('LS_CA_UNREACHABLE', () => clientOf('https://no-such-host.invalid').roster());
  });
});

describe('CaClient takes an error', () => {
  it('with the code of the CA when it is one of ours', async () => {
    const ca = (await FakeCa.start(pki, SERVER)).json(
      'POST /v1/enroll',
      { code: 'LS_TOKEN_SPENT', detail: 'token ab\n was used', status: 409 },
      409,
    );
    const error = await expectCode('LS_TOKEN_SPENT', () => clientOf(ca.url).enroll(TOKEN));
    expect(error.fault.detail).toBe('token ab  was used');
  });

  it.each([
    [403, { code: 'LS_NO_SUCH_CODE', detail: 'no' }, 'LS_CA_REFUSED'],
    [403, { code: 'constructor', detail: 'no' }, 'LS_CA_REFUSED'],
    [400, 'text', 'LS_CA_REFUSED'],
    [500, null, 'LS_API_RESPONSE'],
    [302, {}, 'LS_API_RESPONSE'],
  ])('of status %i and body %j as %s', async (status, body, code) => {
    const ca = (await FakeCa.start(pki, SERVER)).json('GET /v1/roster', body, status);
    await expect(clientOf(ca.url).roster()).rejects.toMatchObject({ code });
  });
});

describe('CaClient does not believe', () => {
  const bad: readonly [string, unknown][] = [
    ['no JSON object', 'hello'],
    ['a member missing', { ...ENROLLMENT, roster: undefined }],
    ['base64 with a stray character', { ...ENROLLMENT, roster: 'AQI*' }],
    ['base64 that is not canonical', { ...ENROLLMENT, roster: 'AQJ=' }],
    ['an empty chain', { ...ENROLLMENT, chain: [] }],
    ['a long chain', { ...ENROLLMENT, chain: Array(5).fill(BASE64) }],
    ['a malformed nodeId', { ...ENROLLMENT, nodeId: 'x' }],
    ['a malformed name', { ...ENROLLMENT, name: '../../etc' }],
    ['a malformed serial', { ...ENROLLMENT, serial: '1' }],
    ['a time that is none', { ...ENROLLMENT, notAfter: 'tomorrow' }],
    ['a seed with a malformed nodeId', { ...ENROLLMENT, seeds: [{ ...SEED, nodeId: '' }] }],
    [
      'a seed with an address of 513 characters',
      { ...ENROLLMENT, seeds: [{ ...SEED, address: 'a'.repeat(513) }] },
    ],
  ];

  it.each(bad)('an enrollment with %s', async (_, body) => {
    const ca = (await FakeCa.start(pki, SERVER)).json('POST /v1/enroll', body);
    await expectCode('LS_API_RESPONSE', () => clientOf(ca.url).enroll(TOKEN));
  });

  it('an answer larger than the call can have', async () => {
    const ca = (await FakeCa.start(pki, SERVER)).json('POST /v1/reenroll', {
      ...ISSUED,
      padding: 'x'.repeat(300_000),
    });
    await expectCode('LS_API_RESPONSE', () =>
      clientOf(ca.url, pki, true).reenroll({ csr: BYTES, successor: BYTES }),
    );
  });
});

describe('CaClient and broken connections', () => {
  it('says LS_API_NO_ANSWER when the CA drops the call', async () => {
    const ca = (await FakeCa.start(pki, SERVER)).on('GET /v1/roster', (request) => request.socket.destroy());
    await expectCode('LS_API_NO_ANSWER', () => clientOf(ca.url).roster());
  });

  it('says LS_API_NO_ANSWER when the caller gives up', async () => {
    const ca = (await FakeCa.start(pki, SERVER)).on('GET /v1/roster', () => undefined);
    const controller = new AbortController();
    const call = clientOf(ca.url).roster(controller.signal);
    setTimeout(() => controller.abort(), 50);
    await expectCode('LS_API_NO_ANSWER', () => call);
  });

  it('asks again when an idle connection turns out to be closed', async () => {
    const ca = (await FakeCa.start(pki, SERVER)).on('GET /v1/roster', (request, response) => {
      response.end(JSON.stringify({ rosterNumber: 2, record: BASE64 }));
      setImmediate(() => request.socket.destroy());
    });
    const client = clientOf(ca.url);
    for (let i = 0; i < 5; i++) expect((await client.roster()).rosterNumber).toBe(2);
  });

  it('says LS_API_RESPONSE for a port where no TLS is spoken', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    onTestFinished(() => void plain.close());
    const place = plain.address();
    const port = typeof place === 'object' && place !== null ? place.port : 0;
    await expectCode('LS_API_RESPONSE', () => clientOf(`https://127.0.0.1:${String(port)}`).roster());
  });
});

describe('CaClient.feed', () => {
  const held = { crlNumber: 1, rosterNumber: 2 };

  function eventStream(response: ServerResponse, text: string): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    // Byte by byte, so that events and characters arrive in pieces.
    for (const byte of Buffer.from(text)) response.write(Uint8Array.of(byte));
  }

  it('hands over events in order and resolves when the CA ends it', async () => {
    const ca = (await FakeCa.start(pki, SERVER)).on('GET /v1/feed', (_, response) => {
      eventStream(
        response,
        `: alive\n\nevent: crl\ndata: {"delta":true,"der":"${BASE64}"}\n\nevent: future\ndata: ü\n\n` +
          `event: roster\ndata: {"record":"${BASE64}"}\n\nevent: seeds\ndata: ${JSON.stringify({ seeds: [SEED] })}\n\n`,
      );
      response.end();
    });
    const events: FeedEvent[] = [];
    let opened = 0;
    await clientOf(ca.url, pki, true).feed(held, (event) => events.push(event), {
      signal: new AbortController().signal,
      opened: () => (opened += 1),
    });
    expect(opened).toBe(1);
    expect(events).toEqual([
      { kind: 'crl', delta: true, der: BYTES },
      { kind: 'roster', record: BYTES },
      { kind: 'seeds', seeds: [SEED] },
    ]);
    expect(ca.requests[0]).toMatchObject({
      line: 'GET /v1/feed?crlNumber=1&rosterNumber=2',
      hasClientCertificate: true,
    });
  });

  async function feedEnding(
    route: (response: ServerResponse) => void,
    onEvent = (): void => undefined,
  ): Promise<void> {
    const ca = (await FakeCa.start(pki, SERVER)).on('GET /v1/feed', (_, response) => route(response));
    await clientOf(ca.url).feed(held, onEvent, { signal: new AbortController().signal, silenceMs: 300 });
  }

  it('rejects with the code of a refusal', async () => {
    await expectCode('LS_IDENTITY_REVOKED', () =>
      feedEnding((response) =>
        response.writeHead(403).end(JSON.stringify({ code: 'LS_IDENTITY_REVOKED', detail: 'serial 44' })),
      ),
    );
  });

  it('rejects when it is cut, silent from the start, or silent later', async () => {
    await expectCode('LS_API_NO_ANSWER', () =>
      feedEnding((response) => {
        eventStream(response, ': alive\n\n');
        setTimeout(() => response.destroy(), 50);
      }),
    );
    await expectCode('LS_CA_UNREACHABLE', () => feedEnding(() => undefined));
    await expectCode('LS_CA_UNREACHABLE', () =>
      feedEnding((response) => eventStream(response, ': alive\n\n')),
    );
  });

  it('stays while comments keep coming', async () => {
    let beats = 0;
    await feedEnding((response) => {
      response.writeHead(200);
      const timer = setInterval(() => {
        beats += 1;
        if (beats < 6) response.write(': alive\n\n');
        else response.end();
        if (beats >= 6) clearInterval(timer);
      }, 100);
    });
    expect(beats).toBe(6);
  });

  it('rejects a malformed event, and what the listener throws', async () => {
    await expectCode('LS_API_RESPONSE', () =>
      feedEnding((response) => eventStream(response, 'event: crl\ndata: {"delta":1}\n\n')),
    );
    await expect(
      feedEnding(
        (response) => eventStream(response, `event: roster\ndata: {"record":"${BASE64}"}\n\n`),
        () => {
          throw new Error('listener failed');
        },
      ),
    ).rejects.toThrow('listener failed');
  });

  it('resolves when the caller ends it', async () => {
    const ca = (await FakeCa.start(pki, SERVER)).on('GET /v1/feed', (_, response) =>
      eventStream(response, ': alive\n\n'),
    );
    const controller = new AbortController();
    await clientOf(ca.url).feed(held, () => undefined, {
      signal: controller.signal,
      opened: () => controller.abort(),
    });
  });
});

describe('CaClient resumes nothing', () => {
  it('on a second connection', async () => {
    const ca = await FakeCa.start(pki, SERVER);
    const reused: boolean[] = [];
    ca.on('GET /v1/roster', (request, response) => {
      const socket = request.socket as typeof request.socket & { isSessionReused?: () => boolean };
      reused.push(socket.isSessionReused?.() ?? false);
      response.writeHead(200, { connection: 'close' });
      response.end(JSON.stringify({ rosterNumber: 2, record: BASE64 }));
    });
    const client = clientOf(ca.url, pki, true);
    await client.roster();
    await client.roster();
    expect(reused).toEqual([false, false]);
  });

  it('takes an Ed25519 client key as well', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(
      () =>
        new CaClient({ url: 'https://ca', bundle: bundleOf(pki), client: { key: privateKey, chain: [] } }),
    ).not.toThrow();
  });
});
