import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeDownCertificate } from '../../src/membership/index.ts';
import {
  ACCUSERS_NEEDED,
  attackedCluster,
  HONEST,
  isAlive,
  MOST_ATTACKERS,
  OBSERVERS,
} from '../support/attack/attack-cluster.ts';
import { testKey } from '../support/crypto.ts';

/*
 * Members with valid keys who say that others are dead, or do not say that they are. Of ten members, five observers must
 * agree before somebody is down; four of them lie.
 */

const attacked = attackedCluster();
const WATCH_MS = 16_000;
const SHORT_WATCH_MS = 4_000;
const PAUSE_MS = 250;
/** An honest observer accuses nobody that was silent for less than two and a half intervals. */
const BEFORE_SILENCE_MS = 1_500;
/** On an idle machine about four seconds. */
const FOUND_MS = 20_000;
const BACK_MS = 60_000;

/** All attackers accuse all honest members: to everybody, or to everybody but the subject. */
function accuseAll(tellsSubject: boolean): void {
  for (const attacker of attacked().attackers) {
    for (const name of HONEST) {
      const bytes = attacker.accuse(attacked().victim(name));
      if (bytes !== undefined) attacker.tell('accusation', bytes, tellsSubject ? undefined : name);
    }
  }
}

/** All of them have refused something for this reason. */
async function refused(code: string, by: readonly string[] = HONEST): Promise<void> {
  for (const name of by)
    await attacked()
      .cluster.node(name)
      .errorLine(new RegExp(`"code":"${code}"`));
}

describe(`${MOST_ATTACKERS} of ten members accuse`, () => {
  it('every honest one, all at once and again and again, by true evidence: nobody is down', async () => {
    await attacked().under(WATCH_MS, PAUSE_MS, () => accuseAll(true));
    // It was heard: not broken links or signatures saved the accused.
    const suspected = new Set(
      attacked()
        .watch.seen.filter(({ to }) => to === 'suspect')
        .map(({ peer }) => peer),
    );
    expect([...suspected]).toEqual(expect.arrayContaining([...HONEST]));
    await attacked().calm();
  });

  it('behind the back of the accused, whom the others tell', async () => {
    await attacked().under(SHORT_WATCH_MS, PAUSE_MS, () => accuseAll(false));
    await attacked().calm();
  });

  it('one that cannot answer, each on every ring there is and many times: an accuser counts once', async () => {
    const { cluster, attackers } = attacked();
    const victim = attacked().victim('delta');
    const others = HONEST.filter((name) => name !== 'delta');
    attacked().mourn('delta');
    await cluster.node('delta').kill('SIGSTOP');
    try {
      const end = performance.now() + BEFORE_SILENCE_MS;
      while (performance.now() < end) {
        for (const attacker of attackers) {
          for (let ring = 0; ring < OBSERVERS; ring++) {
            const bytes = attacker.accuse(victim, { ring });
            if (bytes !== undefined) attacker.tell('accusation', bytes, 'delta');
          }
        }
        await sleep(PAUSE_MS);
        for (const name of others) {
          const accusers = await attacked().accusersOf('delta', name);
          expect(new Set(accusers).size).toBe(accusers.length);
          const honest = accusers.filter((one) => HONEST.some((each) => each === one));
          expect(accusers.length - honest.length).toBeLessThanOrEqual(MOST_ATTACKERS);
          // Nobody is down by their word alone.
          const state = (await cluster.peer(name, 'delta'))?.state;
          if (honest.length === 0 && accusers.length > 0) expect(state).not.toBe('down');
        }
      }
    } finally {
      await cluster.node('delta').kill('SIGCONT');
    }
    await cluster.until(HONEST, HONEST, isAlive, BACK_MS);
    attacked().returned('delta');
    await refused('LS_ACCUSATION_NOT_OBSERVER', others);
    await attacked().calm();
  });

  it('and put a quorum together out of their own accusations, with one twice or one in a name that is not theirs', async () => {
    await attacked().under(SHORT_WATCH_MS, PAUSE_MS, () => {
      const { attackers, loot, first } = attacked();
      for (const name of HONEST) {
        const victim = attacked().victim(name);
        const own = attackers
          .map((attacker) => attacker.accuse(victim))
          .filter((bytes) => bytes !== undefined);
        const again = first.accuse(victim, { ring: 0 });
        const other = attacked().victim(name === 'bravo' ? 'charlie' : 'bravo');
        const ring = first.ringOf(other.nodeId, victim.nodeId);
        const forged = first.accuse(victim, { certId: other.certId, ring });
        for (const fifth of [again, forged]) {
          const accusations = [...own, ...(fifth === undefined ? [] : [fifth])];
          expect(accusations).toHaveLength(ACCUSERS_NEEDED);
          const epoch = loot.newestBeat(victim.certId)?.epoch ?? 1;
          const { number: rosterNumber } = loot.roster;
          const certificate = encodeDownCertificate({
            subject: victim.nodeId,
            epoch,
            rosterNumber,
            accusations,
          });
          for (const attacker of attackers) attacker.say({ kind: 'down', certificate });
        }
      }
    });
    await refused('LS_DOWN_CERTIFICATE_[A-Z_]+');
    await attacked().calm();
  });
});

describe('an accusation is refused', () => {
  it('in the name of another member, and by a key that nobody has certified', async () => {
    const stranger = testKey();
    await attacked().under(SHORT_WATCH_MS, PAUSE_MS, () => {
      const { first } = attacked();
      for (const name of HONEST) {
        const victim = attacked().victim(name);
        for (const other of HONEST.filter((one) => one !== name)) {
          const accuser = attacked().victim(other);
          const ring = first.ringOf(accuser.nodeId, victim.nodeId);
          const bytes = first.accuse(victim, { certId: accuser.certId, ring });
          if (bytes !== undefined) first.tell('accusation', bytes, other);
        }
        const unknown = first.accuse(victim, {}, { signer: stranger });
        if (unknown !== undefined) first.tell('accusation', unknown);
      }
    });
    await refused('LS_RECORD_SIGNATURE');
    await attacked().calm();
  });

  it('under a roster that is old or not there yet, of another epoch, with others’ evidence, and cut off', async () => {
    await attacked().under(SHORT_WATCH_MS, PAUSE_MS, () => {
      const { attackers, loot } = attacked();
      for (const attacker of attackers) {
        for (const [i, name] of HONEST.entries()) {
          const victim = attacked().victim(name);
          const beat = loot.newestBeat(victim.certId);
          const other = attacked().victim(HONEST[(i + 1) % HONEST.length] ?? 'alpha');
          const last = loot.evidence(other.certId);
          const number = loot.roster.number;
          const wrong = [
            ...[1, 2, number + 1, number + 1_000].map((rosterNumber) => ({ rosterNumber })),
            { epoch: (beat?.epoch ?? 1) + 1 },
            { epoch: (beat?.epoch ?? 1) + 1_000 },
            ...(last === undefined ? [] : [{ last }]),
          ];
          for (const fields of wrong) {
            const bytes = attacker.accuse(victim, fields);
            if (bytes !== undefined) attacker.tell('accusation', bytes);
          }
          const whole = attacker.accuse(victim);
          if (whole !== undefined) attacker.tell('accusation', whole.subarray(0, whole.length - 1));
        }
      }
    });
    await refused('LS_RECORD_MALFORMED');
    await refused('LS_ACCUSATION_[A-Z_]+');
    await attacked().calm();
  });

  it('with the evidence of an answer ago', async () => {
    const { loot } = attacked();
    const old = new Map(
      HONEST.map((name) => [name, loot.records('heartbeat', attacked().victim(name).certId)[0]]),
    );
    // Everybody answers once more, so that what was shown before is older than an answer.
    await attacked().under(1_000, PAUSE_MS, () => accuseAll(true));
    await attacked().under(SHORT_WATCH_MS, PAUSE_MS, () => {
      for (const attacker of attacked().attackers) {
        for (const [name, beat] of old) {
          if (beat === undefined) continue;
          const last = { type: 'heartbeat', bytes: beat.bytes } as const;
          const bytes = attacker.accuse(attacked().victim(name), { last, epoch: beat.epoch });
          if (bytes !== undefined) attacker.tell('accusation', bytes, name);
        }
      }
    });
    await refused('LS_MESH_REBUTTED');
    await attacked().calm();
  });
});

describe(`${MOST_ATTACKERS} observers that never accuse`, () => {
  it('do not keep a member alive that was killed; its death is no reason to doubt it when it is back', async () => {
    const { cluster, loot } = attacked();
    const others = HONEST.filter((name) => name !== 'echo');
    const before = await cluster.peer('alpha', 'echo');
    const stale = loot.records('heartbeat', attacked().victim('echo').certId);
    attacked().mourn('echo');
    await cluster.node('echo').kill('SIGKILL');
    await cluster.until(others, ['echo'], (peer) => peer?.state === 'down', FOUND_MS);
    const graves = [...loot.downs];
    expect(graves.length).toBeGreaterThan(0);
    await attacked().run('echo');
    await attacked().reconnected('echo');
    await cluster.until(others, ['echo'], isAlive, BACK_MS);
    await cluster.until(['echo'], others, isAlive, BACK_MS);
    attacked().returned('echo');
    expect((await cluster.peer('alpha', 'echo'))?.epoch).toBeGreaterThan(before?.epoch ?? Infinity);

    // What was true of the epoch before is said again, to it too, which finds its own words of another process there.
    await attacked().under(SHORT_WATCH_MS, PAUSE_MS, () => {
      for (const attacker of attacked().attackers) {
        for (const certificate of graves) attacker.say({ kind: 'down', certificate });
        for (const { bytes } of stale.slice(-20)) attacker.tell('heartbeat', bytes);
        for (const { type, bytes } of loot.records('epoch-start', attacked().victim('echo').certId)) {
          attacker.tell(type, bytes);
        }
        for (const { bytes } of loot.records('accusation').slice(-40)) attacker.tell('accusation', bytes);
      }
    });
    expect(cluster.node('echo').isOver).toBe(false);
    await attacked().calm();
  });

  it('do not keep a member alive that is frozen', async () => {
    const { cluster } = attacked();
    const others = HONEST.filter((name) => name !== 'foxtrot');
    attacked().mourn('foxtrot');
    await cluster.node('foxtrot').kill('SIGSTOP');
    try {
      await cluster.until(others, ['foxtrot'], (peer) => peer?.state === 'down', FOUND_MS);
    } finally {
      await cluster.node('foxtrot').kill('SIGCONT');
    }
    await cluster.until(others, ['foxtrot'], isAlive, BACK_MS);
    await cluster.until(['foxtrot'], others, isAlive, BACK_MS);
    attacked().returned('foxtrot');
    await attacked().calm();
  });
});

describe('in the end', () => {
  it('no member says of another that it was ever down but for those that were', async () => {
    for (const name of HONEST) {
      const { stdout } = await attacked().cluster.ask(name, 'mesh', 'events');
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { peer: string; to: string });
      const dead = events.filter(({ peer, to }) => to === 'down' && HONEST.some((one) => one === peer));
      const expected = ['delta', 'echo', 'foxtrot'].filter((one) => one !== name);
      expect(dead.every(({ peer }) => expected.includes(peer))).toBe(true);
    }
  });

  it('every member still has its quorum and its ledger', async () => {
    for (const name of HONEST) {
      expect(await attacked().cluster.status(name)).toMatchObject({ quorate: true, ledgerHealthy: true });
    }
  });
});
