import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { TestCluster } from '../support/cluster.ts';
import { lifesign } from '../support/process.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const PATIENCE = { timeout: 90_000, interval: 500 };
const NODES = ['alpha', 'beta', 'gamma', 'delta'];

interface Rollover {
  readonly generations: readonly {
    readonly generation: number;
    readonly state: string;
    readonly live: number;
  }[];
  readonly adoption: { readonly missing: readonly string[] } | null;
  readonly renewal: { readonly behind: readonly string[] } | null;
}
interface Transition {
  readonly peer: string;
  readonly from: string;
  readonly to: string;
}

async function status(cluster: TestCluster): Promise<Rollover> {
  return JSON.parse((await cluster.pki('rollover', 'status')).stdout) as Rollover;
}

const states = async (cluster: TestCluster) =>
  (await status(cluster)).generations.map(({ generation, state }) => `${generation} ${state}`);

/** What a node saw cease to be alive; suspected still counts as alive. */
async function losses(cluster: TestCluster, observer: string): Promise<readonly string[]> {
  const { stdout } = await cluster.ask(observer, 'mesh', 'events');
  const seen = stdout.split('\n').filter((line) => line !== '');
  return seen
    .map((line) => JSON.parse(line) as Transition)
    .filter(({ from, to }) => ['alive', 'suspect'].includes(from) && !['alive', 'suspect'].includes(to))
    .map(({ peer, to }) => `${peer} ${to}`);
}

/** Serials of good certificates, the CA's own server's too. */
async function goodSerials(cluster: TestCluster): Promise<readonly { name: string; serial: string }[]> {
  const { stdout } = await cluster.pki('list', '--all');
  const { certificates } = JSON.parse(stdout) as {
    readonly certificates: readonly { name: string; serial: string; role: string; status: string }[];
  };
  return certificates.filter(({ role, status: is }) => is === 'good' && role !== 'ocsp');
}

/**
 * By openssl alone: the certificate that a node has, up to the root, with the CRLs that the CA serves. What the CA has
 * issued is not yet what a node has put in use, so the file is waited for.
 */
async function opensslAgrees(
  cluster: TestCluster,
  name: string,
  generation: number,
  roots: readonly string[] = ['root.crl'],
): Promise<void> {
  const at = (file: string): string => join(cluster.home(name), file);
  const issuer = async () => {
    const { stdout } = await run('openssl', ['x509', '-in', at('cert.pem'), '-noout', '-issuer']);
    return stdout.trimEnd();
  };
  const named = generation === 1 ? /issuing CA$/ : new RegExp(`issuing CA G${generation}$`);
  await expect.poll(issuer, PATIENCE).toMatch(named);
  const crls = join(cluster.directory, 'crls.pem');
  const pems: string[] = [];
  for (const file of [...roots, generation === 1 ? 'issuing.crl' : `issuing-${generation}.crl`]) {
    const answer = await fetch(`http://127.0.0.1:${cluster.crlPort}/crl/${file}`);
    expect(answer.status).toBe(200);
    const der = join(cluster.directory, file);
    await writeFile(der, new Uint8Array(await answer.arrayBuffer()));
    pems.push((await run('openssl', ['crl', '-inform', 'der', '-in', der])).stdout);
  }
  await writeFile(crls, pems.join(''));
  const files = ['-CAfile', at('root.pem'), '-untrusted', at('chain.pem'), '-CRLfile', crls, at('cert.pem')];
  const { stdout } = await run('openssl', ['verify', '-x509_strict', '-crl_check_all', ...files]);
  expect(stdout).toContain('OK');
}

/** The CA's ledger and those of the nodes, together: who signed what below which issuing CA, and while it counted. */
async function auditAgrees(
  cluster: TestCluster,
  homes: readonly string[],
  pinned = join(cluster.caHome, 'root.pem'),
): Promise<void> {
  const root = ['--root', pinned];
  const args = ['--json', 'audit', 'verify', cluster.caHome, ...homes, ...root];
  const audit = await lifesign(args, { env: cluster.env });
  expect(JSON.parse(audit.stdout), audit.stderr).toMatchObject({ ok: true, complete: true, faults: [] });
}

/** Whether each of them counts somebody of this name alive: who was left behind has another identity afterwards. */
async function countedAlive(
  cluster: TestCluster,
  observers: readonly string[],
  name: string,
): Promise<boolean> {
  for (const observer of observers) {
    const { peers = [] } = (await cluster.status(observer)) ?? {};
    if (!peers.some((peer) => peer.name === name && peer.alive)) return false;
  }
  return true;
}

describe('an issuing CA follows another', () => {
  it('while a mesh runs, and nobody loses anybody', { timeout: 600_000 }, async () => {
    await using cluster = new TestCluster(await tempDir());
    await cluster.up(NODES);
    const before = await goodSerials(cluster);
    await opensslAgrees(cluster, 'alpha', 1);

    await cluster.pki('rollover', 'prepare');
    // Run again, it is the same one.
    await cluster.pki('rollover', 'prepare');
    expect(await states(cluster)).toEqual(['1 active', '2 prepared']);
    await expect.poll(async () => (await status(cluster)).adoption?.missing, PATIENCE).toEqual([]);

    await cluster.pki('rollover', 'activate', '--renew-within', '10s');
    await cluster.pki('rollover', 'activate');
    expect(await states(cluster)).toEqual(['1 retiring', '2 active']);

    const alive = ['alpha', 'beta', 'gamma'];
    const revoked = await cluster.pki('revoke', 'delta', '--reason', 'keyCompromise');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ spread: 'mesh' });
    await cluster.until(alive, ['delta'], (peer) => peer?.alive !== true);

    await cluster.node('gamma').kill('SIGTERM');
    await cluster.run('gamma');
    await expect.poll(async () => (await status(cluster)).renewal?.behind, PATIENCE).toEqual([]);
    await cluster.until(alive, alive, (peer) => peer?.alive === true);
    for (const name of alive) await opensslAgrees(cluster, name, 2);
    for (const name of ['alpha', 'beta']) {
      const lost = (await losses(cluster, name)).map((loss) => loss.split(' ')[0]);
      expect(lost.filter((peer) => peer !== 'delta' && peer !== 'gamma')).toEqual([]);
    }

    const refused = await cluster.askCa('rollover', 'retire');
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('LS_ROLLOVER_NOT_EMPTY')]);
    for (const { name, serial } of before) {
      if (name !== 'delta')
        await cluster.pki('revoke', name, '--only-serial', serial, '--reason', 'superseded');
    }
    await cluster.pki('rollover', 'retire');
    expect(await states(cluster)).toEqual(['1 retired', '2 active']);
    await cluster.until(alive, alive, (peer) => peer?.alive === true);
    const keys = JSON.parse((await cluster.pki('key', 'list')).stdout) as {
      readonly keys: readonly { readonly name: string; readonly id: string; readonly state: string | null }[];
    };
    expect(keys.keys.map(({ name, state }) => [name, state])).toEqual([
      ['root', null],
      ['issuing', 'retired'],
      ['issuing-2', 'active'],
      ['log', null],
    ]);

    // The server starts again with what it has, and without the key of the one that is retired.
    await cluster.ca?.kill('SIGTERM');
    const gone = keys.keys.find(({ name }) => name === 'issuing')?.id ?? '';
    const secret = ['--passphrase-file', cluster.passphraseFile];
    await cluster.pki('destroy-key', gone, '--without-copy', '--yes', ...secret);
    await cluster.serve();
    await cluster.until(alive, alive, (peer) => peer?.alive === true);
    await cluster.ca?.kill('SIGTERM');
    for (const name of alive) await cluster.node(name).kill('SIGTERM');
    await auditAgrees(
      cluster,
      alive.map((name) => cluster.home(name)),
    );
  });

  it(
    'at once when its key is in wrong hands, and says who was left behind',
    { timeout: 600_000 },
    async () => {
      await using cluster = new TestCluster(await tempDir());
      const stopped = 'gamma';
      const others = ['alpha', 'beta'];
      await cluster.up([stopped, ...others]);
      await cluster.node(stopped).kill('SIGTERM');
      const left = await cluster.askCa('rollover', 'compromised', '--within', '30s');
      expect([left.code, JSON.parse(left.stdout)]).toMatchObject([
        2,
        { generation: 1, successor: 2, activeMembers: 3, leftBehind: [stopped] },
      ]);
      expect(await states(cluster)).toEqual(['1 revoked', '2 active']);
      await cluster.until(others, others, (peer) => peer?.alive === true);
      for (const name of others) {
        const lost = (await losses(cluster, name)).map((loss) => loss.split(' ')[0]);
        expect(lost.filter((peer) => peer !== stopped)).toEqual([]);
        await opensslAgrees(cluster, name, 2);
      }
      // Asked again, the same answer, and no further CA.
      const again = await cluster.askCa('rollover', 'compromised');
      expect([again.code, JSON.parse(again.stdout)]).toMatchObject([
        2,
        { leftBehind: [stopped], rootCrlNumber: null },
      ]);

      const token = await cluster.token(stopped, '--replace');
      const anew = join(cluster.directory, 'certs', `${stopped}-again`);
      await cluster.good([
        '--home',
        anew,
        '--json',
        'node',
        'enroll',
        token,
        '--listen',
        cluster.address(stopped),
      ]);
      await using back = cluster.start(anew);
      await back.line(/^.*"listening".*$/, 60_000);
      await expect.poll(() => countedAlive(cluster, others, stopped), PATIENCE).toBe(true);
      // The server starts again although the root has revoked its first CA.
      await cluster.ca?.kill('SIGTERM');
      await cluster.serve();
      await cluster.until(others, others, (peer) => peer?.alive === true);
      expect(await countedAlive(cluster, others, stopped)).toBe(true);
      await cluster.ca?.kill('SIGTERM');
      for (const name of others) await cluster.node(name).kill('SIGTERM');
      await back.kill('SIGTERM');
      await auditAgrees(cluster, [...[...others, stopped].map((name) => cluster.home(name)), anew]);
    },
  );
});

describe('a root follows another', () => {
  it(
    'while a mesh runs, nobody loses anybody, and who was away comes after',
    { timeout: 600_000 },
    async () => {
      await using cluster = new TestCluster(await tempDir());
      const away = 'gamma';
      const others = ['alpha', 'beta'];
      await cluster.up([away, ...others]);
      await cluster.pki('rollover', 'root', 'prepare');
      // Run again, it is the same one.
      await cluster.pki('rollover', 'root', 'prepare');
      const { roots } = JSON.parse((await cluster.pki('rollover', 'root', 'status')).stdout) as {
        readonly roots: readonly { readonly generation: number; readonly issuing: readonly number[] }[];
      };
      expect(roots).toMatchObject([
        { generation: 1, issuing: [1] },
        { generation: 2, issuing: [] },
      ]);
      await cluster.node(away).kill('SIGTERM');
      await cluster.pki('rollover', 'prepare');
      const adopted = async () => (await status(cluster)).adoption?.missing;
      await expect.poll(adopted, PATIENCE).toEqual([away]);
      await cluster.pki('rollover', 'activate', '--renew-within', '10s', '--force');
      await expect.poll(async () => (await status(cluster)).renewal?.behind, PATIENCE).toEqual([away]);
      await cluster.until(others, others, (peer) => peer?.alive === true);
      for (const name of others) {
        await opensslAgrees(cluster, name, 2, ['root.crl', 'root-2.crl']);
        const lost = (await losses(cluster, name)).map((loss) => loss.split(' ')[0]);
        expect(lost.filter((peer) => peer !== away)).toEqual([]);
      }

      // Its certificate is below the first root, and what the CA's server and the others present is below the second.
      await cluster.run(away);
      await expect.poll(async () => (await status(cluster)).renewal?.behind, PATIENCE).toEqual([]);
      const all = [away, ...others];
      await cluster.until(all, all, (peer) => peer?.alive === true);
      await opensslAgrees(cluster, away, 2, ['root.crl', 'root-2.crl']);

      // A token names the first root alone.
      await cluster.enroll('delta');
      await cluster.run('delta');
      const four = [...all, 'delta'];
      await cluster.until(four, four, (peer) => peer?.alive === true);

      // So does who has never heard of another one, and stock tools: the server shows who vouches for whom.
      const [genesis] = (await readFile(join(cluster.caHome, 'root.pem'), 'utf8')).split(
        /(?<=-----END .*-----\n)/,
      );
      const pinned = join(cluster.directory, 'genesis.pem');
      await writeFile(pinned, genesis ?? '');
      const dial = ['-connect', `127.0.0.1:${cluster.caPort}`, '-CAfile', pinned, '-verify_return_error'];
      const served = run('openssl', ['s_client', ...dial, '-x509_strict', '-showcerts']);
      served.child.stdin?.end();
      expect((await served).stdout).toMatch(/Verif(?:y return code: 0|ication: OK)/);

      await cluster.ca?.kill('SIGTERM');
      await cluster.serve();
      await cluster.until(four, four, (peer) => peer?.alive === true);
      await cluster.ca?.kill('SIGTERM');
      for (const name of four) await cluster.node(name).kill('SIGTERM');
      await auditAgrees(
        cluster,
        four.map((name) => cluster.home(name)),
        pinned,
      );
    },
  );
});
