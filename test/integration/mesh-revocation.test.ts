import { describe, expect, it } from 'vitest';
import { TestCluster, type Peer } from '../support/cluster.ts';
import { faultLine } from '../support/fault-line.ts';
import type { Ending } from '../support/process.ts';
import { tempDir } from '../support/temp-dir.ts';

const LIMIT_MS = 60_000;
const REVOKED = /LS_TRUST_REVOKED/;

interface Revocation {
  readonly name: string;
  readonly nodeId: string;
  readonly serials: readonly string[];
  readonly reason: string;
  readonly revokedAt: string;
  readonly crlNumber: number;
  readonly spread: 'mesh' | 'local' | 'none';
  readonly pending?: readonly string[];
}

describe('pki revoke', () => {
  it('of a running node: nobody counts it alive, its links are cut, and it is refused with the reason', async () => {
    await using cluster = await clusterOf(['alpha', 'bravo', 'charlie']);
    const before = await cluster.peer('alpha', 'charlie');
    const ended = await revoke(cluster, 'charlie', '--reason', 'keyCompromise');
    expect(ended.code).toBe(0);
    expect(revocationOf(ended)).toMatchObject({
      name: 'charlie',
      nodeId: before?.nodeId,
      serials: [before?.serial],
      reason: 'keyCompromise',
      crlNumber: 2,
      spread: 'mesh',
    });
    await cluster.until(['alpha', 'bravo'], ['charlie'], isRevoked, LIMIT_MS);
    for (const observer of ['alpha', 'bravo']) {
      const explained = await cluster.ask(observer, 'mesh', 'explain', 'charlie');
      expect(JSON.parse(explained.stdout)).toMatchObject({
        peer: { alive: false, reason: 'identity-revoked' },
        roster: { state: 'revoked' },
        link: { up: false },
      });
    }
    await cluster.node('charlie').errorLine(/LS_SELF_REVOKED/, LIMIT_MS);
    await cluster.node('charlie').errorLine(REVOKED, LIMIT_MS);
    for (const observer of ['alpha', 'bravo']) await cluster.node(observer).errorLine(REVOKED, LIMIT_MS);
    expect(await cluster.status('alpha')).toMatchObject({ quorate: true });
    expect(await cluster.peer('alpha', 'bravo')).toMatchObject({ state: 'alive' });

    await cluster.node('charlie').kill('SIGKILL');
    const restarted = await cluster.ask('charlie', 'node', 'run');
    expect(faultLine(restarted)).toEqual({ code: 'LS_SELF_CERTIFICATE', because: 'LS_TRUST_REVOKED' });
    expect(restarted.code).toBe(3);
  });

  it('of a node that slept and meets no CA when it wakes: the others refuse it', async () => {
    await using cluster = await clusterOf(['alpha', 'bravo', 'charlie']);
    await cluster.node('charlie').kill('SIGKILL');
    expect((await revoke(cluster, 'charlie')).code).toBe(0);
    await cluster.until(['alpha', 'bravo'], ['charlie'], isRevoked, LIMIT_MS);
    await cluster.ca?.kill('SIGKILL');
    const sleeper = await cluster.run('charlie');
    await sleeper.errorLine(REVOKED, LIMIT_MS);
    for (const observer of ['alpha', 'bravo']) {
      await cluster.node(observer).errorLine(REVOKED, LIMIT_MS);
      expect(await cluster.peer(observer, 'charlie')).toMatchObject({ state: 'revoked', alive: false });
    }
    expect((await cluster.status('charlie'))?.peers.filter(({ alive }) => alive)).toEqual([]);
  });

  it('with members down says how far it has spread', async () => {
    await using cluster = await clusterOf(['alpha', 'bravo', 'charlie']);
    await Promise.all(['bravo', 'charlie'].map((name) => cluster.node(name).kill('SIGKILL')));
    const witnessed = await revoke(cluster, 'charlie');
    expect(revocationOf(witnessed)).toMatchObject({ spread: 'mesh' });
    expect(witnessed.code).toBe(0);
    await cluster.node('alpha').kill('SIGKILL');
    const alone = await revoke(cluster, 'bravo');
    expect(revocationOf(alone)).toMatchObject({ spread: 'local' });
    expect(alone.code).toBe(2);
    const again = await revoke(cluster, 'bravo');
    expect(revocationOf(again)).toMatchObject({ crlNumber: revocationOf(alone).crlNumber, spread: 'local' });
    await cluster.run('alpha');
    await cluster.until(['alpha'], ['bravo', 'charlie'], isRevoked, LIMIT_MS);
  });

  it('without any active member is done when it is durable', async () => {
    await using cluster = new TestCluster(await tempDir());
    await cluster.initCa();
    await cluster.serve();
    await cluster.enroll('alpha');
    const ended = await revoke(cluster, 'alpha');
    expect(revocationOf(ended)).toMatchObject({ name: 'alpha', reason: 'unspecified', spread: 'none' });
    expect(ended.code).toBe(0);
    const refused = await cluster.ask('alpha', 'node', 'run');
    expect(faultLine(refused)).toEqual({ code: 'LS_SELF_CERTIFICATE', because: 'LS_TRUST_REVOKED' });
    expect(refused.code).toBe(3);
  });
});

describe('a CA that is away', () => {
  it('stops no node, is missed in the log, and what it revokes counts as soon as it is back', async () => {
    await using cluster = await clusterOf(['alpha', 'bravo', 'charlie']);
    const names = ['alpha', 'bravo', 'charlie'];
    await Promise.all(names.map((name) => cluster.node(name).errorLine(/the CA feeds this node/, LIMIT_MS)));
    await cluster.ca?.kill('SIGKILL');
    for (const name of names) await cluster.node(name).errorLine(/no feed from the CA/, LIMIT_MS);
    await cluster.node('charlie').kill('SIGTERM');
    await cluster.run('charlie');
    await cluster.until(names, names, (peer) => peer?.state === 'alive', LIMIT_MS);

    const passphrase = ['--passphrase-file', cluster.passphraseFile];
    const offline = await revoke(cluster, 'charlie', '--wait', ...passphrase);
    expect(revocationOf(offline)).toMatchObject({ spread: 'local', pending: ['alpha', 'bravo'] });
    expect(offline.code).toBe(2);
    await cluster.serve();
    await cluster.until(['alpha', 'bravo'], ['charlie'], isRevoked, LIMIT_MS);
    const online = await revoke(cluster, 'bravo', '--wait');
    expect(revocationOf(online)).toMatchObject({ spread: 'mesh', pending: [] });
    expect(online.code).toBe(0);
    await cluster.until(['alpha'], ['bravo'], isRevoked, LIMIT_MS);
  });
});

async function clusterOf(names: readonly string[]): Promise<TestCluster> {
  const cluster = new TestCluster(await tempDir());
  try {
    await cluster.up(names);
  } catch (cause) {
    await cluster[Symbol.asyncDispose]();
    throw cause;
  }
  return cluster;
}

function revoke(cluster: TestCluster, name: string, ...options: readonly string[]): Promise<Ending> {
  return cluster.askCa('revoke', name, ...options);
}

function revocationOf(ended: Ending): Revocation {
  expect(ended.stderr).not.toMatch(/^error/m);
  return JSON.parse(ended.stdout) as Revocation;
}

function isRevoked(peer: Peer | undefined): boolean {
  return peer?.state === 'revoked' && !peer.alive;
}
