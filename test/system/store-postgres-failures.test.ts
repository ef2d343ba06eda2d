import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AuthorityStore, StoreReader } from '../../src/authority/index.ts';
import { openPostgresStore, type PostgresStoreOptions } from '../../src/io/index.ts';
import { ok } from '../../src/std/index.ts';
import { CuttingProxy, type Cut } from '../support/cutting-proxy.ts';
import { expectCode } from '../support/expect-code.ts';
import { NOBODY } from '../support/other-user.ts';
import { DATABASE_PASSWORD, PostgresServer } from '../support/postgres.ts';
import { RamDisk } from '../support/ram-disk.ts';
import { codeOf, valueOf } from '../support/result.ts';
import { step } from '../support/step.ts';
import { tokenRow } from '../support/store-rows.ts';
import { tempDir } from '../support/temp-dir.ts';

const KILLS = 5;
const BIG = 4_000_000;
let server: PostgresServer;
let databases = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});

afterAll(() => server[Symbol.asyncDispose]());

async function open(url: string, options: PostgresStoreOptions = {}): Promise<AuthorityStore> {
  const store = await openPostgresStore(url, options);
  onTestFinished(() => store.close());
  return store;
}

async function reading<T>(store: AuthorityStore, work: (tx: StoreReader) => Promise<T>): Promise<T> {
  return valueOf(await store.read(async (tx) => ok(await work(tx))));
}

function insert(store: AuthorityStore, n: number) {
  return store.transaction(async (tx) => step(tx.insertToken(tokenRow(n))));
}

describe('the PostgreSQL store, when a connection is cut', () => {
  async function behindProxy(): Promise<{
    store: AuthorityStore;
    proxy: CuttingProxy;
    direct: AuthorityStore;
  }> {
    const proxy = await CuttingProxy.to(server.port);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const url = server.create(`cut_${databases++}`);
    const direct = await open(url);
    return { store: await open(url.replace(`:${server.port}/`, `:${proxy.port}/`)), proxy, direct };
  }

  it.each<[string, Cut, string]>([
    ['before the server hears of the commit, does the work again', 'request', 'COMMIT'],
    ['after the server has committed, finds out that it has', 'answer', 'COMMIT'],
    ['in the middle of the work, does it again', 'request', 'lifesign-1'],
    ['before the lock is asked for, asks again', 'request', 'LOCK TABLE'],
    ['while the lock is got, asks again', 'answer', 'LOCK TABLE'],
  ])('%s', async (_, cut, word) => {
    const { store, proxy, direct } = await behindProxy();
    valueOf(await insert(store, 1));
    proxy.cutAt(word, cut);
    let tries = 0;
    const name = tokenRow(2, { dns: ['lifesign-1'] });
    valueOf(
      await store.transaction(async (tx) => {
        tries++;
        return step(tx.insertToken(name));
      }),
    );
    expect(proxy.cuts).toBe(1);
    expect(tries).toBe(word === 'LOCK TABLE' || (cut === 'answer' && word === 'COMMIT') ? 1 : 2);
    expect(await reading(direct, (tx) => tx.tokens())).toHaveLength(2);
    valueOf(await insert(store, 3));
    expect(await reading(store, (tx) => tx.tokens())).toHaveLength(3);
  });
});

describe('the PostgreSQL store, when its server', () => {
  it('is killed and started again, keeps what was acknowledged, does the rest, and says so when it lasts', async () => {
    const store = await open(server.create(`kill_${databases++}`), { waitMs: 20_000 });
    const hasty = await open(server.url(`kill_${databases - 1}`), { waitMs: 100 });
    const acknowledged = new Set<string>();
    const stop = new AbortController();
    const writing = (async () => {
      for (let n = 1; !stop.signal.aborted; n++) {
        valueOf(await insert(store, n));
        acknowledged.add(tokenRow(n).tokenId);
      }
    })();
    for (let kill = 0; kill < KILLS; kill++) {
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(before + 5);
      await server.stop('kill');
      expect(codeOf(await hasty.read(async (tx) => step(tx.tokens())))).toBe('LS_CA_STORE_UNREACHABLE');
      await server.launch();
    }
    stop.abort();
    await writing;
    const kept = new Set((await reading(store, (tx) => tx.tokens())).map(({ tokenId }) => tokenId));
    expect([...acknowledged].filter((tokenId) => !kept.has(tokenId))).toEqual([]);
    expect(kept.size).toBe(acknowledged.size);
    expect(await reading(hasty, (tx) => tx.tokens())).toHaveLength(kept.size);
  });

  it('has no room left, says so, keeps what was acknowledged, and goes on when there is room', async () => {
    using disk = new RamDisk(mkdtempSync(join(tmpdir(), 'lifesign-disk-')), '96m');
    onTestFinished(() => rmSync(disk.path, { recursive: true, force: true }));
    chmodSync(disk.path, 0o755);
    await using small = await PostgresServer.start({ dataDirectory: join(disk.path, 'data') });
    const store = await open(small.create('ca'));
    valueOf(await insert(store, 1));
    disk.fill();
    const body = crypto.getRandomValues(new Uint8Array(60_000));
    const bodies = Array.from({ length: BIG / body.length }, () => body);
    const refused = await store.transaction(async (tx) => step(tx.appendLedger(bodies)));
    expect(codeOf(refused)).toBe('LS_CA_STORE_FULL');
    disk.free();
    valueOf(await store.transaction(async (tx) => step(tx.appendLedger(bodies))));
    expect(await reading(store, (tx) => tx.tokens())).toEqual([tokenRow(1)]);
    expect(await reading(store, (tx) => tx.ledgerSize())).toBe(bodies.length);
    await store.close();
  });

  it('speaks TLS, is checked by the root and by its name', async () => {
    const place = await tempDir();
    const root = selfSigned(place, 'right');
    const wrong = selfSigned(place, 'wrong');
    const keyFile = join(server.directory, 'server.key');
    const certFile = join(server.directory, 'server.crt');
    copyFileSync(root.key, keyFile);
    copyFileSync(root.certificate, certFile);
    for (const file of [keyFile, certFile]) chownSync(file, NOBODY, NOBODY);
    for (const setting of ['ssl = on', `ssl_cert_file = '${certFile}'`, `ssl_key_file = '${keyFile}'`])
      server.sql('postgres', `ALTER SYSTEM SET ${setting}`);
    server.sql('postgres', 'SELECT pg_reload_conf()');
    await expect.poll(() => server.sql('postgres', 'SHOW ssl')).toBe('on');
    const url = server.create(`tls_${databases++}`);
    const store = await open(`${url}?sslmode=verify-full&sslrootcert=${root.certificate}`);
    valueOf(await insert(store, 1));
    const encrypted = `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'tls_${databases - 1}'`;
    expect(server.sql('postgres', encrypted)).toBe('t');
    await expectCode('LS_CA_STORE_UNREACHABLE', () =>
      openPostgresStore(`${url}?sslmode=verify-full&sslrootcert=${wrong.certificate}`),
    );
    const otherName = url.replace('127.0.0.1', 'localhost');
    await expectCode('LS_CA_STORE_UNREACHABLE', () =>
      openPostgresStore(`${otherName}?sslrootcert=${root.certificate}`),
    );
    await expectCode('LS_CONFIG_STORE', () => openPostgresStore(`${url}?sslrootcert=${place}/none.pem`));
    expect(url).toContain(encodeURIComponent(DATABASE_PASSWORD));
  });
});

function selfSigned(place: string, name: string): { key: string; certificate: string } {
  const [key, certificate] = [join(place, `${name}.key`), join(place, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-keyout', key, '-out', certificate];
  const made = spawnSync('openssl', ['req', '-x509', ...algorithm, ...subject, ...files], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.stderr);
  return { key, certificate };
}
