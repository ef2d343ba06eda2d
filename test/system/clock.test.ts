import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestCluster, type Peer } from '../support/cluster.ts';
import { fakeTime } from '../support/fake-time.ts';
import { faultLine } from '../support/fault-line.ts';
import { lifesign, type Ending } from '../support/process.ts';
import { tempDir } from '../support/temp-dir.ts';

const LIMIT_MS = 60_000;
const BEHIND = fakeTime('-1h');
const AHEAD = fakeTime('+1h');

describe('a clock one hour off', () => {
  it('ahead: the node counts as alive, and the others name the skew', async () => {
    await using cluster = new TestCluster(await tempDir());
    await cluster.up(['alpha', 'bravo']);
    await cluster.enroll('charlie');
    const charlie = await cluster.run('charlie', AHEAD);
    const names = ['alpha', 'bravo', 'charlie'];
    await cluster.until(names, names, isAlive, LIMIT_MS);
    for (const observer of ['alpha', 'bravo']) {
      await cluster.node(observer).errorLine(/LS_MESH_CLOCK_SKEW.*charlie/, LIMIT_MS);
    }
    await charlie.errorLine(/LS_MESH_CLOCK_SKEW/, LIMIT_MS);

    expect((await cluster.askCa('revoke', 'charlie')).code).toBe(0);
    await cluster.until(['alpha', 'bravo'], ['charlie'], isRevoked, LIMIT_MS);
    await charlie.errorLine(/LS_SELF_REVOKED/, LIMIT_MS);
  });

  it('behind: with certificates younger than that it links to nobody, says why, and recovers', async () => {
    await using cluster = new TestCluster(await tempDir());
    await cluster.up(['alpha', 'bravo']);
    await cluster.enroll('charlie');
    const late = await cluster.run('charlie', { ...BEHIND, LIFESIGN_LOG: 'info' });
    const [line] = await late.errorLine(/^.*LS_LINK_DIAL.*$/, LIMIT_MS);
    expect(JSON.parse(line)).toMatchObject({ level: 'warn', cause: 'LS_TLS_PEER_CERTIFICATE' });
    expect(line).toMatch(/not yet valid.*clock/);
    expect((await cluster.status('charlie'))?.peers.filter(({ alive }) => alive)).toEqual([]);
    expect(await cluster.peer('alpha', 'charlie')).toMatchObject({ alive: false });
    await late.kill('SIGTERM');

    await cluster.run('charlie');
    const names = ['alpha', 'bravo', 'charlie'];
    await cluster.until(names, names, isAlive, LIMIT_MS);
  });

  it('behind: node enroll names the clock and leaves the token unspent', async () => {
    await using cluster = await caOnly();
    const token = await cluster.token('alpha');
    const args = ['--home', cluster.home('alpha'), '--json', 'node', 'enroll', token];
    const refused = await lifesign(args, { env: BEHIND });
    expect(faultLine(refused).code).toBe('LS_CA_CERTIFICATE');
    expect(refused.stderr).toMatch(/not yet valid.*clock/);
    expect(refused.code).toBe(4);
    await cluster.good(args);
  });

  it('is what node check names first', async () => {
    await using cluster = await caOnly();
    await cluster.enroll('alpha');
    for (const env of [BEHIND, AHEAD]) {
      const asked = await lifesign(['--home', cluster.home('alpha'), '--json', 'node', 'check'], { env });
      expect(faultLine(asked).code).toBe('LS_CHECK_CLOCK');
      expect(asked.code).toBe(3);
    }
  });

  it('at the CA, set back: a revocation is kept, says that it has not spread, and spreads once that is put right', async () => {
    await using cluster = new TestCluster(await tempDir());
    const names = ['alpha', 'bravo', 'charlie'];
    await cluster.up(names);
    await cluster.ca?.kill('SIGTERM');
    Object.assign(cluster.env, BEHIND);
    await cluster.serve();
    const revoked = await cluster.askCa('revoke', 'charlie');
    expect(revoked.code).toBe(2);
    expect(JSON.parse(revoked.stdout)).toMatchObject({ crlNumber: 2, spread: 'local' });
    await cluster.node('alpha').errorLine(/"warn".*clock of the CA/, LIMIT_MS);
    await cluster.ca?.kill('SIGTERM');

    trueTime(cluster);
    await cluster.serve();
    await cluster.until(['alpha', 'bravo'], ['charlie'], isRevoked, LIMIT_MS);
  });
});

describe('a clock turned back', () => {
  it('revives no certificate that had expired, and no revoked one', async () => {
    await using cluster = new TestCluster(await tempDir());
    const names = ['alpha', 'bravo', 'charlie', 'delta'];
    await cluster.up(names);
    expect((await cluster.askCa('revoke', 'delta')).code).toBe(0);
    await cluster.until(['bravo'], ['delta'], isRevoked, LIMIT_MS);
    await stopAll(cluster);

    const before = await serialOf(cluster, 'bravo');
    await atTime(cluster, '+6d');
    await cluster.run('bravo');
    await renewed(cluster, 'bravo', before);
    await stopAll(cluster);

    await atTime(cluster, '+8d');
    await (await cluster.run('bravo')).errorLine(/the CA feeds this node/, LIMIT_MS);
    await stopAll(cluster);

    trueTime(cluster);
    for (const name of ['alpha', 'bravo', 'charlie']) await cluster.run(name);
    await cluster.until(['alpha'], ['charlie'], isAlive, LIMIT_MS);
    await cluster.node('bravo').errorLine(/LS_TRUST_EXPIRED/, LIMIT_MS);
    await cluster.until(['bravo'], names, (peer) => peer?.alive === false, LIMIT_MS);
    await cluster.until(['bravo'], ['delta'], isRevoked, LIMIT_MS);
  });
});

describe('at two thirds of its life', () => {
  it('a certificate is renewed by its node, which goes on in its next epoch', async () => {
    await using cluster = new TestCluster(await tempDir());
    const names = ['alpha', 'bravo', 'charlie'];
    await cluster.up(names);
    const before = await Promise.all(names.map((name) => serialOf(cluster, name)));
    await stopAll(cluster);
    await atTime(cluster, '+5.5d');
    for (const name of names) await cluster.run(name);
    await Promise.all(names.map((name, i) => renewed(cluster, name, before[i] ?? '')));
    const isNew = (peer: Peer | undefined): boolean =>
      isAlive(peer) && peer?.epoch === 3 && !before.includes(peer.serial?.toUpperCase() ?? '');
    await cluster.until(names, names, isNew, LIMIT_MS);
    await stopAll(cluster);
    const homes = names.map((name) => cluster.home(name));
    const root = ['--root', join(cluster.home('alpha'), 'root.pem')];
    const audit = await lifesign(['--json', 'audit', 'verify', ...homes, ...root], { env: cluster.env });
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, faults: [] });
  });

  it('and after its end the node says that it has to enroll again', async () => {
    await using cluster = await caOnly();
    await cluster.enroll('alpha');
    const late = await lifesign(['--home', cluster.home('alpha'), '--json', 'node', 'run'], {
      env: fakeTime('+8d'),
    });
    expect(faultLine(late)).toEqual({ code: 'LS_SELF_CERTIFICATE', because: 'LS_TRUST_EXPIRED' });
    expect(late.code).toBe(3);
  });
});

describe('with a grace after its end', () => {
  it('a certificate is renewed that ran out lately, unless the CA gives none or the node is revoked', async () => {
    await using cluster = await caOnly();
    const names = ['alpha', 'bravo'];
    for (const name of names) await cluster.enroll(name);
    const before = await serialOf(cluster, 'alpha');
    expect((await cluster.askCa('revoke', 'bravo')).code).toBe(0);
    await cluster.ca?.kill('SIGTERM');

    await atTime(cluster, '+8d');
    const refused = await cluster.ask('alpha', 'node', 'renew');
    expect(faultLine(refused).code).toBe('LS_TRUST_EXPIRED');
    expect(refused.code).toBe(6);
    await cluster.ca?.kill('SIGTERM');

    const config = join(cluster.caHome, 'ca.yaml');
    const given = 'enrollment:\n  grace_after_expiry_minutes: 2880\n';
    await writeFile(config, `${await readFile(config, 'utf8')}${given}`);
    await cluster.serve();
    expect(faultLine(await cluster.ask('bravo', 'node', 'renew')).code).toBe('LS_TRUST_REVOKED');
    expect((await cluster.ask('alpha', 'node', 'renew')).stderr).toBe('');
    expect(await serialOf(cluster, 'alpha')).not.toBe(before);
    await (await cluster.run('alpha')).errorLine(/the CA feeds this node/, LIMIT_MS);
    await stopAll(cluster);
    const audit = await lifesign(['--json', 'audit', 'verify', cluster.caHome], { env: cluster.env });
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, faults: [] });
  });
});

async function caOnly(): Promise<TestCluster> {
  const cluster = new TestCluster(await tempDir());
  await cluster.initCa();
  await cluster.serve();
  return cluster;
}

/** The CA, and every process started from now on, live at `offset` from the real time. */
async function atTime(cluster: TestCluster, offset: string): Promise<void> {
  Object.assign(cluster.env, fakeTime(offset));
  await cluster.serve();
}

/** Processes started from now on live in the present again. */
function trueTime(cluster: TestCluster): void {
  for (const name of Object.keys(cluster.env)) Reflect.deleteProperty(cluster.env, name);
}

async function stopAll(cluster: TestCluster): Promise<void> {
  const ends: (Ending | undefined)[] = await Promise.all(
    [...cluster.nodes.values()].map((node) => node.kill('SIGTERM')),
  );
  cluster.nodes.clear();
  expect(ends.every((ended) => ended !== undefined)).toBe(true);
  await cluster.ca?.kill('SIGTERM');
}

async function serialOf(cluster: TestCluster, name: string): Promise<string> {
  const pem = await readFile(join(cluster.home(name), 'cert.pem'));
  return new X509Certificate(pem).serialNumber;
}

/** Waits until the node has kept another certificate than that with the serial number `before`. */
async function renewed(cluster: TestCluster, name: string, before: string): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while ((await serialOf(cluster, name)) === before) {
    if (performance.now() > end) throw new Error(`${name} did not renew: ${cluster.node(name).stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isAlive(peer: Peer | undefined): boolean {
  return peer?.state === 'alive' && peer.alive;
}

function isRevoked(peer: Peer | undefined): boolean {
  return peer?.state === 'revoked' && !peer.alive;
}
