import { createHash, randomInt } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeToken, tokenBinding } from '../../src/authority/index.ts';
import { openPostgresStore } from '../../src/io/index.ts';
import { decodeEntry } from '../../src/ledger/index.ts';
import { decodeRoster } from '../../src/membership/index.ts';
import { ok } from '../../src/std/index.ts';
import { parseCrl } from '../../src/x509/index.ts';
import { testCsr } from '../support/ca.ts';
import { callTls } from '../support/ca-http.ts';
import { callSocket, type SocketAnswer } from '../support/ca-process.ts';
import { testCrypto, testKey } from '../support/crypto.ts';
import { PostgresServer } from '../support/postgres.ts';
import { lifesign } from '../support/process.ts';
import { ReplicaCluster } from '../support/replica-cluster.ts';
import { valueOf } from '../support/result.ts';
import { tempDir } from '../support/temp-dir.ts';

const REPLICAS = 3;
const NODES = ['alpha', 'beta', 'gamma'];
const MIN_ROUNDS = 48;
const MIN_KILLS = 24;
const MAX_KILL_DELAY_MS = 60;
const GIVE_UP_MS = 30_000;
let server: PostgresServer;
let databases = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});

afterAll(() => server[Symbol.asyncDispose]());

describe('several servers of one CA over one database', () => {
  it('push to their nodes what another one of them has published, and count what was acknowledged to it', async () => {
    await using cluster = new ReplicaCluster(await tempDir(), REPLICAS, server.create(`r_${databases++}`));
    await cluster.up(NODES);
    // All nodes listen to the first URL, so to replica 0.
    const revoked = await cluster.askReplica(2, 'revoke', 'gamma', '--wait');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ name: 'gamma', spread: 'mesh' });
    const took = await cluster.until(['alpha', 'beta'], ['gamma'], (peer) => peer?.state === 'revoked');
    expect(took).toBeLessThan(5_000);
    const denied = await cluster.askReplica(1, 'show', 'gamma');
    expect(denied.stdout).toContain('revoked');
    // The node has to find another server for its feed, and the CA's next word reaches it there.
    await cluster.kill(0);
    await cluster.enroll('delta');
    await cluster.run('delta');
    await cluster.until(
      ['alpha', 'beta', 'delta'],
      ['alpha', 'beta', 'delta'],
      (peer) => peer?.state === 'alive',
    );
    await expect
      .poll(
        async () => (JSON.parse((await cluster.askReplica(1, 'revoke', 'delta')).stdout) as Revoked).spread,
      )
      .toBe('mesh');
    await cluster.until(['alpha', 'beta'], ['delta'], (peer) => peer?.state === 'revoked');
  });

  it('are killed in a loop of enrollments and revocations: each token redeems once, no CRL number repeats or goes back, no acknowledged revocation is lost, and the mesh goes on', async () => {
    const url = server.create(`r_${databases++}`);
    await using cluster = new ReplicaCluster(await tempDir(), REPLICAS, url);
    await cluster.up(NODES);
    const loop = new Loop(cluster);
    await loop.run();
    expect(loop.kills).toBeGreaterThanOrEqual(MIN_KILLS);
    await loop.checkCrls();
    await cluster.until(NODES, NODES, (peer) => peer?.state === 'alive');
    const [replica = 0] = cluster.alive;
    await expect
      .poll(
        async () =>
          (JSON.parse((await cluster.askReplica(replica, 'revoke', 'gamma')).stdout) as Revoked).spread,
      )
      .toBe('mesh');
    await cluster.until(['alpha', 'beta'], ['gamma'], (peer) => peer?.state === 'revoked');
    await checkLedger(url, loop);
    await cluster[Symbol.asyncDispose]();
    const root = ['--root', join(cluster.caHome, 'root.pem')];
    const homes = [cluster.caHome, ...NODES.map((name) => cluster.home(name))];
    const audit = await lifesign(['--json', 'audit', 'verify', ...homes, ...root], { timeoutMs: 120_000 });
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, faults: [] });
  }, 600_000);
});

interface Revoked {
  readonly spread: string;
}

/** Enrolls and revokes at random replicas while one after the other is killed and started again. */
class Loop {
  /** Serial numbers of acknowledged revocations, with the CRL that lists them first. */
  readonly acknowledged = new Map<string, number>();
  /** Certificates by name, as callers got them. */
  readonly enrolled = new Map<string, string>();
  readonly #seen = new Map<string, string>();
  readonly #cluster: ReplicaCluster;
  #highest = 0;
  kills = 0;
  #killing: Promise<void> = Promise.resolve();

  constructor(cluster: ReplicaCluster) {
    this.#cluster = cluster;
  }

  async run(): Promise<void> {
    let previous: string | undefined;
    for (let round = 0; round < MIN_ROUNDS || this.kills < MIN_KILLS; round++) {
      const name = `round-${round}`;
      const token = await this.#token(name);
      const killing = this.#killOne();
      const [first, second] = [this.#redeem(token, name), this.#redeem(token, name)];
      const revoking = previous === undefined ? undefined : this.#revoke(previous);
      const won = (await Promise.all([first, second])).filter((serial) => serial !== undefined);
      expect(won).toHaveLength(1);
      this.enrolled.set(name, won[0] ?? '');
      await revoking;
      await killing;
      await this.checkCrls();
      previous = name;
    }
    await this.#killing;
  }

  /** What any replica publishes now lists all that was acknowledged, under a number that says one thing only. */
  async checkCrls(): Promise<void> {
    const known = [...this.acknowledged.keys()];
    const atLeast = this.#highest;
    for (const replica of this.#cluster.alive) {
      const port = this.#cluster.crlPortOf(replica);
      const delta = await fetchCrl(port, '/crl/issuing-delta.crl');
      const full = await fetchCrl(port, '/crl/issuing.crl');
      const listed = new Set<string>();
      for (const der of [full, delta]) {
        if (der === undefined) continue;
        const crl = valueOf(parseCrl(der));
        for (const { serialHex } of crl.entries) listed.add(serialHex);
        const number = crl.extensions.crlNumber?.value ?? 0;
        const digest = createHash('sha256').update(der).digest('hex');
        expect(this.#seen.get(`${number}`) ?? digest).toBe(digest);
        this.#seen.set(`${number}`, digest);
        this.#highest = Math.max(this.#highest, number);
      }
      expect(known.filter((serial) => !listed.has(serial))).toEqual([]);
      expect(this.#highest).toBeGreaterThanOrEqual(atLeast);
    }
  }

  /** One of them, at a random moment of what follows; it is started again beside the next rounds. */
  #killOne(): Promise<void> {
    const { alive } = this.#cluster;
    const victim = alive[randomInt(alive.length)];
    if (alive.length < REPLICAS || victim === undefined) return Promise.resolve();
    this.kills++;
    const killed = delay(randomInt(MAX_KILL_DELAY_MS)).then(() => this.#cluster.kill(victim));
    this.#killing = killed.then(async () => {
      await this.#cluster.serveOne(victim);
    });
    return killed;
  }

  async #token(name: string): Promise<string> {
    const { json } = await this.#admin('POST', '/v1/tokens', { name });
    return String(json['token']);
  }

  /** With a key of its own, at one replica and then another until one answers; undefined when another key won. */
  async #redeem(token: string, name: string): Promise<string | undefined> {
    const { tokenId, secret } = valueOf(decodeToken(token));
    const key = testKey();
    const body = {
      tokenId,
      secret: Buffer.from(secret).toString('base64'),
      csr: Buffer.from(testCsr(key, name, tokenBinding(testCrypto, secret, key.spki))).toString('base64'),
    };
    const { status, json } = await this.#untilAnswered((replica) =>
      callTls(this.#cluster.port(replica), 'POST', '/v1/enroll', { body }),
    );
    if (status === 200) return String(json['serial']);
    expect(json['code']).toBe('LS_TOKEN_SPENT');
    return undefined;
  }

  async #revoke(name: string): Promise<void> {
    const { json } = await this.#admin('POST', `/v1/nodes/${name}/revoke`, { reason: 'superseded' });
    expect(json['serials']).toEqual([this.enrolled.get(name)]);
    for (const serial of json['serials'] as string[])
      this.acknowledged.set(serial, Number(json['crlNumber']));
  }

  #admin(method: string, path: string, body: object): Promise<SocketAnswer> {
    return this.#untilAnswered((replica) =>
      callSocket(this.#cluster.replicaHome(replica), method, path, body),
    );
  }

  async #untilAnswered(call: (replica: number) => Promise<SocketAnswer>): Promise<SocketAnswer> {
    const giveUpAt = performance.now() + GIVE_UP_MS;
    for (;;) {
      const { alive } = this.#cluster;
      const answer = await call(alive[randomInt(alive.length)] ?? 0).catch(() => undefined);
      if (answer !== undefined && answer.status < 500) return answer;
      if (performance.now() > giveUpAt) throw new Error(`no answer: ${JSON.stringify(answer?.json)}`);
      await delay(10);
    }
  }
}

/** Numbers without gaps, one content each, and every certificate that a caller got. */
async function checkLedger(url: string, { enrolled, acknowledged }: Loop): Promise<void> {
  const store = await openPostgresStore(url);
  try {
    const rows = valueOf(await store.read(async (tx) => ok(await tx.ledger(0, await tx.ledgerSize()))));
    expect(rows.map(({ index }) => index)).toEqual(rows.map((_, at) => at));
    const entries = rows.map(({ body }) => valueOf(decodeEntry(body)).entry);
    const rosters = entries.flatMap((entry) => (entry.type === 'roster' ? [entry.record] : []));
    const rosterNumbers = rosters.map((record) => valueOf(decodeRoster(record)).body.number);
    expect(rosterNumbers).toEqual(rosterNumbers.map((_, at) => at + 1));
    const crls = entries.flatMap((entry) => (entry.type === 'crl' ? [valueOf(parseCrl(entry.der))] : []));
    const numbers = crls.slice(1).map((crl) => crl.extensions.crlNumber?.value);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    const tokens = valueOf(await store.read(async (tx) => ok(await tx.tokens())));
    for (const [name, serial] of enrolled)
      expect(tokens.filter((token) => String(token.name) === name).map(({ spent }) => spent?.serial)).toEqual(
        [serial],
      );
    expect(acknowledged.size).toBeGreaterThanOrEqual(MIN_ROUNDS - 1);
  } finally {
    await store.close();
  }
}

/** Undefined when there is none, or the server is just being killed. */
function fetchCrl(port: number, path: string): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => resolve(undefined));
      response.on('end', () => resolve(response.statusCode === 200 ? Buffer.concat(chunks) : undefined));
    });
    sent.on('error', () => resolve(undefined));
    sent.end();
  });
}
