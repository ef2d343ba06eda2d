import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TestCluster, type Peer } from '../support/cluster.ts';
import { tempDir } from '../support/temp-dir.ts';

/*
 * An outage of ten minutes where certificates live for half an hour, at a fifteenth of both, with nothing else changed:
 * the shares of a lifetime at which nodes renew, complain and try again are those of any lifetime.
 */
const LIFETIME_MS = 120_000;
const OUTAGE_MS = 44_000;
/** Each renews between 72 and 88 s after it was enrolled, and complains after 100 s. */
const OUTAGE_BEGINS_MS = 70_000;
const NAMES = ['alpha', 'bravo', 'charlie', 'delta'];

it('nodes live through an outage of their CA, say so, and renew when it is back, not all at once', async () => {
  await using cluster = new TestCluster(await tempDir());
  await cluster.initCa();
  await shortenLives(cluster);
  await cluster.serve();
  const begun = performance.now();
  for (const name of NAMES) await cluster.enroll(name);
  for (const name of NAMES) await cluster.run(name);
  await cluster.until(NAMES, NAMES, isAlive);
  const first = await serials(cluster);

  await sleep(OUTAGE_BEGINS_MS - (performance.now() - begun));
  await cluster.ca?.kill('SIGKILL');
  const watched = watchAll(cluster);
  await sleep(OUTAGE_MS);
  // Two thirds of every lifetime are over, of the first one five sixths too: nobody could renew, and everybody says so.
  for (const name of NAMES) {
    const { stderr } = cluster.node(name);
    expect(stderr, name).toMatch(/"event":"renewal","detail":"LS_[A-Z_]+ https/);
    if (name === NAMES[0]) expect(stderr, name).toContain('LS_MESH_RENEWAL_LATE');
  }
  expect(await serials(cluster)).toEqual(first);

  await cluster.serve();
  const back = performance.now();
  await cluster.until(NAMES, NAMES, (peer) => isAlive(peer) && peer?.serial !== first.get(peer?.name ?? ''));
  const tookMs = performance.now() - back;
  const losses = await watched.end();
  expect(losses).toEqual([]);
  const times = renewalTimes(`${cluster.ca?.stderr ?? ''}\n${cluster.ca?.stdout ?? ''}`);
  expect(times.length).toBeGreaterThanOrEqual(NAMES.length);
  // A pause between two tries is 2 to 6 s here, and drawn anew by each.
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(300);
  expect(tookMs).toBeLessThan(OUTAGE_MS);
});

/** Nodes get certificates of a minute, from the CA's own profile. */
async function shortenLives(cluster: TestCluster): Promise<void> {
  const directory = join(cluster.caHome, 'profiles');
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'node.yaml');
  const shipped = await readFile(new URL('../../ca/profiles/node.yaml', import.meta.url), 'utf8');
  const short = shipped
    .replace(/^lifetime_days: .*$/m, `lifetime_minutes: ${LIFETIME_MS / 60_000}`)
    .replace(/^backdate_minutes: .*$/m, 'backdate_minutes: 0');
  await writeFile(file, short);
}

async function serials(cluster: TestCluster): Promise<ReadonlyMap<string, string | null>> {
  const seen = new Map<string, string | null>();
  for (const name of NAMES) {
    const [observer = ''] = NAMES.filter((other) => other !== name);
    const peer = await cluster.peer(observer, name);
    seen.set(name, peer?.serial ?? null);
  }
  return seen;
}

/** Asks all the time who is not alive in the eyes of one. */
function watchAll(cluster: TestCluster) {
  const losses: string[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      for (const observer of NAMES.slice(0, 2)) {
        const { peers = [] } = (await cluster.status(observer)) ?? {};
        for (const { name, state, alive } of peers) {
          if (name !== observer && !alive) losses.push(`${observer}: ${name} ${state}`);
        }
      }
      await sleep(300);
    }
  })();
  return {
    async end(): Promise<readonly string[]> {
      over.abort();
      await watching;
      return losses;
    },
  };
}

/** Unix milliseconds at which the CA has renewed a certificate. */
function renewalTimes(log: string): readonly number[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"event":"renewed"'))
    .map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
}

function isAlive(peer: Peer | undefined): boolean {
  return peer?.state === 'alive' && peer.alive;
}
