import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addFetched,
  issuerChainsOf,
  keepAuthorities,
  keepCrl,
  readIssuers,
  readRevocation,
} from '../../../src/app/node/trust-files.ts';
import { nodeHome, type NodeHome } from '../../../src/app/node-home.ts';
import { certificatesPem } from '../../../src/app/pem-file.ts';
import { ensurePrivateDir } from '../../../src/io/files/index.ts';
import { issuerKeyOf, makeTrustBundle, type TrustBundle } from '../../../src/trust/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { makeTestPki, type TestAuthority, type TestPki } from '../../support/pki.ts';
import { valueOf } from '../../support/result.ts';
import { tempDir } from '../../support/temp-dir.ts';

let pki: TestPki;
let bundle: TrustBundle;
let home: NodeHome;
let g1: TestAuthority;
let g2: TestAuthority;

beforeEach(async () => {
  pki = makeTestPki();
  g1 = pki.issuing;
  g2 = pki.issuingCa('issuing G2');
  bundle = valueOf(makeTrustBundle(pki.trustDomain, [pki.root.der], testCrypto));
  home = nodeHome(join(await tempDir(), 'alpha'));
  await ensurePrivateDir(home.home);
  await ensurePrivateDir(home.crlDir);
  await writeFile(home.root, certificatesPem([pki.root.der]));
});

const crlOf = (issuer: TestAuthority, number: number, base?: number): Uint8Array =>
  pki.crl({
    number,
    issuer: issuer.certificate.subject,
    issuerKeyId: issuer.certificate.extensions.subjectKeyId?.value ?? new Uint8Array(),
    signedBy: issuer.key,
    ...(base === undefined ? {} : { baseCrlNumber: base }),
  });

const judges = (chain: readonly Uint8Array[], issuing: readonly Uint8Array[] = []) => ({
  bundle,
  issuerChains: issuerChainsOf(chain, issuing),
  now: pki.now,
});

const numberOf = (state: Awaited<ReturnType<typeof readRevocation>>['state'], issuer: TestAuthority) => {
  const key = issuerKeyOf(issuer.certificate);
  return key === undefined ? undefined : state.issuer(key)?.crlNumber;
};

const keep = async (own: TestAuthority, ...crls: readonly Uint8Array[]): Promise<void> => {
  for (const der of crls) await keepCrl(home, der, bundle, own.der);
};

describe('the CRLs of a home', () => {
  it('are kept for every issuing CA, full and delta, and found again', async () => {
    const rootCrl = pki.rootCrl({ number: 3 });
    await keep(g1, rootCrl, crlOf(g1, 4), crlOf(g1, 5, 4), crlOf(g2, 4), crlOf(g2, 5, 4));
    const names = (await readdir(home.crlDir)).sort();
    expect(names).toHaveLength(5);
    expect(names).toEqual(expect.arrayContaining(['root.crl', 'issuing.crl', 'issuing-delta.crl']));
    const { state, refused } = await readRevocation(home, judges([pki.node('a').der, g1.der], [g2.der]));
    expect(refused).toEqual([]);
    expect([numberOf(state, pki.root), numberOf(state, g1), numberOf(state, g2)]).toEqual([3, 5, 5]);
  });

  it('hold after a renewal that a crash left half written, under whatever name they are', async () => {
    await keep(g1, pki.rootCrl({ number: 1 }), crlOf(g1, 4), crlOf(g1, 5, 4), crlOf(g2, 4));
    await keep(g2, crlOf(g2, 6), crlOf(g1, 6));
    // The delta of the first one is still under the name of the node's own.
    expect(await readdir(home.crlDir)).toHaveLength(4);
    const chain = [pki.node('a', { issuer: g2 }).der, g2.der];
    const { state, refused } = await readRevocation(home, judges(chain, [g1.der]));
    expect(refused).toEqual([]);
    expect([numberOf(state, g1), numberOf(state, g2)]).toEqual([6, 6]);
  });

  it('count no further than the issuing CAs that are known, and nothing that is damaged does', async () => {
    await keep(g1, pki.rootCrl({ number: 1 }), crlOf(g1, 4), crlOf(g2, 4));
    await writeFile(join(home.crlDir, `issuing-${'0'.repeat(16)}.crl`), 'damaged');
    await writeFile(join(home.crlDir, 'notes.txt'), 'not ours');
    const { state, refused } = await readRevocation(home, judges([pki.node('a').der, g1.der]));
    expect([numberOf(state, g1), numberOf(state, g2)]).toEqual([4, undefined]);
    expect(refused).toHaveLength(2);
  });

  it('are added to by what the CA sends, for an issuing CA that it names too', async () => {
    await keep(g1, pki.rootCrl({ number: 1 }), crlOf(g1, 4));
    const with2 = judges([pki.node('a').der, g1.der], [g2.der]);
    const stored = await readRevocation(home, with2);
    const { state } = await addFetched(home, stored, [crlOf(g2, 7), crlOf(g1, 3)], with2);
    expect([numberOf(state, g1), numberOf(state, g2)]).toEqual([4, 7]);
    expect(numberOf((await readRevocation(home, with2)).state, g2)).toBe(7);
  });
});

describe('the CAs of a home', () => {
  it('are none beside its own before any was kept', async () => {
    expect(await readIssuers(home)).toEqual([]);
    expect(issuerChainsOf([new Uint8Array(1), g1.der], [g1.der, g2.der])).toEqual([[g1.der], [g2.der]]);
  });

  it('are kept with new roots, and the CRLs of those that went are removed', async () => {
    const next = makeTestPki({ root: { subject: { commonName: 'mesh.internal root G2' } } });
    const gone = pki.issuingCa('issuing G0');
    await keep(g1, pki.rootCrl({ number: 1 }), crlOf(g1, 4), crlOf(g2, 4), crlOf(gone, 4));
    await keepAuthorities(home, { roots: [pki.root.der, next.root.der], issuing: [g1.der, g2.der] });
    expect(await readIssuers(home)).toEqual([g1.der, g2.der]);
    expect(await readdir(home.crlDir)).toHaveLength(3);
    const both = valueOf(makeTrustBundle(pki.trustDomain, [pki.root.der, next.root.der], testCrypto));
    await keepCrl(home, next.rootCrl({ number: 2 }), both, g1.der);
    await keepCrl(home, pki.rootCrl({ number: 2 }), both, g1.der);
    const names = await readdir(home.crlDir);
    expect(names.filter((name) => name.startsWith('root'))).toHaveLength(2);
    const chains = issuerChainsOf([pki.node('a').der, g1.der], [g2.der]);
    const { state } = await readRevocation(home, { bundle: both, issuerChains: chains, now: pki.now });
    expect([numberOf(state, pki.root), numberOf(state, next.root)]).toEqual([2, 2]);
  });
});
