import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Set for the process that was started inside. */
const INSIDE = 'LIFESIGN_BENCH_NETWORK';
/** What makes a network namespace: as root, else in a user namespace where the system lets everybody have one. */
const WAYS = [['--net'], ['--map-root-user', '--net']];

/** Where the processes of a benchmark talk to each other. */
export interface BenchNetwork {
  /** Nobody else is on it: its counters are of this benchmark alone, and filters harm nobody. */
  readonly isOwn: boolean;
}

/**
 * Runs `main` in a network namespace that has nothing but a loopback interface; where there can be none, in that of
 * the machine.
 */
export async function inOwnNetwork(main: (network: BenchNetwork) => Promise<void>): Promise<void> {
  if (process.env[INSIDE] === undefined) {
    const way = WAYS.find((flags) => spawnSync('unshare', [...flags, 'true']).status === 0);
    if (way === undefined) await main({ isOwn: false });
    else await runInside(way);
    return;
  }
  // Whoever started us is gone for good: so are we, with all we have started.
  process.channel?.unref();
  process.once('disconnect', () => process.exit(1));
  const raised = spawnSync('ip', ['link', 'set', 'lo', 'up']);
  if (raised.status !== 0) throw new Error('ip link set lo up failed: the package iproute2 is needed');
  await main({ isOwn: true });
}

async function runInside(way: readonly string[]): Promise<void> {
  const child = spawn('unshare', [...way, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [INSIDE]: '1' },
  });
  // A terminal tells both of us; the one inside has to clean up first.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}

/** Bytes that went over the loopback interface so far, with the headers of IP, TCP and UDP. */
export function loopbackBytes(): number {
  const line = /^\s*lo:\s*(.*)$/m.exec(readFileSync('/proc/net/dev', 'latin1'))?.[1] ?? '';
  return Number(line.split(/\s+/)[0]);
}

/**
 * From now on whoever opens a TCP connection to `port` hears nothing, as behind a firewall that drops: the system does
 * not refuse for a process that is gone. Open connections stay. The function it answers ends that.
 * Requires: a network of its own.
 */
export function dropNewConnections(port: number): () => void {
  const rules = `table inet bench {
    chain out {
      type filter hook output priority 0;
      tcp dport ${port} tcp flags & (syn | ack) == syn drop
    }
  }`;
  const made = spawnSync('nft', ['-f', '-'], { input: rules, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`nft: ${made.stderr}`);
  return () => {
    spawnSync('nft', ['delete', 'table', 'inet', 'bench']);
  };
}

export function hasPacketFilter({ isOwn }: BenchNetwork): boolean {
  return isOwn && spawnSync('nft', ['list', 'tables']).status === 0;
}
