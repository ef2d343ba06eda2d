import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { callSocket } from '../support/ca-process.ts';
import { TestCluster } from '../support/cluster.ts';
import { PostgresServer } from '../support/postgres.ts';
import { lifesign } from '../support/process.ts';
import { ReplicaCluster } from '../support/replica-cluster.ts';
import { SoftHsm } from '../support/soft-hsm.ts';
import { tempDir } from '../support/temp-dir.ts';

async function clusterOn(hsm: SoftHsm, attributes = ''): Promise<TestCluster> {
  const cluster = new TestCluster(await tempDir());
  cluster.initOptions.push('--key-store', hsm.uri(attributes));
  Object.assign(cluster.env, hsm.env);
  return cluster;
}

/** `/readyz` answers 200, or 503 with that code, within the time that a check of the token takes. */
async function ready(cluster: TestCluster, code: string | null): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    const { status, json } = await callSocket(cluster.caHome, 'GET', '/readyz');
    const said = status === 200 ? null : json['code'];
    if (said === code) return;
    if (performance.now() > giveUpAt) throw new Error(`/readyz: ${status} ${JSON.stringify(json)}`);
    await delay(100);
  }
}

describe('a CA whose keys are on a PKCS#11 token', () => {
  it('serves a mesh, survives that the token goes and comes back, and is audited', async () => {
    using hsm = new SoftHsm();
    await using cluster = await clusterOn(hsm);
    await cluster.up(['alpha', 'beta']);
    expect(await readdir(join(cluster.caHome, 'keys'))).toEqual([
      'issuing.key.uri',
      'log.key.uri',
      'root.key.uri',
    ]);
    await ready(cluster, null);

    hsm.pullOut();
    await ready(cluster, 'LS_KEY_TOKEN_UNAVAILABLE');
    const refused = await cluster.askCa('revoke', 'beta', '--reason', 'keyCompromise');
    expect(refused.stderr).toContain('LS_KEY_TOKEN_UNAVAILABLE');
    expect(refused.code).toBe(4);
    expect((await cluster.pki('show', 'beta')).stdout).not.toContain('revoked');
    await cluster.until(['alpha'], ['beta'], (peer) => peer?.state === 'alive');

    hsm.putBack();
    await ready(cluster, null);
    const revoked = await cluster.askCa('revoke', 'beta', '--reason', 'keyCompromise', '--wait');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ name: 'beta', spread: 'mesh' });
    await cluster.enroll('gamma');
    await cluster.ca?.[Symbol.asyncDispose]();

    const root = ['--root', join(cluster.caHome, 'root.pem')];
    const audit = await lifesign(['--json', 'audit', 'verify', cluster.caHome, ...root], {
      env: cluster.env,
    });
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, complete: true });
  });

  it('leaves keys on the token that another program knows, and that never leave it', async () => {
    using hsm = new SoftHsm();
    await using cluster = await clusterOn(hsm, ';object=site%20a');
    await cluster.initCa();
    const listed = hsm.tool('--list-objects', '--type', 'privkey');
    for (const name of ['root', 'issuing', 'log']) expect(listed).toContain(`site a ${name}`);
    expect(listed.match(/never extractable/g)).toHaveLength(3);
    expect(listed).not.toMatch(/decrypt|unwrap|derive/);
    await expect(readFile(join(cluster.caHome, 'keys', 'issuing.key.pem'))).rejects.toThrow('ENOENT');

    // The same labels again would be a second CA's keys under the first one's names.
    const again = new TestCluster(await tempDir());
    Object.assign(again.env, hsm.env);
    again.initOptions.push('--key-store', hsm.uri(';object=site%20a'));
    await expect(again.initCa()).rejects.toThrow('LS_KEY_EXISTS');
    expect(hsm.tool('--list-objects', '--type', 'privkey').match(/Private Key Object/g)).toHaveLength(3);
  });

  it('shares its token among the servers of one database', async () => {
    using hsm = new SoftHsm();
    await using postgres = await PostgresServer.start();
    await using cluster = new ReplicaCluster(await tempDir(), 2, postgres.create('token'));
    cluster.initOptions.push('--key-store', hsm.uri());
    Object.assign(cluster.env, hsm.env);
    await cluster.initCa();
    await cluster.serve();
    const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'];
    for (const name of names) await cluster.enroll(name);
    const answers = await Promise.all(names.map((name, i) => cluster.askReplica(i % 2, 'revoke', name)));
    for (const { code, stderr } of answers) expect([code, stderr]).toEqual([0, '']);
    await ready(cluster, null);
    await cluster.kill(0);
    const published = await cluster.askReplica(1, 'crl', '--publish');
    expect(published.code).toBe(0);
  });

  it('leaves no key behind when it does not come to be', async () => {
    using hsm = new SoftHsm();
    await using cluster = await clusterOn(hsm);
    cluster.initOptions.push('--trust-domain', 'nodots');
    await expect(cluster.initCa()).rejects.toThrow('LS_CA_REQUEST');
    expect(hsm.tool('--list-objects')).not.toContain('Key Object');
  });

  it('is backed up without its keys, and the drill opens them on the token with the PIN and nothing else', async () => {
    using hsm = new SoftHsm();
    await using cluster = await clusterOn(hsm);
    await cluster.initCa();
    const keys = await cluster.pki('key', 'list');
    const listed = (
      JSON.parse(keys.stdout) as { keys: { name: string; id: string; place: string; uri: string }[] }
    ).keys;
    expect(listed.map(({ name, place }) => `${name} ${place}`)).toEqual([
      'root token',
      'issuing token',
      'log token',
    ]);
    for (const { uri } of listed)
      expect(uri).toMatch(/^pkcs11:object=lifesign%20[a-z]+;id=(?:%[0-9a-f]{2}){16};type=private$/);

    const secret = ['--passphrase-file', cluster.passphraseFile];
    const file = join(cluster.directory, 'token.backup');
    await cluster.pki('backup', '-o', file, ...secret);
    const drill = () =>
      lifesign(['--json', 'pki', 'restore', '--check', file, ...secret], { env: cluster.env });
    expect(JSON.parse((await drill()).stdout)).toMatchObject({ ok: true, rootKey: true });

    // The passphrase of the backup is not tried as a PIN: a token locks itself after a few wrong ones.
    const config = join(cluster.caHome, 'ca.yaml');
    await writeFile(config, (await readFile(config, 'utf8')).replace(/&pin-source=\S+/, ''));
    const blind = join(cluster.directory, 'blind.backup');
    await cluster.pki('backup', '-o', blind, ...secret);
    const refused = await lifesign(['pki', 'restore', '--check', blind, ...secret], { env: cluster.env });
    expect(refused.stderr).toContain('LS_KEY_NO_PIN');

    // The root leaves the token as well.
    const [root] = listed;
    const destroy = ['pki', 'destroy-key', root?.id ?? '', '--without-copy', '--yes'];
    const env = { ...cluster.env, LIFESIGN_PIN: '271828' };
    expect((await lifesign(['--home', cluster.caHome, ...destroy], { env })).code).toBe(0);
    const left = hsm.tool('--list-objects');
    expect(left).not.toContain('lifesign root');
    expect(left.match(/Key Object/g)).toHaveLength(4);
    const published = await lifesign(['--home', cluster.caHome, 'pki', 'crl', '--publish'], { env });
    expect(published.code).toBe(0);
  });

  it('says what is missing: the addon, the library, the token, the PIN', async () => {
    using hsm = new SoftHsm();
    await using cluster = await clusterOn(hsm);
    await cluster.initCa();
    const config = join(cluster.caHome, 'ca.yaml');
    const written = await readFile(config, 'utf8');
    const attempt = async (from: string, to: string, env: Readonly<Record<string, string>> = {}) => {
      await writeFile(config, written.replace(from, to));
      const args = ['--home', cluster.caHome, 'pki', 'crl', '--publish'];
      return (await lifesign(args, { env: { ...cluster.env, ...env } })).stderr;
    };
    expect(await attempt('', '', { LIFESIGN_PKCS11JS: '/nowhere' })).toContain('LS_KEY_ADDON');
    expect(await attempt('libsofthsm2.so', 'other.so')).toContain('LS_KEY_MODULE');
    expect(await attempt('lifesign%20test', 'lifesign%20best')).toContain('LS_KEY_TOKEN_UNAVAILABLE');
    const noPin = ['&pin-source', '&no'] as const;
    expect(await attempt(...noPin)).toContain('LS_CONFIG_KEY_STORE');
    const withoutSource = written.replace(/&pin-source=\S+/, '');
    const pinOf = async (env: Readonly<Record<string, string>>) => {
      await writeFile(config, withoutSource);
      const args = ['--home', cluster.caHome, 'pki', 'crl', '--publish'];
      return lifesign(args, { env: { ...cluster.env, ...env } });
    };
    expect((await pinOf({})).stderr).toContain('LS_KEY_NO_PIN');
    expect((await pinOf({ LIFESIGN_PIN: '000000' })).stderr).toContain('LS_KEY_PIN');
    expect((await pinOf({ LIFESIGN_PIN: '271828' })).code).toBe(0);
    const credentials = await tempDir();
    await writeFile(join(credentials, 'lifesign-pin'), '271828\n');
    expect((await pinOf({ CREDENTIALS_DIRECTORY: credentials })).code).toBe(0);
  });
});
