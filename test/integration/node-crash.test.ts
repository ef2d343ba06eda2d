import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { decodePemOf } from '../../src/codec/index.ts';
import { nodeCrypto, openLedger, readKeyFile, type LedgerRecovery } from '../../src/io/index.ts';
import { logOrigin } from '../../src/ledger/index.ts';
import { parseNodeId, type CertId } from '../../src/std/index.ts';
import { certIdOfCertificate, parseCertificate } from '../../src/x509/index.ts';
import { TestCluster, TRUST_DOMAIN, type Peer } from '../support/cluster.ts';
import {
  expectDurable,
  expectForward,
  expectOneLog,
  expectUsedOnce,
  testimonyOf,
} from '../support/ledger-history.ts';
import { startLifesign } from '../support/process.ts';
import { valueOf } from '../support/result.ts';
import { tempDir } from '../support/temp-dir.ts';

const ROUNDS = 52;
/** Lives that must have been heard of, so that the test has seen something. */
const MIN_LIVES_HEARD = ROUNDS / 2;
const LIMIT_MS = 60_000;
const INTERVAL_MS = 100;
const OBSERVER = 'alpha';
const VICTIM = 'bravo';
/** Beats as fast as the others: the victim logs its own heartbeats and theirs. */
const COMPANION = 'charlie';
const ALL = [OBSERVER, VICTIM, COMPANION];

const HEARING = new RegExp(`"peer":"${OBSERVER}".*"to":"alive"`);
/** A life ends at most this long after its process is there, it listens, it hears the observer, or is heard by it. */
const MOMENTS = [
  { after: 'spawn', maxMs: 900 },
  { after: 'heard', maxMs: 50 },
  { after: 'listening', maxMs: 80 },
  { after: 'heard', maxMs: 300 },
  { after: 'hearing', maxMs: 200 },
  { after: 'heard', maxMs: 900 },
] as const;

describe('kill -9 of a node under load', () => {
  it('loses nothing it sent that must be durable, uses no epoch twice, and leaves a sound ledger', async () => {
    await using cluster = new TestCluster(await tempDir());
    await upAt(cluster, INTERVAL_MS);
    await cluster.node(VICTIM).kill('SIGKILL');
    for (let round = 0; round < ROUNDS; round++) await liveAndDie(cluster, round);
    await cluster.run(VICTIM);
    await cluster.until([OBSERVER], [VICTIM], (peer) => peer?.state === 'alive', LIMIT_MS);
    for (const name of ALL) expect((await cluster.node(name).kill('SIGTERM'))?.code).toBe(143);

    const home = cluster.home(VICTIM);
    const certId = await certIdOf(home);
    const own = await testimonyOf(certId, home);
    const heard = await testimonyOf(certId, cluster.home(OBSERVER));
    const livesHeard = new Set(heard.records.map(({ body }) => body.epoch)).size;
    expect(livesHeard).toBeGreaterThanOrEqual(MIN_LIVES_HEARD);
    expectDurable(own, heard);
    expectUsedOnce(own, heard);
    expectForward(own);
    expectForward(heard);
    await expectOneLog(home, own, heard);
    // The last life ended by itself, so opening finds nothing to repair.
    expect((await openLedgerOf(home)).truncated).toBeNull();
  }, 600_000);
});

async function upAt(cluster: TestCluster, intervalMs: number): Promise<void> {
  await cluster.initCa();
  await cluster.serve();
  for (const name of ALL) {
    await cluster.enroll(name);
    await cluster.configure(name, (yaml) => yaml.replace(/interval_ms: \d+/, `interval_ms: ${intervalMs}`));
    await cluster.run(name);
  }
  await cluster.until(ALL, ALL, (peer) => peer?.state === 'alive', LIMIT_MS);
}

async function liveAndDie(cluster: TestCluster, round: number): Promise<void> {
  const { after, maxMs } = MOMENTS[round % MOMENTS.length] ?? MOMENTS[0];
  const before = (await cluster.peer(OBSERVER, VICTIM))?.epoch ?? 0;
  const args = ['--home', cluster.home(VICTIM), '--json', 'node', 'run'];
  await using victim = startLifesign(args, { timeoutMs: 120_000, env: { LIFESIGN_LOG: 'info' } });
  if (after === 'listening') await victim.line(/"listening"/, LIMIT_MS);
  if (after === 'hearing') await victim.errorLine(HEARING, LIMIT_MS);
  if (after === 'heard') await cluster.until([OBSERVER], [VICTIM], heardAfter(before), LIMIT_MS);
  await delay(randomInt(0, maxMs + 1));
  expect((await victim.kill('SIGKILL'))?.signal).toBe('SIGKILL');
}

function heardAfter(epoch: number): (peer: Peer | undefined) => boolean {
  return (peer) => (peer?.epoch ?? 0) > epoch;
}

/** Opens and closes the ledger as the node does; throws when it is damaged or rolled back. */
async function openLedgerOf(home: string): Promise<LedgerRecovery> {
  const nodeId = parseNodeId(
    /^node_id: (\w+)$/m.exec(await readFile(join(home, 'node.yaml'), 'utf8'))?.[1] ?? '',
  );
  if (nodeId === undefined) throw new Error(`${home}/node.yaml names no node`);
  const { signer } = await readKeyFile(join(home, 'log-key.pem'));
  const ledger = await openLedger({
    dir: join(home, 'ledger'),
    signer,
    origin: logOrigin(TRUST_DOMAIN, nodeId),
  });
  await ledger.close();
  return ledger.recovered;
}

async function certIdOf(home: string): Promise<CertId> {
  const [der = new Uint8Array()] = valueOf(
    decodePemOf('CERTIFICATE', await readFile(join(home, 'cert.pem'), 'utf8')),
  );
  return certIdOfCertificate(valueOf(parseCertificate(der)), nodeCrypto);
}
