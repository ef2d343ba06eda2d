import { describe, expect, it } from 'vitest';
import { AuditWorld, codes } from '../../support/audit-world.ts';
import { LedgerDirectory } from '../../../src/io/index.ts';
import { auditVerify } from '../../../src/audit/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { MemoryLedgerFs } from '../../support/memory-ledger-fs.ts';

describe('the audit of honest logs', () => {
  it('finds nothing wrong and nothing missing', async () => {
    const world = AuditWorld.story(10);
    const report = await world.audit();
    expect(report).toMatchObject({ ok: true, complete: true, faults: [], missing: [], nodes: 3 });
    expect(report.records).toBe(3 * (1 + 3 + 30));
    // Every record and CRL in every log, and three checkpoints.
    expect(report.signatures).toBe(report.records + 3);
  });

  it('says of each home whose it is, its size, root and time span', async () => {
    const world = AuditWorld.story(2);
    const { homes } = await world.audit();
    const { alpha } = world;
    expect(homes[0]).toMatchObject({
      home: 'alpha',
      node: 'alpha',
      nodeId: alpha.identity.nodeId,
      size: alpha.bodies.length,
      root: Buffer.from(alpha.head.root).toString('hex'),
      firstMs: world.pki.now,
      lastMs: world.now,
    });
  });

  it('is as happy with one log alone', async () => {
    const world = AuditWorld.story(5);
    expect(await world.audit({ nodes: [world.beta] })).toMatchObject({ ok: true, records: 19 });
  });

  it('follows a node through restarts, a renewal, a leave and back', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta, pki } = world;
    alpha.startEpoch();
    world.beatAll();
    beta.changeKey(pki.node('beta', { nodeId: beta.identity.nodeId }));
    world.beatAll();
    beta.startEpoch();
    world.beatAll();
    alpha.leave();
    alpha.startEpoch();
    world.beatAll();
    const report = await world.audit();
    expect(codes([...report.faults, ...report.missing])).toEqual([]);
  });

  it('follows a node that renewed its key while it was off, by the statement in its next epoch-start', async () => {
    const world = AuditWorld.story(3);
    const { beta, pki } = world;
    beta.renewSilently(pki.node('beta', { nodeId: beta.identity.nodeId }));
    beta.startEpoch();
    world.beatAll();
    expect(await world.audit()).toMatchObject({ ok: true, faults: [] });
  });

  it('lets a node that starts again hear old records before its first own one', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta } = world;
    const old = alpha.newest?.bytes ?? new Uint8Array(0);
    beta.log({ type: 'heartbeat-received', record: old });
    beta.startEpoch();
    world.beatAll();
    expect(codes((await world.audit()).faults)).toEqual([]);
  });

  it('verifies accusations, and the down certificate under its roster', async () => {
    const world = AuditWorld.story(3);
    const { alpha, beta, gamma } = world;
    const roster = world.roster(1);
    for (const node of world.nodes) node.log({ type: 'roster', record: roster.bytes });
    const accusations = ringed(world);
    for (const record of accusations)
      for (const node of [alpha, beta]) node.log({ type: 'accusation', record });
    alpha.log({ type: 'down-certificate', certificate: gamma.downCertificate(accusations) });
    alpha.beat();
    const report = await world.audit();
    expect(codes([...report.faults, ...report.missing])).toEqual([]);
  });

  it('takes CRLs and rosters from outside the logs too', async () => {
    const world = new AuditWorld();
    for (const node of world.nodes) node.startEpoch();
    world.beatAll();
    const { alpha, gamma } = world;
    alpha.log({ type: 'down-certificate', certificate: gamma.downCertificate(ringed(world)) });
    expect(codes((await world.audit()).missing)).toEqual(['LS_AUDIT_UNKNOWN_ROSTER', 'LS_AUDIT_NO_CRL']);
    const outside = { crls: [world.pki.crl({ number: 1 })], rosters: [world.roster(1).bytes] };
    expect(await world.audit(outside)).toMatchObject({ ok: true, missing: [] });
  });

  it('reads many segments and tiles', async () => {
    const world = AuditWorld.story(90);
    const fs = new MemoryLedgerFs();
    for (const node of world.nodes) await node.write(fs);
    expect(fs.paths().filter((path) => path.endsWith('.seg')).length).toBeGreaterThan(3);
    expect(fs.paths()).toContain('/alpha/ledger/tile/0/000');
    expect(await world.auditFiles(fs)).toMatchObject({ ok: true, complete: true });
  });
});

describe('the audit of nothing', () => {
  it('is never ok: no log is no evidence', async () => {
    const world = new AuditWorld(['alpha']);
    const source = new LedgerDirectory('/nowhere', 'nowhere', new MemoryLedgerFs());
    const report = await auditVerify([source], { bundle: world.bundle, crypto: testCrypto });
    expect(report).toMatchObject({ ok: false, complete: false, faults: [] });
    expect(codes(report.missing)).toEqual(['LS_AUDIT_NO_LOG']);
  });

  it('is never ok: an empty log has a checkpoint that nothing vouches for', async () => {
    const world = new AuditWorld(['alpha']);
    const report = await world.audit();
    expect(report).toMatchObject({ ok: false, complete: false, faults: [] });
    expect(codes(report.missing)).toEqual(['LS_AUDIT_NO_LOG_KEY']);
  });
});

/** Accusations of gamma by alpha and beta, each on the ring that is theirs. */
function ringed(world: AuditWorld): readonly Uint8Array[] {
  const { alpha, beta, gamma } = world;
  return [alpha, beta].map((accuser) => accuser.accuse(gamma, { ring: world.ringOf(accuser, gamma) }));
}
