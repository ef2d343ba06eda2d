import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { decodePemOf } from '../../../src/codec/index.ts';
import { observerNumbers } from '../../../src/membership/index.ts';
import { toHex } from '../../../src/std/index.ts';
import { certIdOfCertificate, nodeIdOfCertificate, parseCertificate } from '../../../src/x509/index.ts';
import { callTls } from '../ca-http.ts';
import { TestCluster, type Peer, type Status } from '../cluster.ts';
import { testCrypto } from '../crypto.ts';
import { valueOf } from '../result.ts';
import { getJson } from '../socket-json.ts';
import { enrollTlsMember } from '../tls-identity.ts';
import { Attacker, domainOf, type Identity, type Target, type Victim } from './attacker.ts';
import { EventWatch, type Seen } from './event-watch.ts';
import { Loot } from './loot.ts';

/*
 * Ten members of one real CA: six are real processes, the other four, as many as must not be able to do harm, are
 * attackers inside the test. Every change of state that a process sees is followed from its start.
 */

const MEMBERS = 10;
const { h: H, k: K } = observerNumbers(MEMBERS);
/** So many must not be able to get an honest member declared down. */
export const MOST_ATTACKERS = H - 1;
export const ACCUSERS_NEEDED = H;
export const OBSERVERS = K;

export const HONEST = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot'] as const;
const ATTACKERS = ['mallory', 'mona', 'mike', 'mute'] as const;
/** On an idle machine everything here takes a few seconds. */
const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 100;

export interface AttackSetup {
  /** Of the processes; what is refused for good reasons is told at `debug`. */
  readonly log?: 'debug' | 'info';
  /** What is to be done with the CA before it serves. */
  readonly prepare?: (cluster: TestCluster) => Promise<void>;
}

export class AttackCluster {
  readonly cluster: TestCluster;
  readonly watch = new EventWatch();
  readonly loot = new Loot();
  readonly attackers: Attacker[] = [];
  readonly #victims = new Map<string, Victim>();
  /** Honest members that are really dead. */
  readonly #dead = new Set<string>();
  readonly #deaths: { readonly name: string; readonly from: number; to: number }[] = [];
  /** When all had met each other: before, they did not know. */
  #upAt = Infinity;

  constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  async up({ log = 'debug', prepare }: AttackSetup): Promise<void> {
    const { cluster } = this;
    cluster.env['LIFESIGN_LOG'] = log;
    await cluster.initCa();
    await prepare?.(cluster);
    await cluster.serve();
    await Promise.all(HONEST.map((name) => cluster.enroll(name)));
    for (const name of HONEST) this.#victims.set(name, await this.#victimOf(name));
    await Promise.all(HONEST.map((name) => this.run(name)));
    for (const name of ATTACKERS) this.attackers.push(await this.recruit(name));
    await cluster.until(HONEST, HONEST, isAlive, LIMIT_MS);
    for (const attacker of this.attackers) await attacker.join(this.targets);
    await cluster.until(HONEST, ATTACKERS, isAlive, LIMIT_MS);
    await this.eventually(() => {
      const active = this.loot.roster.members.filter(({ state }) => state === 'active').length;
      return active === MEMBERS ? [] : [`${active} members are active`];
    });
    expect(this.attackers).toHaveLength(MOST_ATTACKERS);
    this.#upAt = Date.now();
    await this.calm();
  }

  async down(): Promise<void> {
    for (const attacker of this.attackers) attacker.close();
    this.watch.close();
    await this.cluster[Symbol.asyncDispose]();
    await rm(this.cluster.directory, { recursive: true, force: true });
  }

  /** Starts an honest member's process and follows what it sees. */
  async run(name: string): Promise<void> {
    await this.cluster.run(name);
    await this.watch.follow(name, this.cluster.home(name));
  }

  /** Enrolls a member at the real CA and makes it active, without a process. */
  async recruit(name: string): Promise<Attacker> {
    const member = await enrollTlsMember(this.cluster.caHome, name);
    const { caller } = member;
    const activated = await callTls(this.cluster.caPort, 'POST', '/v1/activate', {
      caller,
      body: { address: null },
    });
    expect(activated.status).toBe(200);
    return this.armed(member);
  }

  /** Whoever holds this certificate and key, with the wire of this cluster in its hands. */
  async armed(member: Identity): Promise<Attacker> {
    const root = await this.root();
    return new Attacker(member, root, domainOf(root), this.loot);
  }

  async root(): Promise<Uint8Array> {
    return firstCertificate(join(this.cluster.home(HONEST[0]), 'root.pem'));
  }

  get targets(): readonly Target[] {
    return HONEST.map((name) => this.target(name));
  }

  target(name: string): Target {
    return { name, port: this.cluster.ports.get(name) ?? 0 };
  }

  /** Waits until all attackers are linked with `name` again, which has lost its links. */
  async reconnected(name: string): Promise<void> {
    await this.eventually(() =>
      this.attackers
        .filter(({ links }) => links.get(name)?.isClosed !== false)
        .map((attacker) => attacker.name),
    );
  }

  get first(): Attacker {
    const [attacker] = this.attackers;
    if (attacker === undefined) throw new Error('the cluster is not up');
    return attacker;
  }

  victim(name: string): Victim {
    const victim = this.#victims.get(name);
    if (victim === undefined) throw new Error(`${name} is no honest member`);
    return victim;
  }

  /** The state of `subject` in the eyes of every other honest member, by name. */
  async seenAs(subject: string): Promise<Readonly<Record<string, Peer | undefined>>> {
    const others = HONEST.filter((name) => name !== subject);
    const peers = await Promise.all(others.map((name) => this.cluster.peer(name, subject)));
    return Object.fromEntries(others.map((name, i) => [name, peers[i]]));
  }

  /** Who accuses `subject` in the book of `by`, as `mesh explain` tells. */
  async accusersOf(subject: string, by: string): Promise<readonly string[]> {
    const socket = join(this.cluster.home(by), 'control.sock');
    const explained = (await getJson(socket, `/v1/explain/${subject}`)) as
      { readonly accusations: readonly { readonly accuser: string }[] } | undefined;
    return explained?.accusations.map(({ accuser }) => accuser) ?? [];
  }

  statuses(names: readonly string[] = HONEST): Promise<readonly (Status | undefined)[]> {
    return Promise.all(names.map((name) => this.cluster.status(name)));
  }

  /** Death is the truth about this one from now on, until {@link returned}. */
  mourn(name: string): void {
    this.#dead.add(name);
    this.#deaths.push({ name, from: Date.now(), to: Infinity });
  }

  returned(name: string): void {
    this.#dead.delete(name);
    const death = this.#deaths.findLast((one) => one.name === name);
    if (death !== undefined) death.to = Date.now();
  }

  /** What honest members have seen of each other that was wrong: SUSPECT is not, since it counts as alive everywhere. */
  wrongDeaths(): readonly unknown[] {
    const wasDead = (name: string, at: number): boolean =>
      this.#deaths.some((death) => death.name === name && at >= death.from && at <= death.to);
    // Of whom a node has not heard for too long while it has lost half of all it says that it does not know: a machine
    // that stood still is enough for that, and it takes nobody for dead.
    const isHarmless = ({ to, reason }: Seen, at: number): boolean =>
      to === 'alive' || to === 'suspect' || (to === 'unknown' && (reason === 'inquorate' || at < this.#upAt));
    return this.watch.seen.filter((seen) => {
      const at = Date.parse(seen.t);
      return isHonest(seen.peer) && !isHarmless(seen, at) && !wasDead(seen.peer, at) && !wasDead(seen.by, at);
    });
  }

  /** Lets `attack` go on for so long; no honest member may lose another meanwhile. */
  async under(ms: number, everyMs: number, attack: () => void | Promise<void>): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await attack();
      await sleep(everyMs);
      this.expectNoWrongDeath();
    }
  }

  expectNoWrongDeath(): void {
    expect(this.wrongDeaths()).toEqual([]);
  }

  /**
   * All honest members see each other alive and agree on everybody else, by what they say to people and by the digests
   * in their heartbeats; nobody was ever wrongly dead.
   */
  async calm(limitMs = LIMIT_MS): Promise<void> {
    await this.eventually(() => this.#disagreement(), limitMs);
    this.expectNoWrongDeath();
  }

  /** Waits until `open` has nothing to say any more; works in hooks too. */
  async eventually(
    open: () => readonly unknown[] | Promise<readonly unknown[]>,
    limitMs = LIMIT_MS,
  ): Promise<void> {
    const start = performance.now();
    for (;;) {
      const left = await open();
      if (left.length === 0) return;
      if (performance.now() - start > limitMs)
        throw new Error(`after ${limitMs} ms: ${JSON.stringify(left)}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async #disagreement(): Promise<readonly string[]> {
    const living = HONEST.filter((name) => !this.#dead.has(name));
    const statuses = await this.statuses(living);
    const rows = statuses.map((status, i) => rowsOf(status, living[i] ?? ''));
    const disagreed = [...new Set(rows.flatMap((row) => [...row.keys()]))].flatMap((name) => {
      const states = new Set(rows.flatMap((row) => row.get(name) ?? []));
      const isRight = living.some((one) => one === name) ? states.has('alive') : true;
      return states.size === 1 && isRight ? [] : [`${name} is ${[...states].join(' and ')}`];
    });
    const digests = new Set(living.map((name) => this.#digestOf(name)));
    if (digests.size > 1) disagreed.push(`${digests.size} view digests: ${[...digests].join(' ')}`);
    return disagreed;
  }

  /** What its newest heartbeat says; one and the same for all once no attacker listens any more. */
  #digestOf(name: string): string {
    if (this.attackers.every(({ links }) => links.size === 0)) return '';
    const beat = this.loot.newestBeat(this.victim(name).certId);
    return beat === undefined ? '' : toHex(beat.viewDigest);
  }

  async #victimOf(name: string): Promise<Victim> {
    const leaf = valueOf(parseCertificate(await firstCertificate(join(this.cluster.home(name), 'cert.pem'))));
    const nodeId = nodeIdOfCertificate(leaf);
    if (nodeId === undefined) throw new Error(`${name} has no node id`);
    return { nodeId, certId: certIdOfCertificate(leaf, testCrypto) };
  }
}

/** A cluster under attack for all tests of the file that calls this. */
export function attackedCluster(setup: AttackSetup = {}): () => AttackCluster {
  let attacked: AttackCluster | undefined;
  beforeAll(async () => {
    attacked = new AttackCluster(new TestCluster(await mkdtemp(join(tmpdir(), 'lifesign-test-'))));
    await attacked.up(setup);
  });
  afterAll(() => attacked?.down());
  return () => {
    if (attacked === undefined) throw new Error('the cluster is not up');
    return attacked;
  };
}

export function isAlive(peer: Peer | undefined): boolean {
  return peer?.state === 'alive';
}

function isHonest(name: string): boolean {
  return HONEST.some((one) => one === name);
}

/** Everybody's state; a node says of itself that it is alive. */
function rowsOf(status: Status | undefined, self: string): ReadonlyMap<string, string> {
  const rows = new Map((status?.peers ?? []).map(({ name, state }) => [name, state]));
  return rows.set(self, status?.state === 'active' ? 'alive' : 'mute');
}

async function firstCertificate(path: string): Promise<Uint8Array> {
  const [first] = valueOf(decodePemOf('CERTIFICATE', await readFile(path, 'utf8')));
  if (first === undefined) throw new Error(`${path} holds no certificate`);
  return first;
}
