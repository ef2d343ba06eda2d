import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SEND_QUEUE_MAX_BYTES } from '../../src/link/index.ts';
import { HAS_HYBRID_KEY_EXCHANGE } from '../../src/io/index.ts';
import { unixMs, utf8 } from '../../src/std/index.ts';
import { credentialsOf, MeshEnd } from '../support/mesh-ends.ts';
import { makeTestPki, type CertificateOverrides, type TestPki } from '../support/pki.ts';

const NOW = unixMs(Date.now());
const pki = makeTestPki({ now: NOW });
const stranger = makeTestPki({ now: NOW });

function end(name: string, overrides: CertificateOverrides = {}, from: TestPki = pki): MeshEnd {
  return new MeshEnd({ ...credentialsOf(from, from.node(name, overrides)), roots: [pki.root.der] });
}

/** A dialer linked to a listener. */
async function linkedPair(host?: string): Promise<{ readonly a: MeshEnd; readonly b: MeshEnd }> {
  const [a, b] = [end('alpha'), await end('beta').listening(host)];
  a.dial(b.address);
  await Promise.all([a.event('connected'), b.event('connected')]);
  return { a, b };
}

function endsWith(end: MeshEnd, text: string): boolean {
  const last = end.all('received').at(-1);
  return last !== undefined && Buffer.from(last.bytes).includes(text);
}

describe('a mutual link', () => {
  it('comes up on both sides with TLS 1.3 and shows each side the chain of the other', async () => {
    const [alpha, beta] = [pki.node('alpha'), pki.node('beta')];
    const a = new MeshEnd(credentialsOf(pki, alpha));
    const b = await new MeshEnd(credentialsOf(pki, beta)).listening();
    a.dial(b.address);
    const [atA, atB] = [await a.event('connected'), await b.event('connected')];
    expect(atA).toMatchObject({ role: 'dialer', address: b.address, tlsVersion: 'TLSv1.3' });
    expect(atB).toMatchObject({ role: 'listener', tlsVersion: 'TLSv1.3' });
    expect(atA.chain).toEqual(beta.chain);
    expect(atB.chain).toEqual(alpha.chain);
    expect(Buffer.isBuffer(atA.chain[0])).toBe(false);
  });

  it('carries bytes both ways in order, and large ones', async () => {
    const { a, b } = await linkedPair();
    const [toB, toA] = [(await a.event('connected')).connection, (await b.event('connected')).connection];
    const large = new Uint8Array(4_000_000).map((_, i) => i % 251);
    a.transport.write(toB, utf8('first '), 'record');
    a.transport.write(toB, large, 'record');
    a.transport.write(toB, utf8(' last'), 'record');
    b.transport.write(toA, utf8('answer'), 'control');
    const expected = createHash('sha256').update('first ').update(large).update(' last').digest('hex');
    await b.until(() => (b.receivedLength >= large.length + 11 ? true : undefined), 'all bytes');
    expect(createHash('sha256').update(b.received).digest('hex')).toBe(expected);
    await a.until(() => (a.receivedLength >= 6 ? true : undefined), 'the answer');
    expect(Buffer.from(a.received).toString()).toBe('answer');
  });

  it('works over IPv6', async () => {
    const { a, b } = await linkedPair('::1');
    expect((await a.event('connected')).address).toBe(b.address);
    expect((await b.event('connected')).address).toMatch(/^\[::1\]:\d+$/);
  });

  it('works with Ed25519 certificates', async () => {
    const edwards = makeTestPki({ now: NOW, algorithm: 'Ed25519' });
    const a = new MeshEnd(credentialsOf(edwards, edwards.node('alpha')));
    const b = await new MeshEnd(credentialsOf(edwards, edwards.node('beta'))).listening();
    a.dial(b.address);
    await Promise.all([a.event('connected'), b.event('connected')]);
  });

  it('prefers the hybrid key exchange on this runtime', () => {
    expect(HAS_HYBRID_KEY_EXCHANGE).toBe(true);
  });

  it('flushes what was written before a close, and ends in order on both sides', async () => {
    const { a, b } = await linkedPair();
    const toB = (await a.event('connected')).connection;
    a.transport.write(toB, new Uint8Array(300_000).fill(1), 'record');
    a.transport.write(toB, utf8('bye'), 'control');
    a.transport.close(toB);
    a.transport.write(toB, utf8('too late'), 'control');
    expect((await b.event('disconnected')).fault).toBeUndefined();
    expect((await a.event('disconnected')).fault).toBeUndefined();
    expect(b.received.length).toBe(300_003);
    expect([a.transport.size, b.transport.size]).toEqual([0, 0]);
  });

  it('keeps standing when the credentials are replaced, and new links use the new ones', async () => {
    const { a, b } = await linkedPair();
    const [freshA, freshB] = [pki.node('alpha'), pki.node('beta')];
    a.transport.replaceCredentials(credentialsOf(pki, freshA));
    b.transport.replaceCredentials(credentialsOf(pki, freshB));
    a.transport.write((await a.event('connected')).connection, utf8('still here'), 'record');
    await b.event('received');
    a.dial(b.address);
    expect((await a.event('connected', 2)).chain).toEqual(freshB.chain);
    expect((await b.event('connected', 2)).chain).toEqual(freshA.chain);
    expect(a.all('disconnected')).toEqual([]);
  });

  it('ends on both sides when one transport stops', async () => {
    const { a, b } = await linkedPair();
    await a.transport.stop();
    await b.event('disconnected');
    expect(a.transport.size).toBe(0);
  });
});

describe('a slow peer', () => {
  it('costs heartbeats, not memory: old ones are dropped, control arrives', async () => {
    const { a, b } = await linkedPair();
    const [toB, toA] = [(await a.event('connected')).connection, (await b.event('connected')).connection];
    const heartbeat = new Uint8Array(64 * 1024).fill(1);
    const sent = 3 * (SEND_QUEUE_MAX_BYTES / heartbeat.length);
    // No turn of the event loop: the peer, in the same process, reads nothing meanwhile.
    for (let i = 0; i < sent; i++) a.transport.write(toB, heartbeat, 'heartbeat');
    a.transport.write(toB, utf8('control'), 'control');
    await b.until(() => (endsWith(b, 'control') ? true : undefined), 'the control frame');
    b.transport.write(toA, utf8('x'), 'control');
    await a.event('received');
    expect(b.received.length).toBeLessThan(sent * heartbeat.length);
    expect(a.all('disconnected')).toEqual([]);
  });

  it('is cut when what may not be dropped exceeds the bound', async () => {
    const { a } = await linkedPair();
    const toB = (await a.event('connected')).connection;
    const frame = new Uint8Array(4 * 1024 * 1024);
    for (let i = 0; i < 8; i++) a.transport.write(toB, frame, 'crl');
    expect((await a.event('disconnected')).fault?.code).toBe('LS_LINK_OVERFLOW');
  });
});

describe('a certificate that TLS refuses', () => {
  const cases: readonly [string, () => MeshEnd, RegExp][] = [
    ['from another CA', () => end('alpha', {}, stranger), /not trusted here/],
    ['that has expired', () => end('alpha', pki.faults.expired), /expired .*clock/],
    ['that is not yet valid', () => end('alpha', pki.faults.notYetValid), /not yet valid .*clock/],
    ['for another use', () => end('alpha', pki.faults.wrongEku), /not for this use/],
    [
      'with a forged signature',
      () => end('alpha', { signedBy: stranger.issuing.key }),
      /not trusted|signature/,
    ],
  ];

  it.each(cases)(
    '%s of a dialer is refused by the listener, which says why to both',
    async (_, make, why) => {
      const [bad, good] = [make(), await end('beta').listening()];
      bad.dial(good.address);
      const refused = await good.event('inbound-refused');
      expect(refused.fault.code).toBe('LS_TLS_PEER_CERTIFICATE');
      expect(refused.fault.detail).toMatch(why);
      await bad.event('disconnected');
      const heard = Buffer.from(bad.received).toString();
      expect(heard).toContain('LS_TLS_PEER_CERTIFICATE');
      expect(heard).toMatch(why);
      expect(good.all('connected')).toEqual([]);
      expect(good.all('received')).toEqual([]);
    },
  );

  it.each(cases)(
    '%s of a listener is refused by the dialer, which says why to both',
    async (_, make, why) => {
      const [good, bad] = [end('beta'), await make().listening()];
      good.dial(bad.address);
      const failed = await good.event('dial-failed');
      expect(failed.fault.code).toBe('LS_TLS_PEER_CERTIFICATE');
      expect(failed.fault.detail).toMatch(why);
      expect(failed.refused).toBe(false);
      await bad.event('disconnected');
      expect(Buffer.from(bad.received).toString()).toMatch(why);
      expect(good.all('connected')).toEqual([]);
    },
  );
});

describe('a dial that fails', () => {
  it('says refused when nobody listens', async () => {
    const gone = await end('beta').listening();
    await gone.transport.stop();
    const a = end('alpha');
    a.dial(gone.address);
    expect(await a.event('dial-failed')).toMatchObject({ refused: true, fault: { code: 'LS_NET_REFUSED' } });
  });

  it('says so for a name as well, whichever addresses it has', async () => {
    const gone = await end('beta').listening();
    await gone.transport.stop();
    const a = end('alpha');
    a.dial(`localhost:${String(gone.port)}`);
    expect(await a.event('dial-failed')).toMatchObject({ refused: true });
  });

  it.each([
    '',
    'host',
    'host:0',
    'host:65536',
    '::1:8450',
    '[::1]',
    '[host]:1',
    'a b:1',
    '-a:1',
    'h:1 ',
    'h:١',
  ])('refuses %j as an address', async (address) => {
    const a = end('alpha');
    a.dial(address);
    expect(await a.event('dial-failed')).toMatchObject({ refused: false, fault: { code: 'LS_NET_ADDRESS' } });
  });

  it('names the port that is in use', async () => {
    const b = await end('beta').listening();
    await expect(end('alpha').transport.listen({ host: '127.0.0.1', port: b.port })).rejects.toMatchObject({
      code: 'LS_PORT_IN_USE',
    });
  });
});
