import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeEpochStart } from '../../src/heartbeat/index.ts';
import { signEdgeVerdicts, signRoster } from '../../src/membership/index.ts';
import { unixMs } from '../../src/std/index.ts';
import { attackedCluster, HONEST, isAlive } from '../support/attack/attack-cluster.ts';
import type { Attacker, Identity } from '../support/attack/attacker.ts';
import { callSocket } from '../support/ca-process.ts';
import { TestCluster, TRUST_DOMAIN, type Peer } from '../support/cluster.ts';
import { testCrypto, testKey, type TestKey } from '../support/crypto.ts';
import { makeTestPki, type TestIdentity } from '../support/pki.ts';
import { valueOf } from '../support/result.ts';
import { tempDir } from '../support/temp-dir.ts';
import { enrollTlsMember } from '../support/tls-identity.ts';

/*
 * Members with valid keys who speak for others, bring in strangers, and say again what was once true.
 */

/** As short as a profile can have it. */
const LIFETIME_MINUTES = 1;
let lapsed: Identity | undefined;

const attacked = attackedCluster({
  prepare: async (cluster) => {
    const profiles = join(cluster.caHome, 'profiles');
    const shipped = await readFile(resolve(import.meta.dirname, '../../ca/profiles/node.yaml'), 'utf8');
    await mkdir(profiles, { recursive: true });
    await writeFile(
      join(profiles, 'node.yaml'),
      shipped.replace(/^lifetime_days: .*$/m, `lifetime_minutes: ${LIFETIME_MINUTES}`),
    );
    const ca = await cluster.serve();
    lapsed = await enrollTlsMember(cluster.caHome, 'lapsed');
    await ca.kill('SIGTERM');
    await rm(join(profiles, 'node.yaml'));
  },
});
const WATCH_MS = 5_000;
const PAUSE_MS = 250;
/** Further ahead than anybody gets in a test. */
const FAR = 100_000;

/** What every other honest member knows of each. */
async function identities(): Promise<Readonly<Record<string, readonly (Partial<Peer> | undefined)[]>>> {
  const all: Record<string, readonly (Partial<Peer> | undefined)[]> = {};
  for (const name of HONEST) {
    all[name] = Object.values(await attacked().seenAs(name)).map(
      (peer) => peer && { nodeId: peer.nodeId, epoch: peer.epoch, serial: peer.serial, alive: peer.alive },
    );
  }
  return all;
}

/** Nothing that was said under `attack` has changed who anybody is, and where in its epoch. */
async function unmoved(attack: () => void | Promise<void>): Promise<void> {
  const before = await identities();
  await attacked().under(WATCH_MS, PAUSE_MS, attack);
  await attacked().calm();
  expect(await identities()).toEqual(before);
  for (const name of HONEST) {
    for (const peer of Object.values(await attacked().seenAs(name))) expect(peer?.seq).toBeLessThan(FAR);
  }
}

/** All honest members have refused something for this reason. */
async function refused(code: string, by: readonly string[] = HONEST): Promise<void> {
  for (const name of by)
    await attacked()
      .cluster.node(name)
      .errorLine(new RegExp(`"code":"${code}"`));
}

/** The certificates of a member, as it shows them to all. */
function chainOf(name: string): readonly Uint8Array[] {
  const start = attacked().loot.records('epoch-start', attacked().victim(name).certId).at(-1);
  return start === undefined ? [] : valueOf(decodeEpochStart(start.bytes)).body.chain;
}

describe('a member that speaks in the name of another', () => {
  it('by heartbeats and goodbyes under its own key moves nothing', async () => {
    await unmoved(() => {
      for (const attacker of attacked().attackers) {
        for (const name of HONEST) {
          const { certId } = attacked().victim(name);
          const beat = attacked().loot.newestBeat(certId);
          if (beat === undefined) continue;
          for (const seq of [beat.seq + 1, FAR + 1]) {
            attacker.tell('heartbeat', attacker.heartbeat({ ...beat, seq, flags: 2 }).bytes);
            attacker.tell('leave', attacker.leave({ certId, epoch: beat.epoch, seq }).bytes);
          }
          attacker.tell('heartbeat', attacker.heartbeat({ ...beat, epoch: beat.epoch + 1, seq: FAR }).bytes);
        }
      }
    });
    await refused('LS_RECORD_SIGNATURE');
  });

  it('by new epochs, with addresses of its own, moves nothing', async () => {
    await unmoved(() => {
      for (const attacker of attacked().attackers) {
        for (const name of HONEST) {
          const { certId } = attacked().victim(name);
          const epoch = (attacked().loot.newestBeat(certId)?.epoch ?? 1) + 1;
          const addresses = ['127.0.0.1:9'];
          // With the victim's certificates, which do not go with the key; and with its own ones, which name another.
          const chains = [chainOf(name), attacker.chain].filter(({ length }) => length > 0);
          for (const chain of chains) {
            attacker.tell('epoch-start', attacker.epochStart({ certId, chain, epoch, addresses }).bytes);
          }
        }
      }
    });
    await refused('LS_RECORD_SIGNATURE');
  });

  it('by handing its identity, or its own, to the other key moves nothing', async () => {
    await unmoved(() => {
      for (const attacker of attacked().attackers) {
        for (const name of HONEST) {
          const { certId } = attacked().victim(name);
          const beat = attacked().loot.newestBeat(certId);
          if (beat === undefined) continue;
          const { epoch, seq, prev } = beat;
          attacker.tell('key-change', attacker.keyChange({ certId, epoch, seq: seq + 1, prev }).bytes);
          attacker.tell('key-change', attacker.keyChange({ chain: chainOf(name) }).bytes);
        }
      }
    });
    await refused('LS_RECORD_SIGNATURE');
    await refused('LS_MESH_KEY_CHANGE_SUBJECT');
  });

  it('as an observer that hears nobody, or as the CA with a roster of its own, moves nothing', async () => {
    const numbers = (await attacked().statuses()).map((status) => status?.epoch);
    await unmoved(() => {
      for (const attacker of attacked().attackers) {
        const { roster } = attacked().loot;
        const silent = [...HONEST].map((name) => attacked().victim(name).nodeId).sort();
        for (const name of HONEST) {
          const { certId } = attacked().victim(name);
          const { epoch = 1 } = attacked().loot.newestBeat(certId) ?? {};
          const { tMs, ext } = attacker.nextBeat();
          const verdicts = { certId, epoch, number: FAR, tMs, rosterNumber: roster.number, silent, ext };
          const { bytes } = signEdgeVerdicts(verdicts, attacker.signer, attacker.domainId, testCrypto);
          attacker.tell('edge-verdicts', bytes);
        }
        const members = roster.members.filter(({ nodeId }) => !silent.includes(nodeId));
        for (const certId of [roster.certId, attacker.certId]) {
          const body = { ...roster, certId, number: roster.number + 1, members };
          attacker.tell('roster', signRoster(body, attacker.signer, attacker.domainId, testCrypto).bytes);
        }
      }
    });
    expect((await attacked().statuses()).map((status) => status?.epoch)).toEqual(numbers);
    await refused('LS_ROSTER_[A-Z_]+|LS_RECORD_SIGNATURE');
  });

  it('by what the other once said itself, to all and to it, moves nothing', async () => {
    await unmoved(() => {
      for (const attacker of attacked().attackers) {
        for (const name of HONEST) {
          const said = attacked().loot.records(undefined, attacked().victim(name).certId);
          for (const { type, bytes } of [...said.slice(0, 5), ...said.slice(-5)]) attacker.tell(type, bytes);
        }
      }
    });
    for (const name of HONEST) expect(attacked().cluster.node(name).isOver).toBe(false);
  });
});

describe('a ghost', () => {
  /** Dials everybody, and is spoken for by all attackers; answers the codes of the goodbyes. */
  async function haunt(ghost: Attacker): Promise<readonly (string | undefined)[]> {
    const links = attacked().targets.map((target) => ghost.dial(target));
    for (const link of links) await link.closed();
    const start = ghost.epochStart({ epoch: 1 });
    const beat = ghost.heartbeat(ghost.nextBeat({ epoch: 1, seq: 1, prev: start.structureHash }));
    await attacked().under(2_000, PAUSE_MS, () => {
      for (const attacker of attacked().attackers) {
        attacker.tell('epoch-start', start.bytes);
        attacker.tell('heartbeat', beat.bytes);
        const named = ghost.accuse(attacked().victim('alpha'));
        if (named !== undefined) attacker.tell('accusation', named);
      }
    });
    for (const status of await attacked().statuses()) {
      expect(status?.peers.filter(({ alive }) => alive).map(({ name }) => name)).not.toContain(ghost.name);
    }
    expect(attacked().watch.of(ghost.name, 'alive')).toEqual([]);
    await attacked().calm();
    return links.map(({ bye }) => bye);
  }

  async function unlisted(name: string): Promise<void> {
    for (const status of await attacked().statuses()) {
      expect(status?.peers.map((peer) => peer.name)).not.toContain(name);
    }
  }

  it('that another CA of the same name has certified is nobody', async () => {
    const pki = makeTestPki({ trustDomain: TRUST_DOMAIN, now: unixMs(Date.now()) });
    const ghost = await attacked().armed(identityOf(pki.node('ghost')));
    expect(new Set(await haunt(ghost))).toEqual(new Set(['LS_TLS_PEER_CERTIFICATE']));
    await refused('LS_TLS_PEER_CERTIFICATE');
    await refused('LS_TRUST_UNKNOWN_ISSUER|LS_TRUST_SIGNATURE');
    await unlisted('ghost');
  });

  it('that has no certificate but its word, under ids that nobody was given, is nobody', async () => {
    const { first } = attacked();
    const key = testKey();
    const pki = makeTestPki({ trustDomain: TRUST_DOMAIN, now: unixMs(Date.now()) });
    const { certId } = pki.node('ghost');
    await attacked().under(2_000, PAUSE_MS, () => {
      const start = first.epochStart({ certId, epoch: 1 }, { signer: key });
      first.tell('epoch-start', start.bytes);
      const body = first.nextBeat({ certId, epoch: 1, seq: 1, prev: start.structureHash });
      first.tell('heartbeat', first.heartbeat(body, { signer: key }).bytes);
    });
    await refused('LS_MESH_UNKNOWN_CERTIFICATE');
    await unlisted('ghost');
    await attacked().calm();
  });

  it('of another cluster, certified by its real CA, is nobody here', async () => {
    const other = new TestCluster(await tempDir());
    onTestFinished(() => other[Symbol.asyncDispose]());
    await other.initCa();
    await other.serve();
    const ghost = await attacked().armed(await enrollTlsMember(other.caHome, 'neighbour'));
    expect(new Set(await haunt(ghost))).toEqual(new Set(['LS_TLS_PEER_CERTIFICATE']));
    await unlisted('neighbour');
  });

  it('whose certificate has run out is told so, and not alive', async () => {
    if (lapsed === undefined) throw new Error('nobody was enrolled for a minute');
    await sleep(endOf(lapsed) - Date.now());
    const ghost = await attacked().armed(lapsed);
    expect(new Set(await haunt(ghost))).toEqual(new Set(['LS_TLS_PEER_CERTIFICATE']));
    await refused('LS_TRUST_EXPIRED');
  });

  it('whose certificate was revoked is told so, and not alive; an old CRL and an old roster do not bring it back', async () => {
    const { cluster, loot } = attacked();
    const ghost = await attacked().armed(await enrollTlsMember(cluster.caHome, 'outcast'));
    const [crls, rosters] = [[...loot.crls], [...loot.rosters]];
    expect(crls.length).toBeGreaterThan(0);
    const { json } = await callSocket(cluster.caHome, 'POST', '/v1/nodes/outcast/revoke', {});
    const isRevoked = (peer: Peer | undefined): boolean => peer?.state === 'revoked';
    await cluster.until(HONEST, ['outcast'], isRevoked);
    expect(new Set(await haunt(ghost))).toEqual(new Set(['LS_TRUST_REVOKED']));
    await refused('LS_TRUST_REVOKED');
    await attacked().under(WATCH_MS, PAUSE_MS, () => {
      for (const attacker of attacked().attackers) {
        for (const { delta, der } of crls.slice(-8)) attacker.say({ kind: 'crl', delta, der });
        for (const bytes of rosters.slice(-8)) attacker.tell('roster', bytes);
      }
    });
    await cluster.until(HONEST, ['outcast'], isRevoked);
    expect(
      attacked().watch.seen.filter(({ peer, from }) => peer === 'outcast' && from === 'revoked'),
    ).toEqual([]);
    for (const name of HONEST) {
      const status = (await cluster.status(name)) as unknown as { readonly crlNumber: number };
      expect(status.crlNumber).toBeGreaterThanOrEqual(Number(json['crlNumber']));
    }
    await attacked().calm();
  });
});

describe('a member that lies', () => {
  it('with two heartbeats of one number, each to half of the others and then to all, harms itself alone', async () => {
    const { attackers, first } = attacked();
    for (const attacker of attackers) {
      attacker.lies = (target) => (target < 'd' ? {} : { tMs: unixMs(Date.now() + 1_000) });
    }
    await attacked().under(WATCH_MS, PAUSE_MS, () => {
      for (const attacker of attackers) {
        const body = attacker.nextBeat({ seq: attacker.seq, prev: new Uint8Array(32).fill(1) });
        if (attacker.seq > 0) attacker.tell('heartbeat', attacker.heartbeat(body).bytes);
      }
    });
    await refused('LS_HEARTBEAT_FORK');
    for (const attacker of attackers) attacker.lies = () => ({});
    for (const attacker of attackers) attacker.begin();
    await attacked().cluster.until(
      HONEST,
      attackers.map(({ name }) => name),
      isAlive,
      60_000,
    );
    expect(first.epoch).toBeGreaterThan(1);
    await attacked().calm();
  });

  it('about what it sees and holds: views, heads, a checkpoint, CRLs and rosters that are not there yet', async () => {
    const { attackers } = attacked();
    const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
    for (const attacker of attackers) {
      attacker.lies = () => ({
        viewDigest: random(8),
        crlNumber: 2 ** 40,
        rosterNumber: 2 ** 40,
        checkpoint: { size: 2 ** 40, root: random(32) },
        heads: HONEST.map((name) => ({
          ...{ nodeId: attacked().victim(name).nodeId, epoch: 9, seq: FAR },
          hash: random(32),
        })),
      });
    }
    await unmoved(() => attackers.forEach((attacker) => attacker.beat()));
    for (const attacker of attackers) attacker.lies = () => ({});
    for (const name of HONEST) {
      const status = (await attacked().cluster.status(name)) as unknown as { crlNumber: number };
      expect(status.crlNumber).toBeLessThan(FAR);
    }
  });
});

describe('in the end', () => {
  it('no member has ever said of another that it was down', async () => {
    for (const name of HONEST) {
      const { stdout } = await attacked().cluster.ask(name, 'mesh', 'events');
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { peer: string; to: string });
      expect(events.length).toBeGreaterThan(0);
      expect(events.filter(({ peer, to }) => to === 'down' && HONEST.some((one) => one === peer))).toEqual(
        [],
      );
    }
    attacked().expectNoWrongDeath();
  });
});

/** An identity of a PKI of the test's own, in the form in which the real CA's members come. */
function identityOf({ name, nodeId, key, chain, serial }: TestIdentity): Identity {
  return { name, nodeId, serial, chain, key: { signer: key, pkcs8: pkcs8Of(key) } };
}

function pkcs8Of({ privateKey }: TestKey): Uint8Array {
  return new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }));
}

/** Unix milliseconds at which its certificate is over: that holds to the end of the second that it names. */
function endOf({ chain }: Identity): number {
  return new X509Certificate(chain[0] ?? '').validToDate.getTime() + 1_000;
}
