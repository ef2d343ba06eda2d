import { signHeartbeat, type Heartbeat, type RecordType } from '../../heartbeat/index.ts';
import {
  encodeDownCertificate,
  signAccusation,
  signLeave,
  type Accusation,
  type EmbeddedRecord,
} from '../../membership/index.ts';
import { unixMs, type NodeId } from '../../std/index.ts';
import type { SimNode } from '../node.ts';
import type { Hand, Trick } from './hostile-core.ts';

const FLOOD_MESSAGES = 60;
const GARBAGE_BYTES = 40;

/** Everything that DESIGN's threat model lets a member with a valid key try. Fresh ones for each adversary. */
export const TRICKS: readonly (() => Trick)[] = [
  accuse,
  accuseAbsurdly,
  conspire,
  equivocate,
  replay,
  impersonate,
  beSilent,
  lieInHeartbeats,
  beStale,
  flood,
];

/** Accuses anybody, with real evidence and on its own ring, again and again, to all but the subject. */
function accuse(): Trick {
  return {
    name: 'accuse',
    everyMs: 150,
    act(hand) {
      const victim = hand.gang.dice.pick(hand.gang.victims);
      const bytes = accusationOf(hand, victim, {});
      if (bytes !== undefined) tell(hand, 'accusation', bytes, victim.nodeId);
    },
  };
}

/** On a ring that is not its own, by old evidence, of another epoch, under another roster. */
function accuseAbsurdly(): Trick {
  return {
    name: 'accuse absurdly',
    everyMs: 170,
    act(hand) {
      const { dice } = hand.gang;
      const victim = dice.pick(hand.gang.victims);
      const changes: readonly Partial<Accusation>[] = [
        { ring: dice.below(9) },
        { epoch: 1 + dice.below(5) },
        { rosterNumber: 1 + dice.below(4) },
        { subject: dice.pick(hand.gang.victims).nodeId },
        { reason: 'closed', tMs: unixMs(dice.below(1_000_000)) },
        { certId: dice.pick(hand.gang.victims).identity.certId },
      ];
      const bytes = accusationOf(hand, victim, dice.pick(changes), dice.chance(0.5));
      if (bytes !== undefined) hand.sayAll({ kind: 'record', type: 'accusation', bytes });
    },
  };
}

/** All of the gang accuse one, and whatever real accusations there are go with theirs into a down certificate. */
function conspire(): Trick {
  return {
    name: 'conspire',
    everyMs: 200,
    act(hand) {
      const { gang, options } = hand;
      const victim = gang.dice.pick(gang.victims);
      const own = accusationOf(hand, victim, {});
      const epoch = epochOf(hand, victim);
      if (own === undefined || epoch === undefined) return;
      const key = `${victim.nodeId}/${epoch}`;
      const shared = gang.accusations.get(key) ?? new Map<NodeId, Uint8Array>();
      shared.set(options.nodeId, own);
      gang.accusations.set(key, shared);
      const overheard = gang.victims
        .flatMap(({ identity }) => gang.recordsOf('accusation', identity.certId).slice(-1))
        .map(({ bytes }) => bytes);
      const accusations = [...shared.values(), ...overheard].slice(0, 8);
      for (const bytes of accusations) tell(hand, 'accusation', bytes, victim.nodeId);
      const parts = { subject: victim.nodeId, epoch, rosterNumber: gang.rosterNumber, accusations };
      hand.sayAll({ kind: 'down', certificate: encodeDownCertificate(parts) }, victim.nodeId);
    },
  };
}

/** Two heartbeats with one number, each to half of the others. */
function equivocate(): Trick {
  return {
    name: 'equivocate',
    everyMs: Infinity,
    bend(hand, message, to) {
      if (message.kind !== 'record' || message.type !== 'heartbeat' || to < '8') return message;
      const { heartbeat } = hand;
      if (heartbeat === undefined) return message;
      return beat(hand, { ...heartbeat, tMs: unixMs(heartbeat.tMs + 1) });
    },
  };
}

/** Anything that anyone ever said, again. */
function replay(): Trick {
  return {
    name: 'replay',
    everyMs: 60,
    act(hand) {
      const heard = hand.gang.anyRecord();
      if (heard !== undefined) hand.sayAll({ kind: 'record', type: heard.type, bytes: heard.bytes });
      const { downs, dice } = hand.gang;
      if (downs.length > 0) hand.sayAll({ kind: 'down', certificate: dice.pick(downs) });
    },
  };
}

/** Words in the name of others under its own key: heartbeats, goodbyes, and a quorum of accusations. */
function impersonate(): Trick {
  return {
    name: 'impersonate',
    everyMs: 130,
    act(hand) {
      const { gang, options, now } = hand;
      const victim = gang.dice.pick(gang.victims);
      const { certId } = victim.identity;
      const epoch = epochOf(hand, victim);
      if (epoch === undefined) return;
      const seq = 1 + gang.dice.below(1_000);
      const base = { certId, epoch, seq, tMs: now.wall, prev: new Uint8Array(32), ext: new Map() };
      const leave = signLeave(
        { ...base, reason: 'forged' },
        options.signer,
        gang.domainId,
        options.crypto,
      ).bytes;
      hand.sayAll({ kind: 'record', type: 'leave', bytes: leave });
      if (hand.heartbeat !== undefined) hand.sayAll(beat(hand, { ...hand.heartbeat, ...base }));
      const other = gang.dice.pick(gang.victims);
      for (const { nodeId, identity } of gang.victims) {
        const ring = gang.ringOf(nodeId, other.nodeId);
        const forged = ring === undefined ? undefined : { certId: identity.certId, ring };
        const accusation = forged === undefined ? undefined : accusationOf(hand, other, forged);
        if (accusation !== undefined) tell(hand, 'accusation', accusation, other.nodeId);
      }
    },
  };
}

/** Says nothing to half of the others, not even a heartbeat. */
function beSilent(): Trick {
  return {
    name: 'be silent',
    everyMs: Infinity,
    bend: (_, message, to) => (to < '8' && message.kind !== 'hello' ? undefined : message),
  };
}

/** False heads, checkpoints and views, and numbers of CRLs and rosters that are not there yet. */
function lieInHeartbeats(): Trick {
  return {
    name: 'lie in heartbeats',
    everyMs: Infinity,
    bend(hand, message) {
      if (message.kind !== 'record' || message.type !== 'heartbeat') return message;
      const { heartbeat, gang } = hand;
      if (heartbeat === undefined) return message;
      const { dice } = gang;
      const heads = gang.victims.slice(0, 3).map(({ nodeId }) => ({
        nodeId,
        epoch: 1 + dice.below(9),
        seq: dice.below(99_999),
        hash: dice.bytes(32),
      }));
      return beat(hand, {
        ...heartbeat,
        crlNumber: heartbeat.crlNumber + dice.below(3) * 1_000,
        rosterNumber: heartbeat.rosterNumber + dice.below(3) * 1_000,
        viewDigest: dice.bytes(8),
        checkpoint: { size: dice.below(1_000_000), root: dice.bytes(32) },
        heads,
      });
    },
  };
}

/** Passes no CRL and no roster on, and claims to have none. */
function beStale(): Trick {
  return {
    name: 'be stale',
    everyMs: Infinity,
    bend(hand, message) {
      if (message.kind === 'crl') return undefined;
      if (message.kind !== 'record') return message;
      if (message.type === 'roster') return undefined;
      const { heartbeat } = hand;
      if (message.type !== 'heartbeat' || heartbeat === undefined) return message;
      return beat(hand, { ...heartbeat, crlNumber: 0, rosterNumber: 0 });
    },
  };
}

/** Bursts of messages, sound and broken. */
function flood(): Trick {
  return {
    name: 'flood',
    everyMs: 900,
    act(hand) {
      const { dice } = hand.gang;
      const [to] = dice.sample(hand.linked, 1);
      if (to === undefined) return;
      if (dice.chance(0.2)) {
        hand.raw(to, dice.bytes(GARBAGE_BYTES));
        return;
      }
      for (let i = 0; i < FLOOD_MESSAGES; i++) {
        hand.say(to, { kind: 'record', type: 'heartbeat', bytes: dice.bytes(GARBAGE_BYTES) });
      }
    },
  };
}

function tell(hand: Hand, type: RecordType, bytes: Uint8Array, except: NodeId): void {
  hand.sayAll({ kind: 'record', type, bytes }, except);
}

function beat({ options, gang }: Hand, body: Heartbeat) {
  const { bytes } = signHeartbeat(body, options.signer, gang.domainId, options.crypto);
  return { kind: 'record', type: 'heartbeat', bytes } as const;
}

function epochOf({ gang }: Hand, { identity }: SimNode): number | undefined {
  const starts = gang.recordsOf('epoch-start', identity.certId);
  return starts.length === 0 ? undefined : Math.max(...starts.map(({ epoch }) => epoch));
}

/** Undefined while nothing of the victim was heard. */
function accusationOf(
  { gang, options, now, me }: Hand,
  victim: SimNode,
  changes: Partial<Accusation>,
  byOldEvidence = false,
): Uint8Array | undefined {
  const { certId } = victim.identity;
  const beats = gang.recordsOf('heartbeat', certId);
  const [evidence] = (byOldEvidence ? beats : beats.slice(-1)).concat(gang.recordsOf('epoch-start', certId));
  if (evidence === undefined) return undefined;
  const last: EmbeddedRecord = {
    type: evidence.type === 'heartbeat' ? 'heartbeat' : 'epoch-start',
    bytes: evidence.bytes,
  };
  const body: Accusation = {
    certId: me.identity.certId,
    tMs: now.wall,
    subject: victim.nodeId,
    epoch: evidence.epoch,
    rosterNumber: gang.rosterNumber,
    ring: gang.ringOf(options.nodeId, victim.nodeId) ?? 0,
    reason: 'silent',
    last,
    ext: new Map(),
    ...changes,
  };
  return signAccusation(body, options.signer, gang.domainId, options.crypto).bytes;
}
