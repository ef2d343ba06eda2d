import { describe, expect, it } from 'vitest';
import { makeRoot, signCross, signRootCrl } from '../../../../src/authority/index.ts';
import { systemRandom } from '../../../../src/io/system/index.ts';
import type { LedgerEntry } from '../../../../src/ledger/index.ts';
import { toHex, unixMs, type Signer } from '../../../../src/std/index.ts';
import { parseCertificate, type Certificate } from '../../../../src/x509/index.ts';
import { CA_NOW } from '../../../support/ca.ts';
import { CaLedgerWorld } from '../../../support/ca-ledger-world.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { flipped } from '../../../support/forge/pki.ts';
import { makeTestPki } from '../../../support/pki.ts';
import { valueOf } from '../../../support/result.ts';

/** CRLs are dated in whole seconds. */
const SECOND = unixMs(Math.floor(CA_NOW / 1_000) * 1_000);
const maker = { crypto: testCrypto, random: systemRandom };

const pki = makeTestPki({ now: CA_NOW });
const foreign = makeTestPki({ now: CA_NOW });
const { trustDomain } = pki;

interface Root {
  readonly certificate: Certificate;
  readonly signer: Signer;
}

function rootOf(generation: number, signer = testKey()): Root {
  const der = valueOf(makeRoot(maker, trustDomain, signer, SECOND, generation));
  return { certificate: valueOf(parseCertificate(der)), signer };
}

const genesis: Root = { certificate: pki.root.certificate, signer: pki.root.key };
const second = rootOf(2);
const third = rootOf(3);

const crossOf = ({ certificate }: Root, by: Root = genesis): Certificate => {
  const wish = { trustDomain, root: certificate, crlUrls: [] };
  return valueOf(parseCertificate(valueOf(signCross(maker, by, wish, SECOND))));
};
const event = (text: string, der: Uint8Array): LedgerEntry => ({
  type: 'certificate-event',
  event: text,
  der,
});
const cross = (generation: number, of: Certificate): LedgerEntry =>
  event(`root-cross-certified ${String(generation)} ${of.serialHex}`, of.der);
const prepared = (generation: number, { certificate }: Root): LedgerEntry =>
  event(`root-prepared ${String(generation)} ${certificate.serialHex}`, certificate.der);
const crl = (root: Root, number: number): LedgerEntry => ({
  type: 'crl',
  der: signRootCrl(root, { number, entries: [] }, SECOND),
});

const ofSecond = crossOf(second);
const PREPARED = [cross(2, ofSecond), prepared(2, second), crl(second, 1)];

/** What the audit finds in a ledger that goes on like this. The store says nothing of it, which is not looked at here. */
async function found(entries: readonly LedgerEntry[]): Promise<readonly string[]> {
  const world = await CaLedgerWorld.imported(pki);
  const start = await world.read((tx) => tx.ledgerSize());
  for (const [offset, entry] of entries.entries()) world.put(start + offset, entry, SECOND);
  const { faults } = await world.audit();
  const codes = faults.map(({ code }): string => code);
  return [...new Set(codes.filter((code) => !code.startsWith('LS_AUDIT_CA_STORE')))];
}

describe('the audit of a CA whose roots follow each other', () => {
  it.each<[string, readonly LedgerEntry[]]>([
    ['is prepared', PREPARED],
    ['has a newer CRL', [...PREPARED, crl(second, 2)]],
    ['leaves the first one its CRLs', [...PREPARED, crl(genesis, 2), crl(second, 2)]],
    [
      'vouches for the next',
      [...PREPARED, cross(3, crossOf(third, second)), prepared(3, third), crl(third, 1)],
    ],
    [
      'has its key destroyed here',
      [
        ...PREPARED,
        event(
          `key-destroyed root-2 ${toHex(testCrypto.sha256(second.certificate.spki).subarray(0, 16))}`,
          pki.issuing.der,
        ),
      ],
    ],
  ])('agrees where the second one %s', async (_, entries) => {
    expect(await found(entries)).toEqual([]);
  });

  const stranger = crossOf(second, { certificate: foreign.root.certificate, signer: foreign.root.key });
  const forged = flipped(ofSecond.der, ofSecond.der.length - 4);
  it.each<[string, string, readonly LedgerEntry[]]>([
    ['nobody vouches for it', 'LS_AUDIT_CA_ORDER', [prepared(2, second)]],
    ['a stranger vouches for it', 'LS_AUDIT_CA_ISSUER', [cross(2, stranger), prepared(2, second)]],
    [
      'the signature of who vouches is forged',
      'LS_AUDIT_CA_ISSUER',
      [event(`root-cross-certified 2 ${ofSecond.serialHex}`, forged), prepared(2, second)],
    ],
    ['another one was vouched for', 'LS_AUDIT_CA_ISSUER', [cross(2, crossOf(third)), prepared(2, second)]],
    ['it has the number of another', 'LS_AUDIT_CA_ORDER', [cross(3, ofSecond), prepared(3, second)]],
    [
      'its number is none',
      'LS_AUDIT_CA_WORD',
      [cross(2, ofSecond), event('root-prepared two xy', second.certificate.der)],
    ],
    [
      'its serial is another',
      'LS_AUDIT_CA_CERTIFICATE',
      [cross(2, ofSecond), event(`root-prepared 2 ${'4'.repeat(32)}`, second.certificate.der)],
    ],
    [
      'the serial of the cross certificate is another',
      'LS_AUDIT_CA_CERTIFICATE',
      [event(`root-cross-certified 2 ${'4'.repeat(32)}`, ofSecond.der), prepared(2, second)],
    ],
    [
      'the cross certificate is cut off',
      'LS_AUDIT_CA_CERTIFICATE',
      [
        event(`root-cross-certified 2 ${ofSecond.serialHex}`, ofSecond.der.subarray(0, 90)),
        prepared(2, second),
      ],
    ],
    ['its CRLs go back', 'LS_AUDIT_CA_CRL_NUMBER', [...PREPARED, crl(second, 3), crl(second, 2)]],
    ['it has a CRL before it is one', 'LS_AUDIT_CRL', [crl(second, 1)]],
    [
      'a key of no root is called by its name',
      'LS_AUDIT_CA_WORD',
      [...PREPARED, event(`key-destroyed root-2 ${'0'.repeat(32)}`, pki.issuing.der)],
    ],
  ])('finds that %s', async (_, code, entries) => {
    expect(await found(entries)).toContain(code);
  });

  it('finds a store that names another root than the ledger, or one more', async () => {
    const world = await CaLedgerWorld.make();
    const { authority } = world.ca;
    valueOf(await authority.rollover.prepareRoot({ key: testKey() }, CA_NOW));
    await world.sign();
    expect((await world.audit()).faults).toEqual([]);
    world.tamper('UPDATE roots SET certificate = ? WHERE generation = 2', third.certificate.der);
    expect((await world.audit()).faults.map(({ code }) => code)).toEqual(['LS_AUDIT_CA_STORE_ISSUER']);
    world.tamper('DELETE FROM roots WHERE generation = 2');
    expect((await world.audit()).faults.map(({ code }) => code)).toEqual(['LS_AUDIT_CA_STORE_ISSUER']);
  });

  it('finds a root in the store of which the ledger says nothing', async () => {
    const world = await CaLedgerWorld.make();
    await world.sign();
    const insert =
      'INSERT INTO roots (generation, certificate, cross_certificate, prepared_at) VALUES (2, ?, ?, 1)';
    world.tamper(insert, third.certificate.der, ofSecond.der);
    expect((await world.audit()).faults.map(({ code }) => code)).toEqual(['LS_AUDIT_CA_STORE_ISSUER']);
  });
});
