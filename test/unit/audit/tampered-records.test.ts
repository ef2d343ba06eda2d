import { describe, expect, it } from 'vitest';
import { WINDOW_RECORDS, type AuditReport } from '../../../src/audit/index.ts';
import { encodeEntry, scanSegment, signCheckpoint, type LedgerEntry } from '../../../src/ledger/index.ts';
import { fromHex, unixMs } from '../../../src/std/index.ts';
import { AuditWorld, codes, type AuditNode } from '../../support/audit-world.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { MemoryLedgerFs } from '../../support/memory-ledger-fs.ts';
import { makeTestPki } from '../../support/pki.ts';

/*
 * An attacker who owns the machine of a log: frames and checksums are right, tiles are made again, and the
 * checkpoint is the honest one, because its key is somewhere else or what it was signed over is known to peers.
 */

describe('the audit of a log whose entries were exchanged under its honest checkpoint', () => {
  it('finds a record that was removed: the next number of its signer, in its place', async () => {
    const { world, report } = await tampered((bodies, { at }) => bodies.splice(at('heartbeat-sent', 3), 1));
    const index = placeOf(world.alpha, 'heartbeat-sent', 4) - 1;
    expect(report.faults[0]).toMatchObject({
      code: 'LS_AUDIT_SEQUENCE',
      index,
      offset: await offsetIn(world, index, placeOf(world.alpha, 'heartbeat-sent', 3)),
      node: 'alpha',
      epoch: 1,
      seq: 4,
      expected: 'seq 3',
    });
    expect(codes(report.faults)).toContain('LS_AUDIT_TRUNCATED');
  });

  it('finds two records that changed places', async () => {
    const { report } = await tampered((bodies, { at }) => {
      swap(bodies, at('heartbeat-sent', 2), at('heartbeat-sent', 3));
    });
    expect(report.faults[0]).toMatchObject({
      code: 'LS_AUDIT_SEQUENCE',
      node: 'alpha',
      seq: 3,
      expected: 'seq 2',
    });
    expect(codes(report.faults)).toContain('LS_AUDIT_ROOT');
  });

  it('finds two received records that changed places', async () => {
    const { world, report } = await tampered((bodies, { heard }) => {
      swap(bodies, heard(2), heard(3));
    });
    const fault = report.faults.find(({ code }) => code === 'LS_AUDIT_SEQUENCE');
    expect(fault).toMatchObject({ node: 'beta', seq: 2, expected: 'seq 4 or above' });
    expect(fault?.index).toBe(placeOf(world.alpha, 'heartbeat-received', 3, world.beta));
  });

  it('finds a record replaced by another valid one of the same signer', async () => {
    const { world, report } = await tampered((bodies, { at }) => {
      bodies[at('heartbeat-sent', 3)] = bodies[at('heartbeat-sent', 2)] ?? new Uint8Array(0);
    });
    const index = placeOf(world.alpha, 'heartbeat-sent', 3);
    expect(report.faults[0]).toMatchObject({ code: 'LS_AUDIT_SEQUENCE', index, node: 'alpha', seq: 2 });
  });

  it('finds an altered entry that nobody signed, between the roots that heartbeats confirm', async () => {
    const { world, report } = await tampered((bodies, { misses }) => {
      const [miss = 0] = misses;
      bodies[miss] = encodeEntry({ ...missOf(1), lastSeq: 99 }, unixMs(0));
    });
    const fault = report.faults.find(({ code }) => code === 'LS_AUDIT_ROOT');
    expect(fault?.node).toBe('alpha');
    const altered = world.alpha.bodies.findIndex((body) => body[2] === 10);
    expect(fault?.index).toBeLessThanOrEqual(altered);
    expect(fault?.found).toContain(`to ${String(altered)}`);
  });

  it('finds an entry that is not one', async () => {
    const { report } = await tampered((bodies) => {
      bodies[5] = Uint8Array.of(0x83, 1, 99, 0);
    });
    expect(report.faults.find(({ code }) => code === 'LS_AUDIT_ENTRY')).toMatchObject({
      index: 5,
      node: 'alpha',
    });
  });

  it('finds a record that is not one', async () => {
    const { report } = await tampered((bodies) => {
      bodies[5] = encodeEntry({ type: 'heartbeat-sent', record: Uint8Array.of(1, 2, 3) }, unixMs(0));
    });
    expect(report.faults.find(({ code }) => code === 'LS_AUDIT_RECORD')).toMatchObject({
      index: 5,
      node: 'alpha',
    });
  });
});

describe('the audit of records', () => {
  it('finds a false signature, by any key but the named one', async () => {
    const world = AuditWorld.story(3);
    world.alpha.beat({}, testKey());
    const report = await world.audit();
    expect(report.faults).toMatchObject([
      { code: 'LS_AUDIT_SIGNATURE', node: 'alpha', epoch: 1, seq: 4, index: world.alpha.bodies.length - 1 },
      { code: 'LS_AUDIT_SIGNATURE', node: 'alpha', epoch: 1, seq: 4, index: world.beta.bodies.length - 1 },
      { code: 'LS_AUDIT_SIGNATURE', node: 'alpha', epoch: 1, seq: 4, index: world.gamma.bodies.length - 1 },
    ]);
  });

  it('finds a record of one member under the certificate of another', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta } = world;
    const forged = alpha.sign({}, beta.identity.key);
    world.gamma.log({ type: 'heartbeat-received', record: forged.bytes });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_SIGNATURE', node: 'alpha', seq: 4 },
    ]);
  });

  it('finds a record of another trust domain', async () => {
    const world = AuditWorld.story(2);
    const other = new AuditWorld(['alpha']);
    other.alpha.identity = world.alpha.identity;
    other.alpha.epoch = 1;
    other.alpha.seq = 2;
    world.beta.log({ type: 'heartbeat-received', record: other.alpha.sign().bytes });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_SIGNATURE', node: 'alpha', seq: 3 },
    ]);
  });

  it('finds an epoch-start whose certificate another CA issued', async () => {
    const world = AuditWorld.story(2);
    const stranger = makeTestPki();
    const forged = stranger.node('mallory');
    world.alpha.log({ type: 'epoch-start', record: strangeEpoch(world, forged) });
    const report = await world.audit();
    expect(report.faults).toMatchObject([
      { code: 'LS_AUDIT_CERTIFICATE', epoch: 1, seq: 0, index: world.alpha.bodies.length - 1 },
    ]);
  });

  it.each(['wrongEku', 'wrongSpiffePath', 'wrongTrustDomain', 'unknownCriticalExtension'] as const)(
    'finds an epoch-start with a certificate that is unfit: %s',
    async (fault) => {
      const world = AuditWorld.story(1);
      const unfit = world.pki.node('mallory', world.pki.faults[fault]);
      world.alpha.log({ type: 'epoch-start', record: strangeEpoch(world, unfit) });
      expect((await world.audit()).faults).toMatchObject([{ code: 'LS_AUDIT_CERTIFICATE' }]);
    },
  );

  it('finds an operator certificate used as a node', async () => {
    const world = AuditWorld.story(1);
    world.alpha.log({ type: 'epoch-start', record: strangeEpoch(world, world.pki.operator('olga')) });
    expect((await world.audit()).faults).toMatchObject([{ code: 'LS_AUDIT_CERTIFICATE' }]);
  });

  it('finds a record signed after its certificate expired', async () => {
    const world = AuditWorld.story(1);
    const { notAfter } = world.alpha.identity.certificate;
    world.now = unixMs(notAfter + 61_000);
    world.alpha.beat();
    const [first] = (await world.audit()).faults;
    expect(first).toMatchObject({ code: 'LS_AUDIT_EXPIRED', node: 'alpha', epoch: 1, seq: 2 });
  });

  it('finds a back-dated record by the clock of who heard it', async () => {
    const world = AuditWorld.story(1);
    const { alpha, beta } = world;
    const { notAfter } = alpha.identity.certificate;
    const record = alpha.advance(alpha.sign({ tMs: unixMs(notAfter - 1) }));
    alpha.log({ type: 'heartbeat-sent', record: record.bytes }, unixMs(notAfter - 1));
    beta.log({ type: 'heartbeat-received', record: record.bytes }, unixMs(notAfter + 61_000));
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_EXPIRED', node: 'alpha', seq: 2, index: beta.bodies.length - 1 },
    ]);
  });

  it('finds use after revocation, from a minute on, in every log', async () => {
    const world = AuditWorld.story(1);
    const { alpha, beta } = world;
    // A CRL counts in whole seconds.
    world.now = unixMs(Math.ceil(world.now / 1_000) * 1_000);
    const revokedAt = world.now;
    const { serialHex } = alpha.identity.certificate;
    const der = world.pki.crl({
      number: 2,
      thisUpdate: revokedAt,
      revoked: [{ serialHex, revokedAt, reason: 'keyCompromise', invalidityDate: undefined }],
    });
    world.tick(60_000);
    alpha.beat();
    beta.log({ type: 'crl', der });
    expect((await world.audit()).faults).toEqual([]);
    world.tick(1);
    alpha.beat();
    const report = await world.audit();
    expect(codes(report.faults)).toEqual(Array.from({ length: 3 }, () => 'LS_AUDIT_USED_AFTER_REVOCATION'));
    expect(report.faults[0]).toMatchObject({
      node: 'alpha',
      epoch: 1,
      seq: 3,
      index: alpha.bodies.length - 1,
    });
  });

  it('finds a CRL that no CA under the root signed', async () => {
    const world = AuditWorld.story(1);
    world.beta.log({ type: 'crl', der: world.pki.crl({ number: 2, signedBy: testKey() }) });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_CRL', index: world.beta.bodies.length - 1 },
    ]);
  });

  it('finds a roster that no CA under the root signed, and two rosters with one number', async () => {
    const world = AuditWorld.story(1);
    world.beta.log({ type: 'roster', record: world.roster(1, {}, testKey()).bytes });
    world.alpha.log({ type: 'roster', record: world.roster(2).bytes });
    world.gamma.log({ type: 'roster', record: world.roster(2, { h: 1 }).bytes });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_ROSTER', index: world.beta.bodies.length - 1 },
      { code: 'LS_AUDIT_EQUIVOCATION', node: 'CA', index: world.gamma.bodies.length - 1 },
    ]);
  });

  it('says that a signer whose certificate no log brings along is unknown', async () => {
    const world = AuditWorld.story(1);
    const stranger = new AuditWorld(['delta'], world.pki);
    world.alpha.log({ type: 'heartbeat-received', record: stranger.node(0).sign({ epoch: 1 }).bytes });
    const report = await world.audit();
    expect(report).toMatchObject({ ok: false, complete: false, faults: [] });
    expect(report.missing).toMatchObject([{ code: 'LS_AUDIT_UNKNOWN_CERTIFICATE', epoch: 1, seq: 1 }]);
  });

  it('says that records were lost when the log says so, and believes the numbers that are missing then', async () => {
    const world = AuditWorld.story(2);
    const { alpha } = world;
    alpha.advance(alpha.sign({ checkpoint: null, flags: 1 }));
    alpha.log({ type: 'gap', count: 1, reason: 'unlogged' });
    alpha.beat();
    const report = await world.audit();
    expect(report.faults).toEqual([]);
    expect(report.missing).toMatchObject([
      { code: 'LS_AUDIT_GAP', index: alpha.bodies.length - 2, node: 'alpha' },
    ]);
  });

  it('finds numbers that are missing without a gap entry', async () => {
    const world = AuditWorld.story(2);
    const { alpha } = world;
    alpha.advance(alpha.sign());
    alpha.beat();
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_SEQUENCE', node: 'alpha', seq: 4, expected: 'seq 3', index: alpha.bodies.length - 1 },
    ]);
  });
});

describe('the audit of histories', () => {
  it('finds two different records with one number in two logs', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta, gamma } = world;
    const [one, other] = [alpha.sign({ health: 0 }), alpha.sign({ health: 1 })];
    alpha.advance(one);
    alpha.log({ type: 'heartbeat-sent', record: one.bytes });
    beta.log({ type: 'heartbeat-received', record: one.bytes });
    world.tick(1);
    gamma.log({ type: 'heartbeat-received', record: other.bytes });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_EQUIVOCATION', node: 'alpha', epoch: 1, seq: 4, index: gamma.bodies.length - 1 },
    ]);
  });

  it('finds two copies of a node in one epoch', async () => {
    const world = AuditWorld.story(1);
    const { beta } = world;
    beta.epoch -= 1;
    beta.startEpoch({ nonce: new Uint8Array(8).fill(99) });
    expect(codes((await world.audit()).faults)).toContain('LS_AUDIT_EQUIVOCATION');
  });

  it('finds a record that does not continue the one before it', async () => {
    const world = AuditWorld.story(3);
    const { alpha } = world;
    alpha.prev = new Uint8Array(32).fill(1);
    const record = alpha.advance(alpha.sign());
    alpha.log({ type: 'heartbeat-sent', record: record.bytes });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_CHAIN', node: 'alpha', epoch: 1, seq: 4 },
    ]);
  });

  it('finds an epoch that falls, and records of an epoch that never began', async () => {
    const world = AuditWorld.story(1);
    const { alpha } = world;
    alpha.epoch = 0;
    alpha.startEpoch();
    alpha.beat({ epoch: 7 });
    const found = codes((await world.audit()).faults);
    expect(found).toContain('LS_AUDIT_EPOCH_ORDER');
  });

  it('finds a heartbeat before its epoch-start', async () => {
    const world = new AuditWorld();
    const { alpha, beta } = world;
    beta.log({ type: 'crl', der: world.pki.crl({ number: 1 }) });
    alpha.startEpoch();
    beta.bodies.length -= 1;
    alpha.beat();
    beta.startEpoch();
    beta.beat();
    const report = await world.audit({ nodes: [alpha] });
    expect(report.faults).toEqual([]);
    const moved = beta.bodies.findIndex((body) => body[2] === 3);
    expect(moved).toBeGreaterThan(0);
    const both = await world.audit({ nodes: [alpha, beta] });
    expect(both.faults.find(({ code }) => code === 'LS_AUDIT_EPOCH_ORDER')).toBeUndefined();
    beta.beat();
    alpha.beat();
    beta.beat();
    const later = await world.audit({ nodes: [alpha, beta] });
    expect(later.faults.find(({ code }) => code === 'LS_AUDIT_EPOCH_ORDER')).toMatchObject({
      node: 'alpha',
      seq: 2,
    });
  });

  it('finds a head shown to a peer that is not in the log: a fork', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta } = world;
    const record = alpha.advance(alpha.sign({ checkpoint: { size: 4, root: new Uint8Array(32).fill(5) } }));
    beta.log({ type: 'heartbeat-received', record: record.bytes });
    alpha.log({ type: 'gap', count: 1, reason: 'unlogged' });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_FORK', node: 'alpha', seq: 4, index: beta.bodies.length - 1 },
    ]);
  });

  it('finds a head of a third node that contradicts its record', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta } = world;
    const hash = new Uint8Array(32).fill(1);
    beta.beat({ heads: [{ nodeId: alpha.identity.nodeId, epoch: 1, seq: 2, hash }] });
    const [first] = (await world.audit()).faults;
    expect(first).toMatchObject({ code: 'LS_AUDIT_FORK', node: 'alpha', epoch: 1, seq: 2 });
  });

  it('says that a log is shorter than its peers saw it', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta } = world;
    const short = alpha.bodies.length;
    for (const seq of [4, 5]) {
      world.beatAll();
      const copy = alpha.bodies.splice(short);
      const report = await world.audit();
      alpha.bodies.push(...copy);
      expect(report.faults).toEqual([]);
      expect(report.missing).toMatchObject([{ code: 'LS_AUDIT_LOG_SHORT', node: 'alpha', seq }]);
      expect(report.missing[0]?.file).toContain(beta.dir);
    }
  });

  it('says when records come too late to be compared', async () => {
    const world = AuditWorld.story(1);
    const { alpha, beta } = world;
    const old = alpha.newest?.bytes ?? new Uint8Array(0);
    alpha.seq += WINDOW_RECORDS;
    alpha.log({ type: 'gap', count: WINDOW_RECORDS, reason: 'disk-full' });
    alpha.beat();
    beta.log({ type: 'heartbeat-received', record: old });
    beta.startEpoch();
    expect(codes((await world.audit()).missing)).toEqual(['LS_AUDIT_GAP', 'LS_AUDIT_LIMIT']);
  });

  it('finds a heartbeat of a peer where the own ones are, and the other way round', async () => {
    const world = AuditWorld.story(2);
    const { alpha, beta } = world;
    const mine = alpha.advance(alpha.sign());
    alpha.log({ type: 'heartbeat-received', record: mine.bytes });
    const theirs = beta.beat();
    alpha.log({ type: 'heartbeat-sent', record: theirs.bytes });
    const owner = (await world.audit()).faults.filter(({ code }) => code === 'LS_AUDIT_OWNER');
    expect(owner).toMatchObject([
      { node: 'alpha', seq: 3 },
      { node: 'beta', seq: 3 },
    ]);
  });

  it('finds a log key that changes', async () => {
    const world = AuditWorld.story(1);
    world.alpha.startEpoch({ logKey: new Uint8Array(32).fill(1) });
    const [first] = (await world.audit()).faults;
    expect(first).toMatchObject({ code: 'LS_AUDIT_LOG_KEY', node: 'alpha', epoch: 2, seq: 0 });
  });

  it('finds a new key that the old one never named', async () => {
    const world = AuditWorld.story(1);
    const { beta, pki } = world;
    beta.renewSilently(pki.node('beta', { nodeId: beta.identity.nodeId }), testKey());
    beta.startEpoch();
    const [first] = (await world.audit()).faults;
    expect(first).toMatchObject({ code: 'LS_AUDIT_SUCCESSOR', node: 'beta', epoch: 2, seq: 0 });
  });

  it('finds a key-change whose successor statement is forged, and one to another node', async () => {
    const forged = AuditWorld.story(1);
    const { beta, pki } = forged;
    beta.changeKey(pki.node('beta', { nodeId: beta.identity.nodeId }), testKey());
    expect((await forged.audit()).faults[0]).toMatchObject({
      code: 'LS_AUDIT_SUCCESSOR',
      node: 'beta',
      seq: 2,
    });
    const stolen = AuditWorld.story(1);
    stolen.beta.changeKey(stolen.pki.node('delta'));
    expect((await stolen.audit()).faults[0]).toMatchObject({
      code: 'LS_AUDIT_SUCCESSOR',
      node: 'beta',
      seq: 2,
    });
  });

  it('finds an accusation with another node, or another epoch, as evidence', async () => {
    const world = AuditWorld.story(2);
    const { alpha, beta, gamma } = world;
    const other = beta.newest;
    const record = alpha.accuse(gamma, other === undefined ? {} : { evidence: other });
    alpha.log({ type: 'accusation', record });
    gamma.startEpoch();
    beta.log({ type: 'accusation', record: beta.accuse(gamma) });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_ACCUSATION', node: 'alpha' },
      { code: 'LS_AUDIT_ACCUSATION', node: 'beta' },
    ]);
  });

  it('finds a down certificate with too few accusations, and on the wrong ring', async () => {
    const world = AuditWorld.story(2);
    const { alpha, beta, gamma } = world;
    alpha.log({ type: 'roster', record: world.roster(1).bytes });
    const right = (accuser: AuditNode): number => world.ringOf(accuser, gamma);
    const few = [alpha.accuse(gamma, { ring: right(alpha) })];
    alpha.log({ type: 'down-certificate', certificate: gamma.downCertificate(few) });
    const wrong = [alpha, beta].map((accuser) => accuser.accuse(gamma, { ring: 1 - right(accuser) }));
    beta.log({ type: 'down-certificate', certificate: gamma.downCertificate(wrong) });
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_DOWN_CERTIFICATE', node: 'gamma', index: alpha.bodies.length - 1 },
      { code: 'LS_AUDIT_DOWN_CERTIFICATE', node: 'gamma', index: beta.bodies.length - 1 },
    ]);
  });
});

interface Finder {
  /** Index of the own record of that type and seq. */
  at(type: 'heartbeat-sent', seq: number): number;
  /** Index of beta's heartbeat `seq` as alpha heard it. */
  heard(seq: number): number;
  readonly misses: readonly number[];
}

/** Alpha's log, altered, under the checkpoint of the honest one; the others' logs as they are. */
async function tampered(
  alter: (bodies: Uint8Array[], finder: Finder) => void,
): Promise<{ readonly world: AuditWorld; readonly report: AuditReport; readonly fs: MemoryLedgerFs }> {
  const world = AuditWorld.story(2);
  const { alpha, beta } = world;
  alpha.log(missOf(1));
  for (let i = 0; i < 3; i++) world.beatAll();
  const honest = new MemoryLedgerFs();
  await alpha.write(honest);
  const bodies = [...alpha.bodies];
  alter(bodies, {
    at: (type, seq) => placeOf(alpha, type, seq),
    heard: (seq) => placeOf(alpha, 'heartbeat-received', seq, beta),
    misses: bodies.flatMap((body, i) => (body[2] === 10 ? [i] : [])),
  });
  const fs = new MemoryLedgerFs();
  await alpha.write(fs, bodies);
  for (const node of alpha.peers) await node.write(fs);
  fs.put('/alpha/ledger/checkpoint', honest.get('/alpha/ledger/checkpoint') ?? new Uint8Array(0));
  return { world, report: await world.auditFiles(fs), fs };
}

function missOf(lastSeq: number): Extract<LedgerEntry, { type: 'miss' }> {
  const nodeId = AuditWorld.story(0, ['x']).node(0).identity.nodeId;
  expect(fromHex(nodeId)).toHaveLength(16);
  return { type: 'miss', nodeId, epoch: 1, lastSeq };
}

/** Index in alpha's log of a record, counted by type: its own, or those of one peer. */
function placeOf(
  alpha: AuditNode,
  type: 'heartbeat-sent' | 'heartbeat-received',
  seq: number,
  of: AuditNode = alpha,
): number {
  const code = type === 'heartbeat-sent' ? 2 : 3;
  const order = of === alpha ? 0 : alpha.peers.indexOf(of);
  const found = alpha.bodies.flatMap((body, i) => (body[2] === code ? [i] : []));
  const every = type === 'heartbeat-sent' ? 1 : alpha.peers.length;
  return found[(seq - 1) * every + order] ?? -1;
}

function swap(bodies: Uint8Array[], a: number, b: number): void {
  const kept = bodies[a] ?? new Uint8Array(0);
  bodies[a] = bodies[b] ?? new Uint8Array(0);
  bodies[b] = kept;
}

/** Offset of entry `index` in alpha's log once the entry `removed` is gone. */
async function offsetIn(world: AuditWorld, index: number, removed: number): Promise<number> {
  const fs = new MemoryLedgerFs();
  await world.alpha.write(fs, world.alpha.bodies.toSpliced(removed, 1));
  const segment = fs.get('/alpha/ledger/segments/0000000000000000.seg') ?? new Uint8Array(0);
  return scanSegment(segment).frames[index]?.offset ?? -1;
}

function strangeEpoch(world: AuditWorld, identity: AuditNode['identity']): Uint8Array {
  const other = new AuditWorld(['x'], world.pki);
  const node = other.node(0);
  node.identity = identity;
  return node.startEpoch().bytes;
}

describe('the audit of checkpoints that peers kept', () => {
  it('takes a true one, and finds a forged one and one of another history', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta } = world;
    const { nodeId } = alpha.identity;
    const note = (root: Uint8Array, signer = alpha.logKey) =>
      signCheckpoint({ origin: alpha.origin, size: alpha.head.size, root }, signer, testCrypto);
    beta.log({ type: 'checkpoint-received', nodeId, note: note(alpha.head.root) });
    expect(await world.audit()).toMatchObject({ ok: true });
    beta.log({ type: 'checkpoint-received', nodeId, note: note(alpha.head.root, testKey('Ed25519')) });
    beta.log({ type: 'checkpoint-received', nodeId, note: note(new Uint8Array(32)) });
    const index = beta.bodies.length - 1;
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_CHECKPOINT', node: 'alpha', index: index - 1 },
      { code: 'LS_AUDIT_FORK', node: 'alpha', index },
    ]);
  });

  it('says that the key of an unknown log is missing', async () => {
    const world = AuditWorld.story(1);
    const { nodeId } = new AuditWorld(['delta'], world.pki).node(0).identity;
    world.beta.log({ type: 'checkpoint-received', nodeId, note: Uint8Array.of(1) });
    expect((await world.audit()).missing).toMatchObject([{ code: 'LS_AUDIT_NO_LOG_KEY', node: nodeId }]);
  });
});
