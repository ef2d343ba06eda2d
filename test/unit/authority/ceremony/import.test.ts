import { describe, expect, it, onTestFinished } from 'vitest';
import {
  importAuthority,
  MAX_IMPORTED,
  openAuthority,
  type AuthorityDeps,
  type ImportRequest,
} from '../../../../src/authority/index.ts';
import { openSqliteStore, systemRandom } from '../../../../src/io/index.ts';
import { decodeEntry } from '../../../../src/ledger/index.ts';
import { ok, unixMs } from '../../../../src/std/index.ts';
import { enrollMember, peerOf } from '../../../support/ca.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { freshSerial, makeTestPki, unknownExtension, type TestPki } from '../../../support/pki.ts';
import { codeOf, refusalOf, valueOf } from '../../../support/result.ts';
import { ofActive, ofRoot } from '../../../support/issuing.ts';

const DAY_MS = 86_400_000;
const pki = makeTestPki();
const stranger = makeTestPki();
const NOW = pki.now;
const good = {
  root: pki.root.der,
  issuing: pki.issuing.der,
  crl: pki.rootCrl({ number: 1 }),
};

function makeDeps(by: TestPki = pki): AuthorityDeps {
  const store = openSqliteStore(':memory:');
  onTestFinished(() => store.close());
  return {
    store,
    keys: { issuing: [by.issuing.key] },
    crypto: testCrypto,
    random: systemRandom,
    config: { urls: ['https://ca.mesh.internal:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 },
  };
}

type Files = Partial<Record<keyof typeof good, Uint8Array>>;

function requestFor(files: Files = {}, more: Partial<ImportRequest> = {}): ImportRequest {
  const { root, issuing, crl } = { ...good, ...files };
  return {
    trustDomain: 'mesh.internal',
    permittedDns: ['example.test'],
    crlUrl: 'http://ca.mesh.internal:8441',
    hosts: ['ca.mesh.internal', '192.0.2.1'],
    files: { certificates: [root, issuing], crls: [crl] },
    ...more,
  };
}

async function wordsOf({ store }: AuthorityDeps): Promise<readonly string[]> {
  const rows = valueOf(await store.read(async (tx) => ok(await tx.ledger(0, 100))));
  return rows.map(({ body }) => {
    const { entry } = valueOf(decodeEntry(body));
    return entry.type === 'certificate-event' ? entry.event : entry.type;
  });
}

describe('a CA whose root is elsewhere', () => {
  it('begins with what the root has made, and certifies nodes', async () => {
    const deps = makeDeps();
    const made = valueOf(await importAuthority(deps, requestFor(), NOW));
    expect(made.rootSha256).toEqual(testCrypto.sha256(pki.root.der));
    const sha256 = Buffer.from(made.rootSha256).toString('hex');
    expect(await wordsOf(deps)).toEqual([`imported ${sha256}`, 'root-crl 1 0', 'crl', 'crl', 'roster']);
    const authority = valueOf(await openAuthority(deps));
    const { enrollment } = await enrollMember(authority, 'alpha', NOW);
    expect((await peerOf(authority, enrollment.chain, NOW)).name).toBe('alpha');
  });

  it('is not changed by the same files again, in another order and twice', async () => {
    const deps = makeDeps();
    const made = valueOf(await importAuthority(deps, requestFor(), NOW));
    const before = await wordsOf(deps);
    const { root, issuing, crl } = good;
    const again = { certificates: [issuing, root, issuing], crls: [crl, crl] };
    expect(valueOf(await importAuthority(deps, requestFor({}, { files: again }), NOW))).toEqual(made);
    expect(await wordsOf(deps)).toEqual(before);
  });

  it('does not begin a second time with another certificate of its key', async () => {
    const deps = makeDeps();
    valueOf(await importAuthority(deps, requestFor(), NOW));
    const before = await wordsOf(deps);
    const other = pki.issuingCa('issuing', { key: pki.issuing.key });
    const second = await importAuthority(deps, requestFor({ issuing: other.der }), NOW);
    expect(codeOf(second)).toBe('LS_CA_ALREADY_INITIALISED');
    expect(await wordsOf(deps)).toEqual(before);
  });
});

const issuingWith = (...[overrides]: [Parameters<TestPki['issuingCa']>[1]]): Files => ({
  issuing: pki.issuingCa('issuing', { key: pki.issuing.key, ...overrides }).der,
});

/** A hierarchy whose root has something wrong, or of another domain; the issuing key is that of the home. */
function under(...[options]: [Parameters<typeof makeTestPki>[0]]): Files {
  const other = makeTestPki({ now: NOW, ...options });
  const issuing = other.issuingCa('issuing', { key: pki.issuing.key }).der;
  return { root: other.root.der, issuing, crl: other.rootCrl({ number: 1 }) };
}

function altered(der: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(der);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}

const permitted = pki.issuing.certificate.extensions.nameConstraints?.value.permitted ?? [];
const constraints = (change: (base: (typeof permitted)[number]) => boolean) => ({
  nameConstraints: { permitted: permitted.filter(change), excluded: [] },
});

const refused: Readonly<Record<string, readonly [string, () => Files]>> = {
  'a certificate for another key': ['LS_CA_KEY_MISMATCH', () => ({ issuing: pki.issuingCa('issuing').der })],
  'a certificate of another root': [
    'LS_TRUST_UNKNOWN_ISSUER',
    () => ({
      issuing: stranger.issuingCa('issuing', { key: pki.issuing.key }).der,
    }),
  ],
  'a forged signature': ['LS_TRUST_SIGNATURE', () => issuingWith({ signedBy: testKey() })],
  'a signature with a bit turned': ['LS_TRUST_SIGNATURE', () => ({ issuing: altered(pki.issuing.der) })],
  'another trust domain': ['LS_CEREMONY_HIERARCHY', () => under({ trustDomain: 'other.internal' })],
  'a certificate that has expired': [
    'LS_TRUST_EXPIRED',
    () => issuingWith({ notBefore: unixMs(NOW - 2 * DAY_MS), notAfter: unixMs(NOW - DAY_MS) }),
  ],
  'one that is not valid yet': [
    'LS_TRUST_NOT_YET_VALID',
    () => issuingWith({ notBefore: unixMs(NOW + DAY_MS), notAfter: unixMs(NOW + 2 * DAY_MS) }),
  ],
  'a root that has expired': [
    'LS_TRUST_EXPIRED',
    () => under({ root: { notBefore: unixMs(NOW - 2 * DAY_MS), notAfter: unixMs(NOW - DAY_MS) } }),
  ],
  'a certificate that is no CA': [
    'LS_TRUST_WRONG_ROLE',
    () => issuingWith({ basicConstraints: null, nameConstraints: null }),
  ],
  'one that is no CA and yet has name constraints': [
    'LS_TRUST_CONSTRAINT',
    () => issuingWith({ basicConstraints: null }),
  ],
  'one that may not sign CRLs': ['LS_TRUST_WRONG_ROLE', () => issuingWith({ keyUsage: ['keyCertSign'] })],
  'one that may not sign certificates': ['LS_X509_LINT', () => issuingWith({ keyUsage: ['cRLSign'] })],
  'a CA that allows CAs below it': [
    'LS_X509_LINT',
    () => issuingWith({ basicConstraints: { ca: true, pathLen: undefined } }),
  ],
  'a CA that allows one below it': [
    'LS_X509_LINT',
    () => issuingWith({ basicConstraints: { ca: true, pathLen: 1 } }),
  ],
  'a CA without name constraints': ['LS_X509_LINT', () => issuingWith({ nameConstraints: null })],
  'a certificate with an unknown critical extension': [
    'LS_TRUST_CRITICAL_EXTENSION',
    () => issuingWith({ extra: [unknownExtension(true)] }),
  ],
  'one with an extension nobody asked for': [
    'LS_X509_LINT',
    () => issuingWith({ extra: [unknownExtension(false)] }),
  ],
  'a serial number that can be guessed': ['LS_TRUST_SERIAL', () => issuingWith({ serialHex: '01' })],
  'longer than the profile says': [
    'LS_X509_LINT',
    () => issuingWith({ notAfter: unixMs(NOW + 731 * DAY_MS) }),
  ],
  'a CA of two trust domains': [
    'LS_CEREMONY_HIERARCHY',
    () =>
      issuingWith({
        nameConstraints: {
          permitted: [...permitted, { kind: 'uri', value: 'other.internal' }],
          excluded: [],
        },
      }),
  ],
  'a CA with excluded names': [
    'LS_CEREMONY_HIERARCHY',
    () =>
      issuingWith({ nameConstraints: { permitted, excluded: [{ kind: 'dns', value: 'a.mesh.internal' }] } }),
  ],
  'a CA without IPv6': [
    'LS_CEREMONY_HIERARCHY',
    () => issuingWith(constraints((base) => base.kind !== 'ip-range' || base.address.length === 4)),
  ],
  'a CA that may not certify its own server': [
    'LS_SAN_NOT_PERMITTED',
    () => issuingWith(constraints((base) => base.kind !== 'dns' || base.value !== 'mesh.internal')),
  ],
  'a root that allows no CA': [
    'LS_CEREMONY_HIERARCHY',
    () => under({ root: { basicConstraints: { ca: true, pathLen: 0 } } }),
  ],
  'a root with name constraints': [
    'LS_CEREMONY_HIERARCHY',
    () => under({ root: { nameConstraints: { permitted, excluded: [] } } }),
  ],
  'a root that is no CA': ['LS_TRUST_BUNDLE', () => under({ root: { basicConstraints: null } })],
  'a root that may not sign CRLs': ['LS_TRUST_BUNDLE', () => under({ root: { keyUsage: ['keyCertSign'] } })],
  'a root that did not sign itself': ['LS_TRUST_BUNDLE', () => ({ root: altered(pki.root.der) })],
  'revoked by the root': [
    'LS_TRUST_REVOKED',
    () => ({ crl: pki.rootCrl({ number: 1, revoked: [pki.issuing] }) }),
  ],
  'put on hold by the root': [
    'LS_TRUST_HELD',
    () => ({
      crl: pki.rootCrl({
        number: 1,
        revoked: [
          {
            serialHex: pki.issuing.certificate.serialHex,
            revokedAt: NOW,
            reason: 'certificateHold',
            invalidityDate: undefined,
          },
        ],
      }),
    }),
  ],
  'a CRL that has lapsed': [
    'LS_TRUST_STALE_REVOCATION',
    () => ({
      crl: pki.rootCrl({ number: 1, thisUpdate: unixMs(NOW - 2 * DAY_MS), nextUpdate: unixMs(NOW - DAY_MS) }),
    }),
  ],
  'a CRL from the future': [
    'LS_CRL_FROM_FUTURE',
    () => ({
      crl: pki.rootCrl({
        number: 1,
        thisUpdate: unixMs(NOW + 2 * DAY_MS),
        nextUpdate: unixMs(NOW + 3 * DAY_MS),
      }),
    }),
  ],
  'a delta CRL': ['LS_CRL_DELTA_BASE', () => ({ crl: pki.rootCrl({ number: 2, baseCrlNumber: 1 }) })],
  'the CRL of the issuing CA': ['LS_CRL_ISSUER', () => ({ crl: pki.crl({ number: 1 }) })],
  'the CRL of another root of this name': ['LS_CRL_ISSUER', () => ({ crl: stranger.rootCrl({ number: 1 }) })],
  'a CRL with a forged signature': [
    'LS_CRL_SIGNATURE',
    () => ({
      crl: pki.rootCrl({ number: 1, signedBy: testKey() }),
    }),
  ],
};

describe('an import', () => {
  it.each(Object.entries(refused))('is refused for %s, and changes nothing', async (_, [code, files]) => {
    const deps = makeDeps();
    const imported = await importAuthority(deps, requestFor(files()), NOW);
    expect(refusalOf(imported).split(':')[0]).toBe(code);
    expect(codeOf(await openAuthority(deps))).toBe('LS_CA_NOT_INITIALISED');
    expect(await wordsOf(deps)).toEqual([]);
  });

  it.each(['root', 'issuing', 'crl'] as const)(
    'is refused for a truncated %s, wherever it ends',
    async (name) => {
      const deps = makeDeps();
      for (const length of [0, 1, 7, 100, good[name].length - 1]) {
        const cut = good[name].subarray(0, length);
        expect(codeOf(await importAuthority(deps, requestFor({ [name]: cut }), NOW))).toMatch(/^LS_DER_/);
      }
      expect(await wordsOf(deps)).toEqual([]);
    },
  );

  const { root, issuing, crl } = good;
  const intermediate = pki.issuingCa('middle', { basicConstraints: { ca: true, pathLen: undefined } });
  it.each([
    ['nothing at all', { certificates: [], crls: [] }],
    ['no root', { certificates: [issuing], crls: [crl] }],
    ['no issuing certificate', { certificates: [root], crls: [crl] }],
    ['no CRL', { certificates: [root, issuing], crls: [] }],
    ['two CRLs', { certificates: [root, issuing], crls: [crl, pki.rootCrl({ number: 2 })] }],
    ['two roots', { certificates: [root, stranger.root.der, issuing], crls: [crl] }],
    ['a CA between root and issuing CA', { certificates: [root, intermediate.der, issuing], crls: [crl] }],
    ['too many files', { certificates: Array<Uint8Array>(MAX_IMPORTED).fill(root), crls: [crl] }],
  ])('is refused with %s', async (_, files) => {
    const refusal = await importAuthority(makeDeps(), requestFor({}, { files }), NOW);
    expect(codeOf(refusal)).toBe('LS_CEREMONY_FILES');
  });

  it('takes as many files as there may be', async () => {
    const files = { certificates: [...Array<Uint8Array>(MAX_IMPORTED - 2).fill(root), issuing], crls: [crl] };
    valueOf(await importAuthority(makeDeps(), requestFor({}, { files }), NOW));
  });

  it('is refused for a CA below the certificate that the root signed', async () => {
    const below = pki.issuingCa('issuing', { key: pki.issuing.key, issuer: intermediate });
    const refusal = await importAuthority(makeDeps(), requestFor({ issuing: below.der }), NOW);
    expect(codeOf(refusal)).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });
});

describe('newer CRLs of the root', () => {
  async function imported() {
    const deps = makeDeps();
    valueOf(await importAuthority(deps, requestFor({ crl: pki.rootCrl({ number: 5 }) }), NOW));
    return { deps, authority: valueOf(await openAuthority(deps)) };
  }

  it('are taken and told, and once only', async () => {
    const { deps, authority } = await imported();
    const told: number[] = [];
    authority.onPublication(({ rootCrls = [] }) => told.push(...rootCrls.map(({ number }) => number)));
    const revoked = [pki.issuingCa('former')];
    const crl = pki.rootCrl({ number: 6, revoked });
    const facts = { number: 6, revoked: 1, isNews: true, endsIssuing: false };
    expect(valueOf(await authority.importRootCrl(crl, NOW))).toMatchObject(facts);
    expect(valueOf(await authority.importRootCrl(crl, NOW))).toMatchObject({ ...facts, isNews: false });
    expect(told).toEqual([6]);
    expect(ofActive(valueOf(await authority.currentCrls())).root).toEqual(crl);
    expect((await wordsOf(deps)).slice(-2)).toEqual(['root-crl 6 1', 'crl']);
  });

  it('may revoke this very CA', async () => {
    const { authority } = await imported();
    const crl = pki.rootCrl({ number: 6, revoked: [pki.issuing] });
    expect(valueOf(await authority.importRootCrl(crl, NOW))).toMatchObject({ endsIssuing: true });
  });

  const former = pki.issuingCa('former');
  it.each([
    ['an older one', 'LS_CRL_STALE', pki.rootCrl({ number: 4 })],
    ['another one of the same number', 'LS_CRL_CONFLICT', pki.rootCrl({ number: 6 })],
    ['one that takes a revocation back', 'LS_CRL_OMITS_ENTRY', pki.rootCrl({ number: 7 })],
    ['a delta', 'LS_CRL_DELTA_BASE', pki.rootCrl({ number: 8, baseCrlNumber: 7 })],
    [
      'one that has lapsed',
      'LS_CEREMONY_LAPSED',
      pki.rootCrl({
        number: 9,
        revoked: [former],
        thisUpdate: unixMs(NOW - 2 * DAY_MS),
        nextUpdate: unixMs(NOW - 1),
      }),
    ],
    ['that of the issuing CA', 'LS_CRL_ISSUER', pki.crl({ number: 9 })],
    ['that of another root of this name', 'LS_CRL_ISSUER', stranger.rootCrl({ number: 9 })],
    ['a forged one', 'LS_CRL_SIGNATURE', pki.rootCrl({ number: 9, revoked: [former], signedBy: testKey() })],
  ])('are refused: %s', async (_, code, crl) => {
    const { deps, authority } = await imported();
    valueOf(await authority.importRootCrl(pki.rootCrl({ number: 6, revoked: [former] }), NOW));
    const before = await wordsOf(deps);
    expect(codeOf(await authority.importRootCrl(crl, NOW))).toBe(code);
    expect(await wordsOf(deps)).toEqual(before);
  });

  it('are refused when they are cut off', async () => {
    const { authority } = await imported();
    const crl = pki.rootCrl({ number: 6 });
    expect(codeOf(await authority.importRootCrl(crl.subarray(0, -1), NOW))).toMatch(/^LS_DER_/);
  });

  it('are carried on where the key of the root is here too', async () => {
    const { deps } = await imported();
    const withRoot = valueOf(await openAuthority({ ...deps, keys: { ...deps.keys, roots: [pki.root.key] } }));
    const serialHex = freshSerial();
    const entry = { serialHex, revokedAt: NOW, reason: 'superseded', invalidityDate: undefined } as const;
    valueOf(await withRoot.importRootCrl(pki.rootCrl({ number: 6, revoked: [entry] }), NOW));
    const later = unixMs(NOW + 100 * DAY_MS);
    const { rootNumber, root } = ofRoot(valueOf(await withRoot.publishFull(later)));
    expect(rootNumber).toBe(7);
    expect(Buffer.from(root).toString('hex')).toContain(serialHex);
  });
});
