import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../../../src/ledger/index.ts';
import { toHex, unixMs, type UnixMs } from '../../../../src/std/index.ts';
import { CA_NOW } from '../../../support/ca.ts';
import { CaLedgerWorld } from '../../../support/ca-ledger-world.ts';
import { testCrypto } from '../../../support/crypto.ts';
import { makeTestPki, type TestAuthority, type TestCrlOptions } from '../../../support/pki.ts';

/** CRLs are dated in whole seconds. */
const SECOND = unixMs(Math.floor(CA_NOW / 1_000) * 1_000);

const pki = makeTestPki({ now: CA_NOW });
const foreign = makeTestPki({ now: CA_NOW });
const g1 = pki.issuing;
const g2 = pki.issuingCa('mesh.internal issuing CA G2');
const g3 = pki.issuingCa('mesh.internal issuing CA G3');

type Entries = readonly LedgerEntry[];

const event = (text: string, { der }: { readonly der: Uint8Array }): LedgerEntry => ({
  type: 'certificate-event',
  event: text,
  der,
});
const serialOf = ({ certificate }: TestAuthority): string => certificate.serialHex;
const word = (what: string, generation: number, ca: TestAuthority): LedgerEntry =>
  event(`issuing-${what} ${String(generation)} ${serialOf(ca)}`, ca);
const crl = (ca: TestAuthority, number: number, more: Partial<TestCrlOptions> = {}): LedgerEntry => ({
  type: 'crl',
  der: pki.crl({
    number,
    issuer: ca.certificate.subject,
    issuerKeyId: ca.certificate.extensions.subjectKeyId?.value ?? new Uint8Array(),
    signedBy: ca.key,
    ...more,
  }),
});
const rootCrl = (number: number, ...revoked: readonly TestAuthority[]): LedgerEntry => ({
  type: 'crl',
  der: pki.rootCrl({ number, revoked }),
});
const server = (ca: TestAuthority) => pki.server('ca.mesh.internal', { issuer: ca });
const issued = (ca: TestAuthority): LedgerEntry => {
  const made = server(ca);
  return event(`issued ca.mesh.internal ${made.serial}`, made);
};

const operator = (ca: TestAuthority): LedgerEntry => {
  const made = pki.operator('kim', { issuer: ca });
  return event(`issued kim ${made.serial}`, made);
};

const round = (number: number, ...cas: readonly TestAuthority[]): Entries => cas.map((ca) => crl(ca, number));
const PREPARED: Entries = [word('prepared', 2, g2), ...round(2, g1, g2)];
const ACTIVE: Entries = [...PREPARED, word('activated', 2, g2), ...round(3, g1, g2)];

/** What the audit finds in a ledger that goes on like this. The store says nothing of it, which is not looked at here. */
async function found(entries: Entries, at: UnixMs = SECOND): Promise<readonly string[]> {
  const world = await CaLedgerWorld.imported(pki);
  const start = await world.read((tx) => tx.ledgerSize());
  for (const [offset, entry] of entries.entries()) world.put(start + offset, entry, at);
  const { faults } = await world.audit();
  const codes = faults
    .map(({ code }): string => code)
    .filter((code) => !code.startsWith('LS_AUDIT_CA_STORE'));
  return [...new Set(codes)];
}

describe('the audit of a CA whose issuing CAs follow each other', () => {
  it.each<[string, Entries]>([
    ['is prepared', PREPARED],
    ['is activated and issues', [...ACTIVE, issued(g2), ...round(4, g1, g2)]],
    ['is followed by a third', [...ACTIVE, word('prepared', 3, g3), ...round(4, g1, g2, g3)]],
    [
      'retires before the certificate of its own server is out of date',
      [issued(g1), ...ACTIVE, word('retired', 1, g1)],
    ],
    ['retires, and has no CRL from then on', [...ACTIVE, word('retired', 1, g1), ...round(4, g2)]],
    ['is revoked by the root', [...ACTIVE, word('revoked', 1, g1), rootCrl(2, g1), ...round(4, g2)]],
    [
      'has delegates certified while it retires',
      [...ACTIVE, event(`key-destroyed log ${'0'.repeat(32)}`, g2), ...round(4, g1, g2)],
    ],
    [
      'is gone, and its key with it',
      [
        ...ACTIVE,
        word('retired', 1, g1),
        event(`key-destroyed issuing ${toHex(testCrypto.sha256(g1.certificate.spki).subarray(0, 16))}`, g2),
        ...round(4, g2),
      ],
    ],
  ])('finds nothing wrong when one %s', async (_, entries) => {
    expect(await found(entries)).toEqual([]);
  });

  const ORDER = 'LS_AUDIT_CA_ORDER';
  const NUMBER = 'LS_AUDIT_CA_CRL_NUMBER';
  const CERTIFICATE = 'LS_AUDIT_CA_CERTIFICATE';
  const CONTENT = 'LS_AUDIT_CA_CRL_CONTENT';
  const sameKey = pki.issuingCa('mesh.internal issuing CA G2', { key: g1.key });
  const sameName = pki.issuingCa('x', { subject: { commonName: 'mesh.internal issuing' } });
  const keyOf = (ca: TestAuthority): string => toHex(testCrypto.sha256(ca.certificate.spki).subarray(0, 16));

  it.each<[string, Entries, string]>([
    ['leaves out a generation', [word('prepared', 3, g2)], ORDER],
    ['is certified by another root', [word('prepared', 2, foreign.issuingCa('G2'))], 'LS_AUDIT_CA_ISSUER'],
    ['has the key of another', [word('prepared', 2, sameKey)], CERTIFICATE],
    ['has another serial than is said', [event(`issuing-prepared 2 ${serialOf(g3)}`, g2)], CERTIFICATE],
    ['is no CA', [event(`issuing-prepared 2 ${server(g1).serial}`, server(g1))], 'LS_AUDIT_CA_ISSUER'],
    ['has no number', [event(`issuing-prepared two ${serialOf(g2)}`, g2)], 'LS_AUDIT_CA_WORD'],
    ['has no serial', [event('issuing-prepared 2 x', g2)], 'LS_AUDIT_CA_WORD'],
    ['says less', [event('issuing-prepared 2', g2)], 'LS_AUDIT_CA_WORD'],
    ['comes while another is prepared', [...PREPARED, word('prepared', 3, g3)], ORDER],
    ['comes twice', [...PREPARED, word('prepared', 3, g2)], CERTIFICATE],
    ['is active again', [word('activated', 1, g1)], ORDER],
    ['is active before it has a CRL', [word('prepared', 2, g2), word('activated', 2, g2)], ORDER],
    ['is active unprepared', [word('activated', 2, g2)], CERTIFICATE],
    [
      'is activated by the certificate of another',
      [...PREPARED, event(`issuing-activated 2 ${serialOf(g2)}`, g1)],
      CERTIFICATE,
    ],
    ['retires while it is active', [word('retired', 1, g1)], ORDER],
    [
      'retires before what it issued is out of date',
      [operator(g1), ...ACTIVE, word('retired', 1, g1)],
      ORDER,
    ],
    ['has CRLs after its end', [...ACTIVE, word('retired', 1, g1), ...round(4, g1, g2)], ORDER],
    ['is revoked after its end', [...ACTIVE, word('retired', 1, g1), word('revoked', 1, g1)], ORDER],
    ['issues before it is active', [...PREPARED, issued(g2)], ORDER],
    ['issues while it retires', [...ACTIVE, issued(g1)], ORDER],
    ['has no CRL of a number that another has', [...ACTIVE, ...round(4, g1), ...round(5, g1, g2)], NUMBER],
    ['has no CRL of the last number', [...ACTIVE, ...round(4, g2)], NUMBER],
    ['has a number twice', [...ACTIVE, ...round(3, g2)], NUMBER],
    [
      'has a number below that of others',
      [word('prepared', 2, g2), ...round(3, g1), ...round(2, g2)],
      NUMBER,
    ],
    ['signs CRLs before it is prepared', [...round(2, g2)], 'LS_AUDIT_CRL'],
    ['has its CRL signed by another', [...PREPARED, crl(g2, 3, { signedBy: g1.key })], 'LS_AUDIT_CRL'],
    [
      'lists what another has issued',
      [issued(g1), word('prepared', 2, g2), crl(g1, 2), crl(g2, 2, { revoked: [server(g1)] })],
      CONTENT,
    ],
    ['is revoked, and the root does not say so', [...ACTIVE, word('revoked', 1, g1), rootCrl(2)], CONTENT],
    ['is revoked by a root that nobody told of', [...ACTIVE, rootCrl(2, g1)], CONTENT],
    ['loses its key', [...PREPARED, event(`key-destroyed issuing-2 ${keyOf(g2)}`, g1)], ORDER],
  ])('names it when one %s', async (_, entries, code) => {
    expect(await found(entries)).toContain(code);
  });

  it('does not take a second CA of the same name for the first', async () => {
    const named = sameName.certificate.subject;
    expect(toHex(named)).toBe(toHex(g1.certificate.subject));
    expect(await found([word('prepared', 2, sameName)])).toContain(CERTIFICATE);
  });

  it('holds what is said of no certificate against the CA that is active', async () => {
    const setting = (ca: TestAuthority) => event('configured listen x', ca);
    expect(await found([...PREPARED, setting(g1)])).toEqual([]);
    expect(await found([...ACTIVE, setting(g2)])).toEqual([]);
    expect(await found([...PREPARED, setting(g2)])).toEqual([CERTIFICATE]);
    expect(await found([...ACTIVE, setting(g1)])).toEqual([CERTIFICATE]);
  });

  it('looks for a revocation in the CRL of the CA that issued', async () => {
    const made = server(g1);
    const before = [event(`issued ca.mesh.internal ${made.serial}`, made), ...PREPARED];
    const revoked = event(`revoked ca.mesh.internal ${made.serial} superseded`, made);
    const entry = {
      serialHex: made.serial,
      reason: 'superseded',
      revokedAt: SECOND,
      invalidityDate: undefined,
    } as const;
    const own = crl(g1, 3, { revoked: [entry] });
    expect(await found([...before, revoked, own, crl(g2, 3)])).toEqual([]);
    const others = crl(g2, 3, { revoked: [entry] });
    expect(await found([...before, revoked, crl(g1, 3), others])).toEqual([CONTENT]);
    expect(await found([...before, revoked, crl(g2, 3)])).toEqual(expect.arrayContaining([CONTENT, NUMBER]));
  });
});
