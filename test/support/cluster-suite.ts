import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { TestCluster } from './cluster.ts';

/**
 * A cluster for all tests of the describe block that calls this: `names` run and count each other alive, `idle` are
 * enrolled and never started.
 */
export function clusterForAll(names: readonly string[], idle: readonly string[] = []): () => TestCluster {
  let cluster: TestCluster | undefined;
  beforeAll(async () => {
    cluster = new TestCluster(await mkdtemp(join(tmpdir(), 'lifesign-test-')));
    await cluster.up(names);
    for (const name of idle) await cluster.enroll(name);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    if (cluster !== undefined) await rm(cluster.directory, { recursive: true, force: true });
  });
  return () => {
    if (cluster === undefined) throw new Error('the cluster is not up');
    return cluster;
  };
}
