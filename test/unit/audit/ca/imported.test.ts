import { describe, expect, it } from 'vitest';
import type { AuditReport } from '../../../../src/audit/index.ts';
import { MAX_SETTING_TEXT } from '../../../../src/authority/index.ts';
import { CA_NOW, enrollMember } from '../../../support/ca.ts';
import { CaLedgerWorld } from '../../../support/ca-ledger-world.ts';
import { makeTestPki } from '../../../support/pki.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const pki = makeTestPki({ now: CA_NOW });
const other = makeTestPki({ now: CA_NOW });
const former = pki.issuingCa('former');

const codesOf = ({ faults, missing }: AuditReport): readonly string[] => [
  ...new Set([...faults, ...missing].map(({ code }): string => code)),
];

async function world(): Promise<CaLedgerWorld> {
  const made = await CaLedgerWorld.imported(pki);
  valueOf(await made.ca.authority.importRootCrl(pki.rootCrl({ number: 4, revoked: [former] }), CA_NOW));
  await made.sign();
  return made;
}

const event = (text: string) => ({ type: 'certificate-event', event: text, der: pki.issuing.der }) as const;

describe('the audit of a CA whose root is elsewhere', () => {
  it('finds nothing wrong with an honest one, also where the root has revoked other CAs', async () => {
    const honest = await world();
    await enrollMember(honest.ca.authority, 'alpha');
    valueOf(await honest.ca.authority.importRootCrl(pki.rootCrl({ number: 9, revoked: [former] }), CA_NOW));
    const report = await honest.audit();
    expect([...report.faults, ...report.missing]).toEqual([]);
    expect(report.ok).toBe(true);
  });

  it('names the entry that says it began with another root', async () => {
    const altered = await world();
    const index = await altered.find('imported ');
    altered.put(index, event(`imported ${'0'.repeat(64)}`), CA_NOW);
    expect(codesOf(await altered.audit())).toContain('LS_AUDIT_CA_CERTIFICATE');
  });

  it('does not let it begin in the middle', async () => {
    const altered = await world();
    const imported = await altered.body(await altered.find('imported '));
    const at = await altered.find('root-crl 4 1');
    altered.tamper('INSERT OR REPLACE INTO ledger (idx, body) VALUES (?, ?)', at, imported);
    expect(codesOf(await altered.audit())).toEqual(
      expect.arrayContaining(['LS_AUDIT_CA_ORDER', 'LS_AUDIT_CA_CRL_CONTENT']),
    );
  });

  it.each([
    ['other entries than it has', 'root-crl 4 2', 'LS_AUDIT_CA_CRL_CONTENT'],
    ['another number', 'root-crl 5 1', 'LS_AUDIT_CA_CRL_CONTENT'],
    ['no number', 'root-crl four 1', 'LS_AUDIT_CA_ORDER'],
    ['more than that', 'root-crl 4 1 1', 'LS_AUDIT_CA_WORD'],
  ])('holds a CRL of the root against a word that says %s', async (_, word, code) => {
    const altered = await world();
    altered.put(await altered.find('root-crl 4 1'), event(word), CA_NOW);
    expect(codesOf(await altered.audit())).toContain(code);
  });

  it.each([
    ['takes a revocation back', pki.rootCrl({ number: 5 })],
    ['is of another root', other.rootCrl({ number: 5 })],
    ['does not go up', pki.rootCrl({ number: 3, revoked: [former] })],
  ])('notices a CRL that %s', async (_, der) => {
    const altered = await world();
    const index = await altered.read((tx) => tx.ledgerSize());
    altered.put(index, { type: 'crl', der }, CA_NOW);
    expect((await altered.audit()).ok).toBe(false);
  });
});

describe('the audit of exports', () => {
  async function exported(): Promise<CaLedgerWorld> {
    const made = await CaLedgerWorld.imported(pki);
    const { enrollment } = await enrollMember(made.ca.authority, 'alpha');
    valueOf(await made.ca.authority.noteExport(enrollment.serial, CA_NOW));
    await made.sign();
    return made;
  }

  it('follows them', async () => {
    expect(await (await exported()).audit()).toMatchObject({ ok: true });
  });

  it('knows those of certificates only that there were', async () => {
    const { ca } = await exported();
    expect(codeOf(await ca.authority.noteExport('4'.repeat(32), CA_NOW))).toBe('LS_CA_UNKNOWN_SUBJECT');
    expect(codeOf(await ca.authority.noteExport('alpha', CA_NOW))).toBe('LS_CA_UNKNOWN_SUBJECT');
  });

  it.each([
    ['another name', (serial: string) => `exported beta ${serial}`, 'LS_AUDIT_CA_ORDER'],
    ['a serial that nobody issued', () => `exported alpha ${'4'.repeat(32)}`, 'LS_AUDIT_CA_ORDER'],
    ['another certificate', (serial: string) => `exported alpha ${serial}`, 'LS_AUDIT_CA_CERTIFICATE'],
  ])('names an entry with %s', async (_, word, code) => {
    const altered = await exported();
    const [{ serial } = { serial: '' }] = valueOf(await altered.ca.authority.list({ name: 'alpha' }, CA_NOW));
    altered.put(await altered.find('exported alpha'), event(word(serial)), CA_NOW);
    expect(codesOf(await altered.audit())).toContain(code);
  });
});

describe('the audit of settings', () => {
  const host = (n: number): string => `https://a-rather-long-name-of-a-host-${n}.mesh.internal:8440`;

  it('follows them, also those that are too long to be said', async () => {
    const { ca } = await CaLedgerWorld.imported(pki);
    const note = (key: string, value: string) => ca.authority.noteConfig({ key, value }, CA_NOW);
    valueOf(await note('limits.burst', '7'));
    valueOf(await note('url', Array.from({ length: 8 }, (_, n) => host(n)).join(',')));
    expect(codeOf(await note('url', 'https://elsewhere.test'))).toBe('LS_SAN_NOT_PERMITTED');
    expect(codeOf(await note('url', 'ftp://ca.mesh.internal'))).toBe('LS_SAN_INVALID');
    for (const [key, value] of [
      ['Burst', '7'],
      ['k'.repeat(65), '7'],
      ['burst', ''],
      ['burst', '7 8'],
      ['burst', '7'.repeat(MAX_SETTING_TEXT + 1)],
    ] as const) {
      expect(codeOf(await note(key, value)), key).toBe('LS_CA_REQUEST');
    }
    valueOf(await note('burst', '7'.repeat(MAX_SETTING_TEXT)));
  });

  it('is of the issuing CA, and of a key and a value', async () => {
    const altered = await world();
    const index = await altered.read((tx) => tx.ledgerSize());
    altered.put(index, event('configured url'), CA_NOW);
    expect(codesOf(await altered.audit())).toContain('LS_AUDIT_CA_WORD');
    const entry = { type: 'certificate-event', event: 'configured url x', der: pki.root.der } as const;
    altered.put(index, entry, CA_NOW);
    expect(codesOf(await altered.audit())).toContain('LS_AUDIT_CA_CERTIFICATE');
  });
});
