import { describe, expect, it } from 'vitest';
import { TestCluster, type Peer } from '../support/cluster.ts';
import { tempDir } from '../support/temp-dir.ts';

const LIMIT_MS = 60_000;
const NAMES = ['alpha', 'bravo', 'charlie'];

describe('pki release', () => {
  it('brings a node on hold back to life, whether it kept running or was started again', async () => {
    await using cluster = new TestCluster(await tempDir());
    await cluster.up(NAMES);
    const before = await cluster.peer('alpha', 'charlie');
    await hold(cluster);
    await release(cluster);
    await cluster.until(NAMES, NAMES, (peer) => peer?.state === 'alive', LIMIT_MS);
    expect(await cluster.peer('alpha', 'charlie')).toMatchObject({
      nodeId: before?.nodeId,
      serial: before?.serial,
    });

    await hold(cluster);
    await cluster.node('charlie').kill('SIGKILL');
    await release(cluster);
    await cluster.run('charlie');
    await cluster.until(NAMES, NAMES, (peer) => peer?.state === 'alive', LIMIT_MS);
  });
});

async function hold(cluster: TestCluster): Promise<void> {
  const held = await cluster.askCa('revoke', 'charlie', '--reason', 'certificateHold');
  expect(held.stderr).not.toMatch(/^error/m);
  expect(JSON.parse(held.stdout)).toMatchObject({
    name: 'charlie',
    reason: 'certificateHold',
    spread: 'mesh',
  });
  await cluster.until(['alpha', 'bravo'], ['charlie'], isHeld, LIMIT_MS);
}

async function release(cluster: TestCluster): Promise<void> {
  const released = await cluster.askCa('release', 'charlie');
  expect(released.stderr).not.toMatch(/^error/m);
  expect(JSON.parse(released.stdout)).toMatchObject({ name: 'charlie', spread: 'mesh' });
}

function isHeld(peer: Peer | undefined): boolean {
  return peer?.state === 'revoked' && peer.reason === 'certificate-held' && !peer.alive;
}
