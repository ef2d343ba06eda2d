import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseCrl } from '../../src/x509/index.ts';
import { enrollOver } from '../support/ca-calls.ts';
import { callSocket, initCaHome, serveCaHome } from '../support/ca-process.ts';
import type { RunningProgram } from '../support/process.ts';
import { valueOf } from '../support/result.ts';
import { tempDir } from '../support/temp-dir.ts';

const REVOCATIONS = 210;
/** Acknowledged revocations in one life of the CA; the next one is cut short. */
const FEWEST_A_LIFE = 5;
const MOST_A_LIFE = 16;
const AT_LEAST_KILLS = 12;
const ENROLL_AT_ONCE = 8;
const SEED = 7;

/** Park and Miller's generator: the same moments of death in every run, as far as the machine allows. */
function randomShares(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Everything that was ever visible of the CA's CRLs: a number must stand for one content for ever. */
class CrlWitness {
  readonly #digests = new Map<number, string>();
  newest = 0;

  async look(home: string): Promise<ReadonlySet<string>> {
    const { json } = await callSocket(home, 'GET', '/v1/crl');
    const full = this.#note(String(json['full']));
    const revoked = new Set(full);
    if (typeof json['delta'] === 'string')
      for (const serial of this.#note(json['delta'])) revoked.add(serial);
    return revoked;
  }

  #note(base64: string): readonly string[] {
    const der = new Uint8Array(Buffer.from(base64, 'base64'));
    const list = valueOf(parseCrl(der));
    const number = Number(list.extensions.crlNumber?.value);
    const digest = createHash('sha256').update(der).digest('hex');
    expect(this.#digests.get(number) ?? digest, `CRL ${number}`).toBe(digest);
    this.#digests.set(number, digest);
    this.newest = Math.max(this.newest, number);
    return [...list.entries].map(({ serialHex }) => serialHex);
  }
}

interface Acknowledged {
  readonly name: string;
  readonly serials: readonly string[];
  readonly crlNumber: number;
}

async function revoke(home: string, name: string): Promise<Acknowledged> {
  const body = { reason: 'keyCompromise' };
  const { status, json } = await callSocket(home, 'POST', `/v1/nodes/${name}/revoke`, body);
  if (status !== 200) throw new Error(JSON.stringify(json));
  return { name, serials: json['serials'] as string[], crlNumber: Number(json['crlNumber']) };
}

/**
 * One life of the CA: some revocations, then kill -9 at a random moment of the next one. Answers what was
 * acknowledged; the revocation that was cut short may or may not be among it.
 */
async function live(
  home: string,
  server: RunningProgram,
  names: string[],
  witness: CrlWitness,
  share: () => number,
): Promise<readonly Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  const count = FEWEST_A_LIFE + Math.floor(share() * (MOST_A_LIFE - FEWEST_A_LIFE));
  let took = 0;
  for (const name of names.splice(0, count)) {
    const begun = performance.now();
    acknowledged.push(await revoke(home, name));
    took = performance.now() - begun;
    await witness.look(home);
  }
  const [name] = names;
  if (name === undefined) return acknowledged;
  const last = revoke(home, name).then(
    (done) => [done],
    () => [],
  );
  await sleep(share() * took * 1.3);
  await server.kill('SIGKILL');
  const cutShort = await last;
  if (cutShort.length > 0) names.shift();
  return [...acknowledged, ...cutShort];
}

describe('kill -9 of the CA', () => {
  it('loses no acknowledged revocation and never uses a CRL number for two contents', async () => {
    const { home } = await initCaHome(join(await tempDir(), 'ca'));
    const names = Array.from({ length: REVOCATIONS }, (_, i) => `node-${i}`);
    {
      await using server = await serveCaHome(home);
      expect(server.pid).toBeGreaterThan(0);
      for (let i = 0; i < names.length; i += ENROLL_AT_ONCE) {
        await Promise.all(names.slice(i, i + ENROLL_AT_ONCE).map((name) => enrollOver(home, name)));
      }
    }
    const share = randomShares(SEED);
    const witness = new CrlWitness();
    const acknowledged: Acknowledged[] = [];
    let kills = 0;
    while (names.length > 0) {
      await using server = await serveCaHome(home);
      const revoked = await witness.look(home);
      for (const { name, serials } of acknowledged) {
        for (const serial of serials) expect(revoked.has(serial), `${name} after ${kills} kills`).toBe(true);
      }
      expect(witness.newest).toBeGreaterThanOrEqual(
        Math.max(0, ...acknowledged.map(({ crlNumber }) => crlNumber)),
      );
      acknowledged.push(...(await live(home, server, names, witness, share)));
      kills += 1;
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    expect(kills).toBeGreaterThanOrEqual(AT_LEAST_KILLS);
    await using server = await serveCaHome(home);
    expect(server.pid).toBeGreaterThan(0);
    const revoked = await witness.look(home);
    expect(acknowledged.flatMap(({ serials }) => serials).filter((serial) => !revoked.has(serial))).toEqual(
      [],
    );
  }, 240_000);
});
