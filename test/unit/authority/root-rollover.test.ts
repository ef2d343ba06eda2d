import { describe, expect, it } from 'vitest';
import {
  caRevocation,
  makeRoot,
  MAX_ROOTS,
  openAuthority,
  signCross,
  signRootCrl,
  type Authority,
  type MadeRoot,
  type Publication,
} from '../../../src/authority/index.ts';
import { systemRandom } from '../../../src/io/system/index.ts';
import { equalBytes, parseSerialNumber, unixMs, type Signer } from '../../../src/std/index.ts';
import {
  acceptRootsWith,
  judgeCaServer,
  makeTrustBundle,
  RevocationState,
} from '../../../src/trust/index.ts';
import { parseCertificate, parseCrl } from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, verdictOn } from '../../support/ca.ts';
import { CaLedgerWorld } from '../../support/ca-ledger-world.ts';

import { testCrypto, testKey } from '../../support/crypto.ts';
import { flipped } from '../../support/forge/pki.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const DAY_MS = 86_400_000;
const none = new Uint8Array();
const certificateOf = (der: Uint8Array | null | undefined) => valueOf(parseCertificate(der ?? none));

async function follow(authority: Authority, generation: number, key: Signer = testKey()): Promise<void> {
  valueOf(await authority.rollover.prepare({ key }, CA_NOW));
  valueOf(await authority.rollover.activate(generation, CA_NOW, 0));
}

/** What a node makes of the CA that pins the genesis root alone. */
async function pinnedByNodes(authority: Authority): Promise<number> {
  const { trustDomain, roots, crossCertificates } = authority.bundle();
  const bundle = valueOf(makeTrustBundle(trustDomain, roots.slice(0, 1), testCrypto));
  const crls = valueOf(await authority.currentCrls()).roots.map(({ der }) => der);
  const revocation = RevocationState.empty();
  const material = { bundle, revocation, crypto: testCrypto, onStale: 'deny', graceMs: 0 } as const;
  const accepted = acceptRootsWith(material, { roots, crossCertificates }, crls.toReversed(), CA_NOW);
  return accepted.bundle.anchors.length;
}

describe('a second root', () => {
  it('is pinned beside the first, certifies what follows, and the audit follows with the first alone', async () => {
    const world = await CaLedgerWorld.make();
    const { authority } = world.ca;
    const { domainId, roots: before } = authority.bundle();
    const audited = async (): Promise<unknown> => {
      await world.sign();
      return (await world.audit()).faults;
    };
    const heard: Publication[] = [];
    authority.onPublication((publication) => heard.push(publication));
    const alpha = await enrollMember(authority, 'alpha');

    const key = testKey();
    const second = valueOf(await authority.rollover.prepareRoot({ key }, CA_NOW));
    expect(second).toMatchObject({ generation: 2, isHere: true, issuing: [], crlNumber: 1 });
    const { roots, crossCertificates } = authority.bundle();
    expect([authority.bundle().domainId, roots]).toEqual([domainId, [before[0], second.certificate]]);
    expect(crossCertificates).toEqual([second.cross]);
    expect(certificateOf(second.certificate).subject).toEqual(certificateOf(second.cross).subject);
    expect(certificateOf(second.cross).issuer).toEqual(certificateOf(before[0]).subject);
    expect(heard.at(-1)).toMatchObject({
      authorities: { roots, crossCertificates },
      rootCrls: [{ generation: 2, number: 1 }],
    });
    expect(await pinnedByNodes(authority)).toBe(2);
    expect(await audited()).toEqual([]);
    // The same key again is the same root, another one has to wait.
    expect(valueOf(await authority.rollover.prepareRoot({ key }, CA_NOW))).toEqual(second);
    expect(codeOf(await authority.rollover.prepareRoot({ key: testKey() }, CA_NOW))).toBe(
      'LS_ROLLOVER_PENDING',
    );

    await follow(authority, 2);
    const [active] = authority.bundle().issuing;
    expect(certificateOf(active).issuer).toEqual(certificateOf(second.certificate).subject);
    const beta = await enrollMember(authority, 'beta');
    expect(beta.enrollment).toMatchObject({ roots, crossCertificates });
    for (const { enrollment } of [alpha, beta])
      expect((await verdictOn(authority, enrollment.chain)).ok).toBe(true);
    // What goes on above a pinned root's certificate is left out, and only where each names the next.
    const [genesis = none] = roots;
    const { chain } = beta.enrollment;
    const toGenesis = [...chain, second.cross ?? none, genesis];
    expect((await verdictOn(authority, toGenesis)).ok).toBe(true);
    const bundle = { anchors: [certificateOf(genesis)] };
    expect(codeOf(judgeCaServer(bundle, toGenesis, 'beta', testCrypto, CA_NOW))).toBe('LS_TRUST_WRONG_ROLE');
    expect(codeOf(judgeCaServer(bundle, chain, 'beta', testCrypto, CA_NOW))).toBe('LS_TRUST_UNKNOWN_ISSUER');
    const stray = [...chain, alpha.enrollment.chain[0] ?? none, genesis];
    expect(codeOf(await verdictOn(authority, stray))).toMatch(/^LS_TRUST_/);
    valueOf(await authority.revoke({ name: 'beta' }, CA_NOW));
    expect(codeOf(await verdictOn(authority, beta.enrollment.chain))).toBe('LS_TRUST_REVOKED');
    expect(await audited()).toEqual([]);

    // Each root revokes what it has certified, by a CRL of its own.
    valueOf(await authority.rollover.revokeIssuing(1, CA_NOW));
    const crls = valueOf(await authority.currentCrls()).roots;
    expect(crls.map(({ generation, number }) => [generation, number])).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(codeOf(await verdictOn(authority, alpha.enrollment.chain))).toBe('LS_TRUST_REVOKED');
    expect(await audited()).toEqual([]);
    valueOf(await authority.publishFull(later(91 * DAY_MS)));
    expect(valueOf(await authority.currentCrls()).roots.map(({ number }) => number)).toEqual([3, 2]);
    expect(await audited()).toEqual([]);
  });

  it('is followed by others, up to as many as a relying party pins', async () => {
    const { authority } = await makeTestCa();
    for (let generation = 2; generation <= MAX_ROOTS; generation += 1) {
      valueOf(await authority.rollover.prepareRoot({ key: testKey() }, CA_NOW));
      await follow(authority, generation);
      if (generation > 2) valueOf(await authority.rollover.retire(generation - 1, CA_NOW));
    }
    expect(await pinnedByNodes(authority)).toBe(MAX_ROOTS);
    expect(codeOf(await authority.rollover.prepareRoot({ key: testKey() }, CA_NOW))).toBe(
      'LS_ROLLOVER_LIMIT',
    );
  });

  it('needs the key of the newest root, and so does what follows', async () => {
    const { authority, deps } = await makeTestCa();
    const issuing = testKey();
    const rootless = valueOf(await openAuthority({ ...deps, keys: { issuing: deps.keys.issuing } }));
    expect(codeOf(await rootless.rollover.prepareRoot({ key: testKey() }, CA_NOW))).toBe(
      'LS_ROLLOVER_ROOT_ABSENT',
    );
    const key = testKey();
    valueOf(await authority.rollover.prepareRoot({ key }, CA_NOW));
    const first = valueOf(await openAuthority(deps));
    expect(codeOf(await first.rollover.prepare({ key: issuing }, CA_NOW))).toBe('LS_ROLLOVER_ROOT_ABSENT');
    expect(valueOf(await first.rollover.roots()).map(({ isHere }) => isHere)).toEqual([true, false]);
    const both = valueOf(
      await openAuthority({ ...deps, keys: { ...deps.keys, roots: [...deps.keys.roots, key] } }),
    );
    expect(valueOf(await both.rollover.prepare({ key: issuing }, CA_NOW))).toMatchObject({ generation: 2 });
    expect(codeOf(await openAuthority({ ...deps, keys: { ...deps.keys, roots: [testKey()] } }))).toBe(
      'LS_CA_KEY_MISMATCH',
    );
  });

  it('is heard of by other processes over the same store', async () => {
    const { authority, deps } = await makeTestCa();
    const other = valueOf(await openAuthority(deps));
    const heard: Publication[] = [];
    other.onPublication((publication) => heard.push(publication));
    const { generation } = valueOf(await authority.rollover.prepareRoot({ key: testKey() }, CA_NOW));
    valueOf(await other.catchUp(false));
    expect(heard.flatMap(({ authorities }) => authorities?.roots.length ?? [])).toEqual([2]);
    expect(heard.flatMap(({ rootCrls = [] }) => rootCrls)).toMatchObject([{ generation, number: 1 }]);
    expect(other.bundle().roots).toEqual(authority.bundle().roots);
  });
});

describe('a second root that was made elsewhere', () => {
  async function world() {
    const { authority, deps } = await makeTestCa();
    const [genesis = none] = authority.bundle().roots;
    const by = { certificate: certificateOf(genesis), signer: deps.keys.roots[0] };
    const maker = { crypto: testCrypto, random: systemRandom };
    const key = testKey();
    const trustDomain = 'mesh.internal';
    const certificate = valueOf(makeRoot(maker, trustDomain, key, CA_NOW, 2));
    const root = certificateOf(certificate);
    const cross = valueOf(signCross(maker, by, { trustDomain, root, crlUrls: [] }, CA_NOW));
    const rootCrl = signRootCrl({ certificate: root, signer: key }, { number: 1, entries: [] }, CA_NOW);
    const made: MadeRoot = { certificate, cross, rootCrl };
    return { authority, by, maker, key, root, made, trustDomain, genesis };
  }

  it('is taken as one that was made here', async () => {
    const { authority, made } = await world();
    const facts = { generation: 2, isHere: false, issuing: [], crlNumber: 1 };
    expect(valueOf(await authority.rollover.prepareRoot(made, CA_NOW))).toMatchObject(facts);
    expect(valueOf(await authority.rollover.prepareRoot(made, CA_NOW))).toMatchObject(facts);
    expect(await pinnedByNodes(authority)).toBe(2);
    const later2 = await enrollMember(authority, 'alpha');
    expect(later2.enrollment.roots).toHaveLength(2);
  });

  type World = Awaited<ReturnType<typeof world>>;
  const stranger = testKey();
  const crossBy = ({ maker, trustDomain, root }: World, certificate: Uint8Array, signer: Signer) =>
    valueOf(
      signCross(
        maker,
        { certificate: certificateOf(certificate), signer },
        { trustDomain, root, crlUrls: [] },
        CA_NOW,
      ),
    );
  const broken: readonly [string, string | RegExp, (of: World) => MadeRoot][] = [
    [
      'a cross certificate that the root has not signed',
      'LS_TRUST_SIGNATURE',
      (of) => ({ ...of.made, cross: flipped(of.made.cross, of.made.cross.length - 4) }),
    ],
    [
      'a cross certificate by a root of another domain',
      'LS_CEREMONY_HIERARCHY',
      (of) => {
        const other = valueOf(makeRoot(of.maker, 'other.internal', stranger, CA_NOW));
        return { ...of.made, cross: crossBy(of, other, stranger) };
      },
    ],
    [
      'a cross certificate for another root',
      'LS_TRUST_NEW_ROOT',
      (of) => {
        const certificate = valueOf(makeRoot(of.maker, of.trustDomain, stranger, CA_NOW, 3));
        const crl = { number: 1, entries: [] };
        const at = { certificate: certificateOf(certificate), signer: stranger };
        return { certificate, cross: of.made.cross, rootCrl: signRootCrl(at, crl, CA_NOW) };
      },
    ],
    [
      'the name of the root that there is',
      'LS_CEREMONY_HIERARCHY',
      (of) => {
        const certificate = valueOf(makeRoot(of.maker, of.trustDomain, of.key, CA_NOW));
        return { ...of.made, certificate };
      },
    ],
    [
      'a CRL of another root',
      'LS_CRL_ISSUER',
      (of) => ({ ...of.made, rootCrl: signRootCrl(of.by, { number: 9, entries: [] }, CA_NOW) }),
    ],
    [
      'a CRL with the signature of another key',
      'LS_CRL_SIGNATURE',
      (of) => ({
        ...of.made,
        rootCrl: signRootCrl({ certificate: of.root, signer: stranger }, { number: 1, entries: [] }, CA_NOW),
      }),
    ],
    [
      'a CRL that has lapsed',
      'LS_CEREMONY_LAPSED',
      (of) => ({
        ...of.made,
        rootCrl: signRootCrl(
          { certificate: of.root, signer: of.key },
          { number: 1, entries: [] },
          unixMs(CA_NOW - 200 * DAY_MS),
        ),
      }),
    ],
    [
      'a root that is cut off',
      /^LS_DER_/,
      (of) => ({ ...of.made, certificate: of.made.certificate.subarray(0, 90) }),
    ],
    [
      'a cross certificate that is cut off',
      /^LS_DER_/,
      (of) => ({ ...of.made, cross: of.made.cross.subarray(0, 90) }),
    ],
    ['a CRL that is cut off', /^LS_DER_/, (of) => ({ ...of.made, rootCrl: of.made.rootCrl.subarray(0, 90) })],
  ];
  it.each(broken)('is refused, with nothing changed: %s', async (_, code, breakIt) => {
    const of = await world();
    expect(codeOf(await of.authority.rollover.prepareRoot(breakIt(of), CA_NOW))).toMatch(code);
    expect(of.authority.bundle().roots).toHaveLength(1);
    expect(valueOf(await of.authority.rollover.roots())).toHaveLength(1);
  });

  it('is refused when the first root has revoked the cross certificate', async () => {
    const { authority, by, made } = await world();
    const serial = parseSerialNumber(certificateOf(made.cross).serialHex);
    if (serial === undefined) throw new Error('a serial of our form');
    const entries = [caRevocation(serial, 'superseded', CA_NOW)];
    valueOf(await authority.importRootCrl(signRootCrl(by, { number: 2, entries }, CA_NOW), CA_NOW));
    expect(codeOf(await authority.rollover.prepareRoot(made, CA_NOW))).toBe('LS_TRUST_REVOKED');
  });

  it('has its CRLs brought from there, each held against the root that has signed it', async () => {
    const { authority, key, root, made, by } = await world();
    const next = signRootCrl({ certificate: root, signer: key }, { number: 2, entries: [] }, CA_NOW);
    expect(codeOf(await authority.importRootCrl(next, CA_NOW))).toBe('LS_CRL_ISSUER');
    valueOf(await authority.rollover.prepareRoot(made, CA_NOW));
    expect(valueOf(await authority.importRootCrl(next, CA_NOW))).toMatchObject({ number: 2, isNews: true });
    const held = valueOf(await authority.currentCrls()).roots;
    expect(held.map(({ generation, number }) => [generation, number])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(held.map(({ der }) => valueOf(parseCrl(der)).issuer)).toEqual([
      by.certificate.subject,
      root.subject,
    ]);
    // A serial means nothing in the CRL of a root that has not certified it.
    const [issuing = none] = authority.bundle().issuing;
    const serial = parseSerialNumber(certificateOf(issuing).serialHex);
    if (serial === undefined) throw new Error('a serial of our form');
    const entries = [caRevocation(serial, 'cACompromise', CA_NOW)];
    const foreign = signRootCrl({ certificate: root, signer: key }, { number: 3, entries }, CA_NOW);
    expect(valueOf(await authority.importRootCrl(foreign, CA_NOW))).toMatchObject({ endsIssuing: false });
    expect(authority.bundle().issuing.some((der) => equalBytes(der, issuing))).toBe(true);
  });
});
