import { systemClock } from '../../io/system/index.ts';
import { DemoCluster, type DemoVoice } from './cluster.ts';
import { isAlive, waitUntil } from './watch.ts';

const ALIVE_LIMIT_MS = 30_000;

/**
 * Makes and starts a CA and its nodes and waits until all of them count each other alive. Answers the cluster and
 * the milliseconds since `startedAt`. Whatever fails, nothing is left running.
 */
export async function startDemo(
  options: { readonly nodes: number; readonly directory: string | undefined; readonly startedAt: number },
  voice: DemoVoice,
  opened: (cluster: DemoCluster) => void,
): Promise<{ readonly cluster: DemoCluster; readonly tookMs: number }> {
  const cluster = await DemoCluster.create(options.nodes, options.directory, voice);
  opened(cluster);
  await cluster.startCa();
  await Promise.all(
    cluster.names.map(async (name) => {
      await cluster.enroll(name);
      await cluster.run(name);
    }),
  );
  await waitUntil(cluster, cluster.names, cluster.names, isAlive, ALIVE_LIMIT_MS);
  return { cluster, tookMs: systemClock.now().mono - options.startedAt };
}
