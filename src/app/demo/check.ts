import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../io/system/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { auditHomes } from '../audit.ts';
import type { DemoCluster } from './cluster.ts';
import { copyWithFlippedByte } from './tamper.ts';
import { isAlive, isDown, isRevoked, waitUntil } from './watch.ts';

/** What a step saw, and how long that took. */
export interface DemoObservation {
  readonly step: string;
  readonly observed: string;
  readonly tookMs: number;
}

/** Longest times that are waited for; what was measured is printed. */
const LIMIT_MS = {
  alive: 15_000,
  down: 15_000,
  recovered: 30_000,
  revoked: 10_000,
  refused: 15_000,
} as const;
/** A link heals its pauses and a few heartbeats pass, so that there is something to audit. */
const SETTLE_MS = 1_500;

/** The whole story on a cluster that has just been started, unattended. Throws LS_DEMO_EXPECTATION where it goes wrong. */
export async function checkDemo(
  cluster: DemoCluster,
  tell: (observation: DemoObservation) => void,
): Promise<void> {
  const victim = cluster.names.at(-1) ?? '';
  const others = cluster.names.slice(0, -1);
  await kill(cluster, others, victim, tell);
  await restart(cluster, others, victim, tell);
  await freezeAndThaw(cluster, others, victim, tell);
  await revoke(cluster, others, victim, tell);
  await delay(SETTLE_MS);
  await cluster.stopNodes();
  await audit(cluster, tell);
  await auditTampered(cluster, tell);
}

type Step = (
  cluster: DemoCluster,
  others: readonly string[],
  victim: string,
  tell: (observation: DemoObservation) => void,
) => Promise<void>;

const kill: Step = async (cluster, others, victim, tell) => {
  cluster.node(victim).signal('SIGKILL');
  const tookMs = await waitUntil(cluster, others, [victim], isDown, LIMIT_MS.down);
  tell({ step: `kill -9 ${victim}`, observed: `down at ${others.join(' and ')}`, tookMs });
};

const restart: Step = async (cluster, others, victim, tell) => {
  const before = (await peerOf(cluster, others[0], victim))?.epoch ?? 0;
  const start = systemClock.now().mono;
  await cluster.run(victim);
  await waitUntil(cluster, cluster.names, cluster.names, isAlive, LIMIT_MS.recovered);
  const epoch = (await peerOf(cluster, others[0], victim))?.epoch ?? 0;
  if (epoch <= before) throw unexpected(`${victim} came back in epoch ${epoch}, after epoch ${before}`);
  const tookMs = systemClock.now().mono - start;
  tell({
    step: `restart ${victim}`,
    observed: `alive everywhere again, epoch ${before} -> ${epoch}`,
    tookMs,
  });
};

const freezeAndThaw: Step = async (cluster, others, victim, tell) => {
  cluster.node(victim).signal('SIGSTOP');
  const downMs = await waitUntil(cluster, others, [victim], isDown, LIMIT_MS.down);
  tell({ step: `freeze ${victim} (SIGSTOP)`, observed: `down at ${others.join(' and ')}`, tookMs: downMs });
  cluster.node(victim).signal('SIGCONT');
  const backMs = await waitUntil(cluster, cluster.names, cluster.names, isAlive, LIMIT_MS.recovered);
  const epoch = (await peerOf(cluster, others[0], victim))?.epoch ?? 0;
  tell({
    step: `thaw ${victim}`,
    observed: `alive everywhere again by itself, epoch ${epoch}`,
    tookMs: backMs,
  });
};

const revoke: Step = async (cluster, others, victim, tell) => {
  const asked = systemClock.now().mono;
  const answer = await cluster.revoke(victim);
  const answeredMs = systemClock.now().mono - asked;
  const spread = `CRL ${answer.crlNumber} signed, spread: ${answer.spread}`;
  tell({ step: `revoke ${victim}`, observed: spread, tookMs: answeredMs });
  const tookMs = await waitUntil(cluster, others, [victim], isRevoked, LIMIT_MS.revoked);
  tell({ step: 'after revoke returned', observed: `${victim} counts as alive nowhere`, tookMs });
  const cutMs = await untilTrue(`links to ${victim} are cut`, async () => {
    const seen = await Promise.all(others.map((other) => cluster.explain(other, victim)));
    return seen.every(({ link }) => !link.up);
  });
  tell({ step: 'its links', observed: 'cut at every other node', tookMs: cutMs });
  const offset = await logSizes(cluster, [...others, victim]);
  const refusedMs = await untilTrue(`${victim} is refused with the reason on both sides`, async () => {
    const own = await logSince(cluster, victim, offset);
    const theirs = await Promise.all(others.map((other) => logSince(cluster, other, offset)));
    return own.includes('LS_TRUST_REVOKED') && theirs.some((log) => log.includes('LS_TRUST_REVOKED'));
  });
  tell({
    step: 'its reconnects',
    observed: 'refused, LS_TRUST_REVOKED in the logs of both sides',
    tookMs: refusedMs,
  });
};

async function audit(cluster: DemoCluster, tell: (observation: DemoObservation) => void): Promise<void> {
  const start = systemClock.now().mono;
  const homes = cluster.names.map((name) => cluster.home(name));
  const report = await auditHomes({ homes });
  const tookMs = systemClock.now().mono - start;
  const [first] = report.faults;
  if (!report.ok)
    throw unexpected(`audit verify found ${first?.code ?? 'a fault'} in ${first?.file ?? 'a ledger'}`);
  if (!report.complete) throw unexpected('audit verify says that evidence is missing');
  const observed = `${report.records} records and ${report.signatures} signatures in ${homes.length} ledgers are good`;
  tell({ step: 'audit verify', observed, tookMs });
}

async function auditTampered(
  cluster: DemoCluster,
  tell: (observation: DemoObservation) => void,
): Promise<void> {
  const start = systemClock.now().mono;
  const [name = ''] = cluster.names;
  const copy = await copyWithFlippedByte(cluster.home(name), `${cluster.home(name)}-tampered`);
  const report = await auditHomes({ homes: [copy.home] });
  const tookMs = systemClock.now().mono - start;
  const [first] = report.faults;
  if (report.ok || first === undefined) throw unexpected('audit verify did not notice a flipped byte');
  const observed = `${first.code} in ${first.file} at byte ${first.offset}; byte ${copy.offset} was flipped`;
  tell({ step: 'audit verify of a copy with one flipped byte', observed, tookMs });
}

async function peerOf(cluster: DemoCluster, observer: string | undefined, name: string) {
  const status = observer === undefined ? undefined : await cluster.status(observer);
  return status?.peers.find((peer) => peer.name === name);
}

async function untilTrue(what: string, holds: () => Promise<boolean>): Promise<number> {
  const start = systemClock.now().mono;
  while (!(await holds())) {
    if (systemClock.now().mono - start > LIMIT_MS.refused)
      throw unexpected(`after ${LIMIT_MS.refused} ms not: ${what}`);
    await delay(10);
  }
  return systemClock.now().mono - start;
}

async function logSizes(
  cluster: DemoCluster,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const sizes = await Promise.all(
    names.map(async (name) => [name, (await readFile(cluster.logFile(name))).length] as const),
  );
  return new Map(sizes);
}

async function logSince(
  cluster: DemoCluster,
  name: string,
  from: ReadonlyMap<string, number>,
): Promise<string> {
  return (await readFile(cluster.logFile(name))).subarray(from.get(name) ?? 0).toString('utf8');
}

function unexpected(detail: string): LsError {
  return new LsError(fault('LS_DEMO_EXPECTATION', detail));
}
