import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { AuditReport } from '../../../../src/audit/index.ts';
import { markRestored } from '../../../../src/authority/index.ts';
import { signCheckpoint, caLogOrigin, signLogKey } from '../../../../src/ledger/index.ts';
import { certIdOfCertificate, parseCertificate } from '../../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later } from '../../../support/ca.ts';
import { CaLedgerWorld } from '../../../support/ca-ledger-world.ts';
import { rawKey } from '../../../support/raw-key.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { valueOf } from '../../../support/result.ts';
import { activeIssuing, ofActive } from '../../../support/issuing.ts';

const codesOf = ({ faults, missing }: AuditReport): readonly string[] => [
  ...new Set([...faults, ...missing].map(({ code }): string => code)),
];

describe('the audit of an honest CA', () => {
  it('finds nothing wrong, and says what there is', async () => {
    const world = await CaLedgerWorld.story();
    const report = await world.audit();
    expect([...report.faults, ...report.missing]).toEqual([]);
    expect(report).toMatchObject({ ok: true, complete: true, unlisted: 0 });
    const size = await world.read((tx) => tx.ledgerSize());
    expect(report.homes).toMatchObject([
      { home: 'ca', node: 'CA', records: size, size, ca: { certificates: 5, revoked: 1, crlNumber: 3 } },
    ]);
  });

  it('goes on over entries that no checkpoint covers yet', async () => {
    const world = await CaLedgerWorld.story();
    await enrollMember(world.ca.authority, 'zeta', later(6_000));
    expect(await world.audit()).toMatchObject({ ok: true });
  });

  it('follows names that were enrolled again, and certificates revoked one by one', async () => {
    const world = await CaLedgerWorld.story();
    const { authority } = world.ca;
    await enrollMember(authority, { name: 'beta', replace: true }, later(6_000));
    const { enrollment } = await enrollMember(authority, { name: 'alpha', replace: true }, later(6_000));
    valueOf(await authority.revoke({ name: 'alpha', onlySerial: enrollment.serial }, later(7_000)));
    valueOf(await authority.publishFull(later(8_000)));
    valueOf(await authority.revoke({ name: 'alpha' }, later(9_000)));
    valueOf(await authority.revoke({ name: 'gamma' }, later(10_000)));
    await world.sign();
    const report = await world.audit();
    expect([...report.faults, ...report.missing]).toEqual([]);
  });

  it('follows identities that ended when they had no valid certificate any more', async () => {
    const world = await CaLedgerWorld.story();
    const { authority } = world.ca;
    const MONTH_MS = 30 * 86_400_000;
    await enrollMember(authority, 'zeta', later(6_000));
    valueOf(await authority.revoke({ name: 'alpha' }, later(MONTH_MS)));
    valueOf(await authority.remove('zeta', later(MONTH_MS)));
    valueOf(await authority.revoke({ name: 'zeta' }, later(MONTH_MS)));
    await enrollMember(authority, { name: 'alpha', replace: true }, later(MONTH_MS));
    const report = await world.audit();
    expect([...report.faults]).toEqual([]);
    world.tamper("UPDATE nodes SET state = 'active', ended_at = NULL WHERE name = 'zeta'");
    expect(codesOf(await world.audit())).toContain('LS_AUDIT_CA_STORE_NODE');
  });

  it('follows one that was restored and took over revocations of what it had never heard of', async () => {
    const world = await CaLedgerWorld.story();
    const { authority, deps } = world.ca;
    const lost = await world.twin();
    await enrollMember(lost, 'zeta', later(6_000));
    valueOf(await lost.revoke({ name: 'zeta', reason: 'keyCompromise' }, later(7_000)));
    const { full, delta } = ofActive(valueOf(await lost.currentCrls()));
    valueOf(await markRestored(deps.store, later(8_000)));
    const crls = delta === null ? [full] : [full, delta];
    expect(valueOf(await authority.acceptLoss({ crls }, later(8_000))).mergedSerials).toHaveLength(1);
    const report = await world.audit();
    expect(report.faults).toEqual([]);
    world.tamper(
      "DELETE FROM revocations WHERE reason = 'keyCompromise' AND serial NOT IN (SELECT serial FROM certificates)",
    );
    expect(codesOf(await world.audit())).toContain('LS_AUDIT_CA_STORE_REVOCATION');
  });
});

describe('the audit of holds', () => {
  const held = async (): Promise<CaLedgerWorld> => {
    const world = await CaLedgerWorld.story();
    valueOf(await world.ca.authority.revoke({ name: 'alpha', reason: 'certificateHold' }, later(6_000)));
    return world;
  };

  it('follows them through release, another hold and revocation, with and without full CRLs between', async () => {
    const world = await held();
    const { authority } = world.ca;
    valueOf(await authority.release('alpha', later(7_000)));
    valueOf(await authority.revoke({ name: 'alpha', reason: 'certificateHold' }, later(8_000)));
    valueOf(await authority.publishFull(later(9_000)));
    valueOf(await authority.release('alpha', later(10_000)));
    valueOf(await authority.publishFull(later(11_000)));
    valueOf(await authority.revoke({ name: 'alpha', reason: 'certificateHold' }, later(12_000)));
    valueOf(await authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, later(13_000)));
    await world.sign();
    const report = await world.audit();
    expect([...report.faults, ...report.missing]).toEqual([]);
  });

  it('reports a release of what was not on hold, and one that is missing', async () => {
    const world = await held();
    const der = activeIssuing(world.ca.authority);
    const row = await world.read((tx) => tx.ledgerSize());
    world.put(row, { type: 'certificate-event', event: `released beta ${'4'.repeat(32)}`, der });
    expect(codesOf(await world.audit())).toContain('LS_AUDIT_CA_ORDER');

    const other = await held();
    valueOf(await other.ca.authority.release('alpha', later(7_000)));
    const index = await other.find('released alpha');
    other.put(index, { type: 'certificate-event', event: 'token-deleted epsilon 00', der });
    expect(codesOf(await other.audit())).toContain('LS_AUDIT_CA_CRL_CONTENT');
  });
});

describe('the audit of a CA whose ledger was tampered with', () => {
  it.each(['enrolled alpha', 'reenrolled alpha', 'revoked beta', 'activated beta', 'removed gamma'])(
    'names the entry "%s" when a byte of it was flipped',
    async (text) => {
      const world = await CaLedgerWorld.story();
      const index = await world.find(text);
      const body = Buffer.from(await world.body(index));
      const at = body.indexOf(text) + text.indexOf(' ') + 2;
      body.writeUInt8(body.readUInt8(at) ^ 1, at);
      world.tamper('UPDATE ledger SET body = ? WHERE idx = ?', body, index);
      const report = await world.audit();
      expect(report.ok).toBe(false);
      expect(codesOf(report)).toContain('LS_AUDIT_ROOT');
      expect(report.faults.filter(({ code }) => code !== 'LS_AUDIT_ROOT')).toContainEqual(
        expect.objectContaining({ index, file: 'store.sqlite' }),
      );
    },
  );

  it('names every entry whose last byte was flipped', async () => {
    const world = await CaLedgerWorld.story();
    const size = await world.read((tx) => tx.ledgerSize());
    for (let index = 0; index < size; index++) {
      const body = await world.body(index);
      const last = body.length - 1;
      world.tamper('UPDATE ledger SET body = ? WHERE idx = ?', body.with(last, (body[last] ?? 0) ^ 1), index);
      expect((await world.audit()).faults, String(index)).toContainEqual(expect.objectContaining({ index }));
      world.tamper('UPDATE ledger SET body = ? WHERE idx = ?', body, index);
    }
    expect(await world.audit()).toMatchObject({ ok: true });
  });

  it('notices entries missing at the end', async () => {
    const world = await CaLedgerWorld.story();
    const size = await world.read((tx) => tx.ledgerSize());
    world.tamper('DELETE FROM ledger WHERE idx = ?', size - 1);
    const { faults } = await world.audit();
    expect(faults).toContainEqual(expect.objectContaining({ code: 'LS_AUDIT_TRUNCATED', index: size - 1 }));
    expect(faults).toContainEqual(
      expect.objectContaining({ code: 'LS_AUDIT_CA_STORE_CERTIFICATE', node: 'ca.mesh.internal' }),
    );
  });

  it('notices an entry missing in the middle', async () => {
    const world = await CaLedgerWorld.story();
    const index = await world.find('revoked beta');
    world.tamper('DELETE FROM ledger WHERE idx = ?', index);
    const { faults } = await world.audit();
    expect(faults).toContainEqual(
      expect.objectContaining({
        code: 'LS_AUDIT_CA_INDEX',
        index: index + 1,
        expected: `entry ${String(index)}`,
      }),
    );
  });

  it('notices an entry taken out although the others were numbered anew', async () => {
    const world = await CaLedgerWorld.story();
    const index = await world.find('revoked beta');
    world.tamper('DELETE FROM ledger WHERE idx = ?', index);
    world.tamper('UPDATE ledger SET idx = -idx WHERE idx > ?', index);
    world.tamper('UPDATE ledger SET idx = -idx - 1 WHERE idx < 0');
    const report = await world.audit();
    expect(codesOf(report)).toEqual(
      expect.arrayContaining([
        'LS_AUDIT_CA_CRL_CONTENT',
        'LS_AUDIT_CA_STORE_REVOCATION',
        'LS_AUDIT_TRUNCATED',
      ]),
    );
    expect(report.faults).toContainEqual(
      expect.objectContaining({ code: 'LS_AUDIT_CA_CRL_CONTENT', node: 'beta', index }),
    );
  });

  it('notices an entry that was put in', async () => {
    const world = await CaLedgerWorld.story();
    const size = await world.read((tx) => tx.ledgerSize());
    const alpha = valueOf(await world.ca.authority.show('alpha', CA_NOW));
    const [serial = ''] = alpha.certificates.map((each) => String(each.serial));
    const der = activeIssuing(world.ca.authority);
    world.put(size, { type: 'certificate-event', event: `revoked alpha ${serial} superseded`, der });
    const { faults } = await world.audit();
    expect(faults.map(({ code, index }) => [code, index])).toEqual(
      expect.arrayContaining([
        ['LS_AUDIT_CA_CERTIFICATE', size],
        ['LS_AUDIT_CA_CRL_CONTENT', size],
        ['LS_AUDIT_CA_STORE_REVOCATION', size],
      ]),
    );
  });

  const der = (world: CaLedgerWorld): Uint8Array => activeIssuing(world.ca.authority);
  const id = '00'.repeat(16);
  it.each([
    ['held alpha 1', 'LS_AUDIT_CA_WORD'],
    ['constructor alpha', 'LS_AUDIT_CA_WORD'],
    ['enrolled alpha', 'LS_AUDIT_CA_WORD'],
    ['revoked alpha 12 unspecified', 'LS_AUDIT_CA_WORD'],
    ['', 'LS_AUDIT_CA_WORD'],
    [`enrolled alpha ${id}`, 'LS_AUDIT_CA_CERTIFICATE'],
    [`issued alpha ${id}`, 'LS_AUDIT_CA_CERTIFICATE'],
    [`activated alpha ${id}`, 'LS_AUDIT_CA_ORDER'],
    [`removed alpha ${id}`, 'LS_AUDIT_CA_ORDER'],
    [`token-deleted alpha ${id}`, 'LS_AUDIT_CA_ORDER'],
    [`token-created alpha ${id}`, undefined],
  ])('judges the further event "%s"', async (event, code) => {
    const world = await CaLedgerWorld.story();
    const size = await world.read((tx) => tx.ledgerSize());
    world.put(size, { type: 'certificate-event', event, der: der(world) });
    const { faults } = await world.audit();
    expect(faults.map((fault) => [fault.code, fault.index])).toEqual(
      code === undefined ? [] : [[code, size]],
    );
  });

  it('refuses entries of types that a CA does not write', async () => {
    const world = await CaLedgerWorld.story();
    const size = await world.read((tx) => tx.ledgerSize());
    world.put(size, { type: 'gap', count: 1, reason: 'disk-full' });
    expect((await world.audit()).faults).toMatchObject([{ code: 'LS_AUDIT_CA_ENTRY', index: size }]);
  });

  it('refuses a certificate issued twice, and one of an identity that ended', async () => {
    const world = await CaLedgerWorld.story();
    const size = await world.read((tx) => tx.ledgerSize());
    const again = await world.body(await world.find('enrolled alpha'));
    world.tamper('INSERT INTO ledger (idx, body) VALUES (?, ?)', size, again);
    expect((await world.audit()).faults).toMatchObject([{ code: 'LS_AUDIT_CA_ORDER', index: size }]);
  });

  it('refuses CRLs and rosters that were published before, in their old places only', async () => {
    const world = await CaLedgerWorld.story();
    const size = await world.read((tx) => tx.ledgerSize());
    const rows = await world.read((tx) => tx.ledger(0, 1_000));
    const [roster, crl] = [7, 8].map((code) => rows.find(({ body }) => body[2] === code && body[1] === 1));
    world.tamper('INSERT INTO ledger (idx, body) VALUES (?, ?)', size, crl?.body ?? null);
    world.tamper('INSERT INTO ledger (idx, body) VALUES (?, ?)', size + 1, roster?.body ?? null);
    const codes = codesOf(await world.audit());
    expect(codes).toEqual(expect.arrayContaining(['LS_AUDIT_CA_CRL_NUMBER', 'LS_AUDIT_CA_ROSTER_NUMBER']));
  });
});

describe('the audit of a CA whose CRLs leave something out', () => {
  it('names the certificate, and the CRL that does not list it', async () => {
    const world = await CaLedgerWorld.story();
    world.tamper('DELETE FROM revocations');
    valueOf(await world.ca.authority.publishFull(later(6_000)));
    await world.sign();
    const index = (await world.read((tx) => tx.ledgerSize())) - 1;
    expect((await world.audit()).faults).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: 'LS_AUDIT_CA_CRL_CONTENT', node: 'beta', index }),
        expect.objectContaining({ code: 'LS_AUDIT_CA_STORE_REVOCATION', node: 'beta' }),
      ]),
    );
  });

  it('names what a delta CRL lists without an entry', async () => {
    const world = await CaLedgerWorld.story();
    const { serial } = (await world.read((tx) => tx.certificates({ name: 'alpha' })))[0] ?? {};
    world.tamper(
      'INSERT INTO revocations (serial, reason, revoked_at, crl_number) VALUES (?, ?, ?, ?)',
      serial ?? '',
      'superseded',
      later(4_000),
      9,
    );
    valueOf(await world.ca.authority.revoke({ name: 'alpha' }, later(6_000)));
    expect((await world.audit()).faults).toContainEqual(
      expect.objectContaining({ code: 'LS_AUDIT_CA_CRL_CONTENT', node: 'alpha' }),
    );
  });
});

describe('the audit of a CA whose tables were altered', () => {
  it.each([
    [
      'a name',
      "UPDATE certificates SET name = 'omega' WHERE name = 'alpha'",
      'LS_AUDIT_CA_STORE_CERTIFICATE',
    ],
    [
      'a certificate',
      "UPDATE certificates SET der = x'3000' WHERE name = 'alpha'",
      'LS_AUDIT_CA_STORE_CERTIFICATE',
    ],
    ['a certificate gone', "DELETE FROM certificates WHERE name = 'alpha'", 'LS_AUDIT_CA_STORE_CERTIFICATE'],
    [
      'a role',
      "UPDATE certificates SET role = 'operator' WHERE role = 'server'",
      'LS_AUDIT_CA_STORE_CERTIFICATE',
    ],
    [
      'one certificate more',
      `INSERT INTO certificates (serial, number, role, name, spki_sha256, not_before, not_after, issued_at, tbs, der)
       SELECT '7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f', 99, role, name, spki_sha256, not_before, 9999999999999, issued_at, tbs, der
       FROM certificates WHERE role = 'server'`,
      'LS_AUDIT_CA_STORE_CERTIFICATE',
    ],
    [
      'a revocation of a certificate that is not there',
      `INSERT INTO revocations (serial, reason, revoked_at, crl_number)
       SELECT '7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f', reason, revoked_at, crl_number FROM revocations`,
      'LS_AUDIT_CA_STORE_REVOCATION',
    ],
    ['no revocation', 'DELETE FROM revocations', 'LS_AUDIT_CA_STORE_REVOCATION'],
    ['a reason', "UPDATE revocations SET reason = 'superseded'", 'LS_AUDIT_CA_STORE_REVOCATION'],
    [
      'a revocation date',
      'UPDATE revocations SET revoked_at = revoked_at + 1000',
      'LS_AUDIT_CA_STORE_REVOCATION',
    ],
    ["a revocation's CRL", 'UPDATE revocations SET crl_number = 3', 'LS_AUDIT_CA_STORE_REVOCATION'],
    [
      'a state',
      "UPDATE nodes SET state = 'active', ended_at = NULL WHERE name = 'beta'",
      'LS_AUDIT_CA_STORE_NODE',
    ],
    ['a node gone', "DELETE FROM nodes WHERE name = 'gamma'", 'LS_AUDIT_CA_STORE_NODE'],
    ['a token', "UPDATE tokens SET name = 'alpha' WHERE name = 'epsilon'", 'LS_AUDIT_CA_STORE_TOKEN'],
    ['a CRL', "UPDATE crls SET der = x'3000' WHERE der IS NOT NULL", 'LS_AUDIT_CA_STORE_CRL'],
    ['a CRL number', "UPDATE crls SET number = 9 WHERE issuer = 'root'", 'LS_AUDIT_CA_STORE_CRL'],
    ['the newest CRL gone', 'DELETE FROM crls WHERE number = 3', 'LS_AUDIT_CA_STORE_CRL'],
    ['a roster', "UPDATE rosters SET record = x'80' WHERE record IS NOT NULL", 'LS_AUDIT_CA_STORE_ROSTER'],
    [
      'a roster number',
      'UPDATE rosters SET number = 99 WHERE record IS NOT NULL',
      'LS_AUDIT_CA_STORE_ROSTER',
    ],
    ['a roster hash', "UPDATE rosters SET structure_hash = x'00'", 'LS_AUDIT_CA_STORE_ROSTER'],
  ])('notices %s', async (_what, sql, code) => {
    const world = await CaLedgerWorld.story();
    world.tamper(sql);
    const report = await world.audit();
    expect(codesOf(report)).toEqual([code]);
    for (const fault of report.faults) expect(fault.found).not.toBeNull();
  });

  it('refuses an issuing CA that is not under the pinned root, and believes nothing of it', async () => {
    const world = await CaLedgerWorld.story();
    const other = await CaLedgerWorld.make();
    world.tamper('UPDATE genesis SET issuing = ?', activeIssuing(other.ca.authority));
    expect(codesOf(await world.audit())).toEqual(['LS_AUDIT_CA_ISSUER', 'LS_AUDIT_NO_LOG_KEY']);
  });
});

describe('the audit of a CA whose checkpoint is not its own', () => {
  it('refuses the checkpoint of another CA', async () => {
    const [world, other] = [await CaLedgerWorld.story(), await CaLedgerWorld.make()];
    await other.sign();
    await writeFile(world.checkpointFile, await other.checkpoint());
    expect(codesOf(await world.audit())).toEqual(['LS_AUDIT_CHECKPOINT']);
  });

  it('refuses one by the right key for another log', async () => {
    const world = await CaLedgerWorld.story();
    const head = { size: 1, root: new Uint8Array(32) };
    for (const origin of [caLogOrigin('other.internal'), `lifesign/mesh.internal/${'0'.repeat(32)}`]) {
      await writeFile(world.checkpointFile, signCheckpoint({ origin, ...head }, world.logKey, testCrypto));
      expect(codesOf(await world.audit())).toEqual(['LS_AUDIT_CHECKPOINT']);
    }
  });

  it('refuses one over another tree', async () => {
    const world = await CaLedgerWorld.story();
    const origin = caLogOrigin('mesh.internal');
    const note = signCheckpoint({ origin, size: 5, root: new Uint8Array(32) }, world.logKey, testCrypto);
    await writeFile(world.checkpointFile, note);
    expect(codesOf(await world.audit())).toEqual(['LS_AUDIT_ROOT']);
  });

  it('refuses bytes that are no checkpoint', async () => {
    const world = await CaLedgerWorld.story();
    await writeFile(world.checkpointFile, 'nothing');
    expect(codesOf(await world.audit())).toEqual(['LS_AUDIT_CHECKPOINT']);
  });

  it('reports a missing checkpoint as missing evidence', async () => {
    const world = await CaLedgerWorld.story();
    await rm(world.checkpointFile);
    const report = await world.audit();
    expect(report).toMatchObject({ ok: false, complete: false, faults: [] });
    expect(codesOf(report)).toEqual(['LS_AUDIT_NO_CHECKPOINT']);
  });

  it('refuses a log key that another CA, another domain or nobody bound', async () => {
    const world = await CaLedgerWorld.story();
    const size = await world.read((tx) => tx.ledgerSize());
    const { authority, deps } = world.ca;
    const certificate = valueOf(parseCertificate(activeIssuing(authority)));
    const certId = certIdOfCertificate(certificate, testCrypto);
    const evil = testKey('Ed25519');
    const body = { certId, logKey: rawKey(evil), tMs: CA_NOW, ext: new Map() };
    const other = (await CaLedgerWorld.make()).ca.authority;
    const forged = [
      signLogKey(body, testKey(), authority.domainId, testCrypto).bytes,
      signLogKey(body, deps.keys.issuing[0], other.domainId, testCrypto).bytes,
      Uint8Array.of(0x80),
    ];
    for (const record of forged) {
      world.put(size, { type: 'log-key', record });
      expect((await world.audit()).faults).toMatchObject([{ code: 'LS_AUDIT_CA_LOG_KEY', index: size }]);
    }
    const { bytes: record } = signLogKey(body, deps.keys.issuing[0], authority.domainId, testCrypto);
    world.put(size, { type: 'log-key', record });
    expect((await world.audit()).faults).toEqual([]);
  });
});
