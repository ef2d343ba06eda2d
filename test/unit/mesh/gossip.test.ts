import { beforeEach, describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, FRAME_HEADER_BYTES } from '../../../src/link/index.ts';
import { LocalHealth, type SubjectRecord } from '../../../src/membership/index.ts';
import { assemble } from '../../../src/mesh/assemble.ts';
import type { Core } from '../../../src/mesh/core.ts';
import type { ConnectionId } from '../../../src/mesh/index.ts';
import { Gossip, MAX_DIGEST_IDS, MAX_SEEN_RECORDS } from '../../../src/mesh/gossip.ts';
import { LinkTable } from '../../../src/mesh/link-table.ts';
import { StatusBoard } from '../../../src/mesh/status-board.ts';
import { ViewSync } from '../../../src/mesh/view-sync.ts';
import { digestOf, nodeIdOf, toHex, type NodeId } from '../../../src/std/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { rosterOf } from '../../support/hostile-member.ts';
import { testHello } from '../../support/link-messages.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { must, nodeName } from '../../support/record-samples.ts';
import { valueOf } from '../../support/result.ts';

let core: Core;
let links: LinkTable;
let gossip: Gossip;

beforeEach(() => {
  const world = new MeshWorld(['a', 'b']);
  core = assemble(world.optionsOf('a'));
  core.table.applyRoster(rosterOf(world), core.now.mono);
  const hello = () => testHello({ domainId: world.pki.domainId });
  links = new LinkTable(core, hello, {
    linkUp: () => undefined,
    message: () => undefined,
    peerRefused: () => undefined,
  });
  const sync = new ViewSync(core);
  gossip = new Gossip(core, links, new StatusBoard(core, new LocalHealth(), sync), sync);
  const connection = 1 as ConnectionId;
  links.connected({
    kind: 'connected',
    connection,
    role: 'listener',
    chain: world.node('b').identity.chain,
    address: 'b:1',
  });
  links.received(connection, encodeMessage({ kind: 'hello', ...hello() }));
  core.out.drain();
});

const numbered = (i: number, bytes: number): Uint8Array => {
  const id = new Uint8Array(bytes);
  new DataView(id.buffer).setUint32(0, i + 1);
  return id;
};

function rememberEpochStarts(count: number): void {
  const roster = core.table.roster;
  if (roster === undefined) throw new Error('no roster');
  const members = Array.from({ length: count }, (_, i) => ({
    nodeId: must(nodeIdOf(numbered(i, 16))),
    name: nodeName(`n${String(i)}`),
    state: 'active' as const,
  }));
  core.table.applyRoster({ ...roster, number: roster.number + 1, k: 1, h: 1, members }, core.now.mono);
  for (const [i, { nodeId }] of members.entries()) startEpochOf(nodeId, numbered(i, 40));
}

function startEpochOf(nodeId: NodeId, bytes: Uint8Array): void {
  const structureHash = testCrypto.sha256(bytes);
  const record: SubjectRecord<'epoch-start'> = {
    type: 'epoch-start',
    bytes,
    id: must(digestOf(structureHash)),
    seq: 0,
    structureHash,
  };
  core.table.get(nodeId)?.startEpoch(1, record, 1_000, core.now.mono);
}

function shown(): readonly string[] {
  for (const link of links.up) gossip.sendDigest(link);
  return core.out.drain().flatMap((effect) => {
    if (effect.kind !== 'write') return [];
    const message = valueOf(decodeMessage(effect.bytes.subarray(FRAME_HEADER_BYTES)));
    return message.kind === 'digest' ? message.ids.map(toHex) : [];
  });
}

describe('Gossip', () => {
  it('remembers verified records up to its bound and forgets the oldest at one above', () => {
    const named = Array.from({ length: MAX_SEEN_RECORDS + 1 }, (_, i) => must(digestOf(numbered(i, 32))));
    for (const each of named.slice(0, -1)) gossip.markSeen(each);
    expect(gossip.hasSeen(must(named[0]))).toBe(true);
    gossip.markSeen(must(named.at(-1)));
    expect(gossip.hasSeen(must(named[0]))).toBe(false);
    expect(gossip.hasSeen(must(named[1]))).toBe(true);
    expect(gossip.hasSeen(must(named.at(-1)))).toBe(true);
  });

  it('shows everything it holds when that fits into one digest', () => {
    rememberEpochStarts(MAX_DIGEST_IDS);
    expect(new Set(shown()).size).toBe(MAX_DIGEST_IDS);
  });

  it('shows a part at one above the bound, and every part in turn', () => {
    rememberEpochStarts(MAX_DIGEST_IDS + 1);
    const all = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const ids = shown();
      expect(ids).toHaveLength(MAX_DIGEST_IDS);
      for (const each of ids) all.add(each);
    }
    expect(all.size).toBe(MAX_DIGEST_IDS + 1);
  });
});
