import { chmod, chown, cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestCluster } from '../support/cluster.ts';
import { faultLine } from '../support/fault-line.ts';
import { lifesignAsNobody, NOBODY } from '../support/other-user.ts';
import { lifesign, type Ending } from '../support/process.ts';
import { RamDisk } from '../support/ram-disk.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('a directory that may not be written', () => {
  it('is named by pki init, which makes nothing', async () => {
    const place = await publicDir();
    const passphrase = { LIFESIGN_PASSPHRASE: 'correct horse battery staple' };
    const init = ['pki', 'init', '--url', 'https://127.0.0.1:18440'];
    const args = ['--home', join(place, 'ca'), '--json', ...init];
    expectUnwritable(await lifesignAsNobody(args, { env: passphrase }));
    expect(await readdir(place)).toEqual([]);
  });

  it('is named by node enroll, which does not spend the token', async () => {
    await using cluster = await caOnly();
    const token = await cluster.token('alpha');
    const place = await publicDir();
    const args = ['--home', join(place, 'alpha'), '--json', 'node', 'enroll', token];
    expectUnwritable(await lifesignAsNobody(args));
    expect(await readdir(place)).toEqual([]);
    await cluster.good(['--home', cluster.home('alpha'), 'node', 'enroll', token]);
  });

  it('is named by node run and pki serve, whoever owns it and also on a read-only file system', async () => {
    await using cluster = await caOnly();
    await cluster.enroll('alpha');
    await cluster.ca?.kill('SIGTERM');
    const place = await publicDir();
    const [node, ca] = [join(place, 'alpha'), join(place, 'ca')];
    await copyTo(cluster, place);
    expect(faultLine(await lifesignAsNobody(runArgs(node)))).toMatchObject({ code: 'LS_CONFIG_UNREADABLE' });
    for (const home of [node, ca]) await giveAway(home);
    for (const home of [node, ca]) await chmod(home, 0o500);
    expectUnwritable(await lifesignAsNobody(runArgs(node)));
    expectUnwritable(await lifesignAsNobody(serveArgs(ca), { env: passphraseOf() }));

    using disk = new RamDisk(join(place, 'disk'), '16m');
    await copyTo(cluster, disk.path);
    disk.makeReadOnly();
    expectUnwritable(await lifesign(runArgs(join(disk.path, 'alpha'))));
    expectUnwritable(await lifesign(serveArgs(join(disk.path, 'ca')), { env: passphraseOf() }));
  });

  it('keeps a node from starting when it is only the ledger', async () => {
    await using cluster = await caOnly();
    await cluster.enroll('alpha');
    await (await cluster.run('alpha')).kill('SIGTERM');
    await cluster.ca?.kill('SIGTERM');
    const place = await publicDir();
    await copyTo(cluster, place);
    const node = join(place, 'alpha');
    await giveAway(node);
    const segments = join(node, 'ledger', 'segments');
    for (const name of await readdir(segments)) await chmod(join(segments, name), 0o400);
    const refused = await lifesignAsNobody(runArgs(node));
    expect(faultLine(refused)).toMatchObject({ code: 'LS_LEDGER_IO' });
    expect(refused.code).toBe(5);
  });
});

async function caOnly(): Promise<TestCluster> {
  const cluster = new TestCluster(await tempDir());
  await cluster.initCa();
  await cluster.serve();
  return cluster;
}

/** A directory that anyone may enter and only root may write. */
async function publicDir(): Promise<string> {
  const path = await tempDir();
  await chmod(path, 0o755);
  return path;
}

/** Copies of the homes of alpha and of the CA, which do not run. */
async function copyTo(cluster: TestCluster, place: string): Promise<void> {
  await mkdir(place, { recursive: true });
  await cp(cluster.home('alpha'), join(place, 'alpha'), { recursive: true });
  await cp(cluster.caHome, join(place, 'ca'), { recursive: true });
}

async function giveAway(home: string): Promise<void> {
  const names = await readdir(home, { recursive: true });
  for (const path of [home, ...names.map((name) => join(home, name))]) await chown(path, NOBODY, NOBODY);
}

function runArgs(home: string): readonly string[] {
  return ['--home', home, '--json', 'node', 'run'];
}

function serveArgs(home: string): readonly string[] {
  return ['--home', home, '--json', 'pki', 'serve'];
}

function passphraseOf(): Record<string, string> {
  return { LIFESIGN_PASSPHRASE: 'correct horse battery staple' };
}

function expectUnwritable(ended: Ending): void {
  expect(faultLine(ended)).toMatchObject({ code: 'LS_HOME_UNWRITABLE' });
  expect(ended.code).toBe(3);
}
