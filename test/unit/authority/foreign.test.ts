import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  openAuthority,
  type Authority,
  type AuthorityStore,
  type Publication,
} from '../../../src/authority/index.ts';
import { openSqliteStore } from '../../../src/io/index.ts';
import { unixMs } from '../../../src/std/index.ts';
import { applyCrl, makeTrustBundle, RevocationState } from '../../../src/trust/index.ts';
import { CA_NOW, enrollMember, makeTestCa } from '../../support/ca.ts';
import { testCrypto } from '../../support/crypto.ts';
import { valueOf } from '../../support/result.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { activeBundle, ofActive, onlyList } from '../../support/issuing.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** As one that other processes write to. */
function shared(store: AuthorityStore): AuthorityStore {
  return {
    transaction: (work) => store.transaction(work),
    read: (work) => store.read(work),
    close: () => store.close(),
    exchange: { follow: () => () => undefined, tell: () => undefined },
  };
}

/** Two authorities over one store, with what the second one tells its listeners. */
async function replicas(): Promise<{ one: Authority; other: Authority; heard: Publication[] }> {
  const path = join(await tempDir(), 'store.sqlite');
  const { authority: one, deps } = await makeTestCa({ store: shared(openSqliteStore(path)) });
  for (const name of NAMES) await enrollMember(one, name);
  const store = shared(openSqliteStore(path));
  onTestFinished(() => store.close());
  const other = valueOf(await openAuthority({ ...deps, store }));
  const heard: Publication[] = [];
  other.onPublication((publication) => heard.push(publication));
  return { one, other, heard };
}

const numbersOf = (heard: readonly Publication[]) =>
  heard.map(({ crl, roster }) => [crl?.number ?? null, roster?.number ?? null]);

describe('an authority over a store that others write to', () => {
  it('tells its listeners nothing of what was there when it was opened', async () => {
    const { other, heard } = await replicas();
    valueOf(await other.catchUp(false));
    expect(heard).toEqual([]);
  });

  it('tells what another one has published, once, with the certificates whose status changed', async () => {
    const { one, other, heard } = await replicas();
    const { serials, crlNumber, rosterNumber } = valueOf(await one.revoke({ name: 'a' }, CA_NOW));
    valueOf(await other.catchUp(false));
    valueOf(await other.catchUp(false));
    expect(heard).toHaveLength(2);
    expect(heard[0]).toMatchObject({ crl: { delta: true, number: crlNumber }, revokedSerials: serials });
    expect(heard[1]).toMatchObject({ roster: { number: rosterNumber } });
  });

  it('tells the full CRL before the delta that stands on it', async () => {
    const { one, other, heard } = await replicas();
    valueOf(await one.revoke({ name: 'a' }, CA_NOW));
    const { number } = valueOf(await one.publishFull(unixMs(CA_NOW + 1_000)));
    valueOf(await one.revoke({ name: 'b' }, unixMs(CA_NOW + 2_000)));
    valueOf(await other.catchUp(false));
    const crls = heard.flatMap(({ crl }) => (crl === undefined ? [] : [crl]));
    expect(crls.map((crl) => [crl.delta, crl.number])).toEqual([
      [false, number],
      [true, number + 1],
    ]);
  });

  it('tells what it missed before what it publishes itself', async () => {
    const { one, other, heard } = await replicas();
    valueOf(await one.publishFull(CA_NOW));
    const first = valueOf(await one.revoke({ name: 'a' }, CA_NOW));
    const second = valueOf(await other.revoke({ name: 'b' }, CA_NOW));
    expect(second.crlNumber).toBe(first.crlNumber + 1);
    expect(numbersOf(heard)).toEqual([
      [first.crlNumber - 1, null],
      [first.crlNumber, null],
      [null, first.rosterNumber],
      [second.crlNumber, second.rosterNumber],
    ]);
  });

  it('never tells a relying party anything that it would have to refuse, however the two take turns', async () => {
    const { one, other, heard } = await replicas();
    const { trustDomain, roots, issuing } = activeBundle(other);
    const bundle = valueOf(makeTrustBundle(trustDomain, roots, testCrypto));
    const at = (ms: number) => unixMs(CA_NOW + ms);
    let state = RevocationState.empty();
    const take = (der: Uint8Array): void => {
      state = valueOf(applyCrl(state, der, [issuing], bundle, testCrypto, at(10_000))).state;
    };
    const { root, full, delta } = ofActive(valueOf(await other.currentCrls()));
    for (const der of [root, full, ...(delta === null ? [] : [delta])]) take(der);
    await Promise.all(
      NAMES.flatMap((name, n) => [
        (n % 2 === 0 ? one : other).revoke({ name }, at(n)),
        other.catchUp(n % 3 === 0),
        (n % 2 === 0 ? other : one).publishFull(at(n)),
      ]),
    );
    valueOf(await other.catchUp(true));
    const told = heard.flatMap(({ crl }) => (crl === undefined ? [] : [crl]));
    for (const crl of told) take(onlyList(crl));
    expect(told.map(({ number }) => number)).toEqual(
      told.map(({ number }) => number).toSorted((a, b) => a - b),
    );
    expect(told.at(-1)?.number).toBe(ofActive(valueOf(await one.currentCrls())).number);
    const rosters = heard.flatMap(({ roster }) => (roster === undefined ? [] : [roster.number]));
    expect(rosters.at(-1)).toBe(valueOf(await one.currentRoster()).number);
  });

  it('tells addresses when it is asked for them, and they are others', async () => {
    const { one, other, heard } = await replicas();
    const node = valueOf(await one.show('a', CA_NOW));
    const [certificate] = node.certificates;
    if (certificate === undefined) throw new Error('no certificate');
    const peer = { nodeId: node.nodeId, serial: certificate.serial };
    valueOf(await other.catchUp(true));
    valueOf(await one.activate(peer, '10.0.0.9:8450', CA_NOW));
    valueOf(await other.catchUp(true));
    const told = (): readonly unknown[] => heard.flatMap(({ seeds }) => (seeds === undefined ? [] : [seeds]));
    expect(told()).toHaveLength(2);
    expect(told().at(-1)).toContainEqual({ nodeId: node.nodeId, name: 'a', address: '10.0.0.9:8450' });
    valueOf(await other.catchUp(true));
    expect(told()).toHaveLength(2);
  });

  it('answers the fault of a store that cannot be read', async () => {
    const { other } = await replicas();
    const path = join(await tempDir(), 'closed.sqlite');
    const { authority, deps } = await makeTestCa({ store: shared(openSqliteStore(path)) });
    await deps.store.close();
    expect(await authority.catchUp(false)).toMatchObject({
      ok: false,
      error: { code: 'LS_CA_STORE_CLOSED' },
    });
    valueOf(await other.catchUp(false));
  });
});
