import { describe, expect, it } from 'vitest';
import { keyIdOf } from '../../../../src/authority/index.ts';
import { parseCertificate } from '../../../../src/x509/index.ts';
import { later } from '../../../support/ca.ts';
import { CaLedgerWorld } from '../../../support/ca-ledger-world.ts';
import { testCrypto } from '../../../support/crypto.ts';
import { valueOf } from '../../../support/result.ts';
import { activeBundle } from '../../../support/issuing.ts';

async function world() {
  const made = await CaLedgerWorld.story();
  const { roots, issuing } = activeBundle(made.ca.authority);
  const idOf = (der: Uint8Array): string => keyIdOf(valueOf(parseCertificate(der)).spki, testCrypto);
  const [root = new Uint8Array()] = roots;
  return { made, issuing, root: idOf(root), inUse: idOf(issuing) };
}

describe('what the ledger says of keys', () => {
  it('fits, as the authority writes it', async () => {
    const { made, root, inUse } = await world();
    const events = [
      { word: 'key-reencrypted', name: 'issuing', keyId: inUse },
      { word: 'key-destroyed', name: 'root', keyId: root },
    ] as const;
    let acted = 0;
    const act = () => Promise.resolve(void (acted += 1));
    valueOf(await made.ca.authority.recordKeys(events, act, later(6_000)));
    expect(acted).toBe(1);
    expect(await made.audit()).toMatchObject({ ok: true });
  });

  it('is not written when what it says could not be done', async () => {
    const { made, root } = await world();
    const before = await made.read((tx) => tx.ledgerSize());
    const event = { word: 'key-destroyed', name: 'root', keyId: root } as const;
    const act = () => Promise.reject(new Error('EROFS'));
    await expect(made.ca.authority.recordKeys([event], act, later(6_000))).rejects.toThrow('EROFS');
    expect(await made.read((tx) => tx.ledgerSize())).toBe(before);
  });

  it.each<[string, (ids: { root: string; inUse: string }) => string, string]>([
    ['the issuing key is gone', ({ inUse }) => `key-destroyed issuing ${inUse}`, 'LS_AUDIT_CA_ORDER'],
    ['a root that is not this one is gone', () => `key-destroyed root ${'0'.repeat(32)}`, 'LS_AUDIT_CA_WORD'],
    ['the root under another name is gone', ({ root }) => `key-destroyed old ${root}`, 'LS_AUDIT_CA_WORD'],
    ['an id is too short', () => 'key-reencrypted log 0123', 'LS_AUDIT_CA_WORD'],
    ['an id has capitals', () => `key-reencrypted log ${'A'.repeat(32)}`, 'LS_AUDIT_CA_WORD'],
    ['something is missing', () => 'key-destroyed root', 'LS_AUDIT_CA_WORD'],
  ])('is found out when %s', async (_, text, code) => {
    const { made, issuing, ...ids } = await world();
    const size = await made.read((tx) => tx.ledgerSize());
    made.put(size, { type: 'certificate-event', event: text(ids), der: issuing });
    const { faults } = await made.audit();
    expect(faults.map((fault): string => fault.code)).toContain(code);
  });

  it('is found out when it carries another certificate', async () => {
    const { made, root } = await world();
    const size = await made.read((tx) => tx.ledgerSize());
    const [der = new Uint8Array()] = activeBundle(made.ca.authority).roots;
    made.put(size, { type: 'certificate-event', event: `key-destroyed root ${root}`, der });
    const { faults } = await made.audit();
    expect(faults.map((fault): string => fault.code)).toContain('LS_AUDIT_CA_CERTIFICATE');
  });
});
