import { describe, expect, it, onTestFinished } from 'vitest';
import type {
  AuthorityStore,
  CrlRow,
  IssuerRow,
  RootRow,
  RosterRow,
  StoreReader,
} from '../../src/authority/index.ts';
import { err, fault, ok, unixMs } from '../../src/std/index.ts';
import { codeOf, valueOf } from './result.ts';
import { step } from './step.ts';
import {
  certificateRow,
  issuerRow,
  nodeRow,
  requestRow,
  testName,
  testNodeId,
  testSerial,
  tokenRow,
} from './store-rows.ts';

/** Opens the database of one test, as often as it is called; made empty with the opener. */
export type StoreOpener = () => Promise<AuthorityStore>;

const AT = unixMs(1_000);
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const LARGEST = unixMs(Number.MAX_SAFE_INTEGER);

/** What every adapter of the store port has to do. */
export function describeStoreContract(name: string, freshOpener: () => Promise<StoreOpener>): void {
  const opener = async (): Promise<StoreOpener> => {
    const open = await freshOpener();
    return async () => {
      const store = await open();
      onTestFinished(() => store.close());
      return store;
    };
  };

  describe(`${name}, as every store,`, () => {
    it('commits what answers ok and finds it again after reopening', async () => {
      const open = await opener();
      const first = await open();
      valueOf(
        await first.transaction(async (tx) => step(tx.insertToken(tokenRow(7, { dns: ['a.x', 'b.x'] })))),
      );
      await first.close();
      const second = await open();
      expect(await reading(second, (tx) => tx.token(tokenRow(7).tokenId))).toEqual(
        tokenRow(7, { dns: ['a.x', 'b.x'] }),
      );
    });

    it('undoes everything when the work answers a fault', async () => {
      const store = await (await opener())();
      const refused = await store.transaction(async (tx) => {
        await tx.insertToken(tokenRow(1));
        return err(fault('LS_TOKEN_LIMIT', 'for this test'));
      });
      expect(codeOf(refused)).toBe('LS_TOKEN_LIMIT');
      expect(await reading(store, (tx) => tx.tokens())).toEqual([]);
    });

    it('undoes everything when the work throws, and goes on afterwards', async () => {
      const store = await (await opener())();
      const broken = store.transaction(async (tx) => {
        await tx.insertToken(tokenRow(1));
        throw new TypeError('a bug');
      });
      await expect(broken).rejects.toThrow(TypeError);
      valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(2)))));
      expect((await reading(store, (tx) => tx.tokens())).map((row) => row.tokenId)).toEqual([
        tokenRow(2).tokenId,
      ]);
    });

    it('keeps requests with their decisions, one for a token, and forgets them with it', async () => {
      const store = await (await opener())();
      const decision = { verdict: 'denied', at: LARGEST, by: 'operator/olga', reason: 'nö' } as const;
      const [first, second] = [requestRow(1), requestRow(2, { expiresAt: unixMs(2_000) })];
      valueOf(
        await store.transaction(async (tx) => {
          for (const n of [2, 1]) await tx.insertToken(tokenRow(n, { approval: n === 1, est: n === 2 }));
          await tx.insertRequest(second);
          await tx.insertRequest(first);
          return step(tx.decideRequest(first.tokenId, { ...decision, verdict: 'approved', reason: null }));
        }),
      );
      const kept = await reading(store, (tx) => tx.tokens());
      expect(kept.map(({ approval, est }) => [approval, est])).toEqual([
        [true, false],
        [false, true],
      ]);
      const approved = { ...decision, verdict: 'approved', reason: null };
      expect(await reading(store, (tx) => tx.requests())).toEqual([second, { ...first, decision: approved }]);
      const counts = [2_000, 2_001].map((now) =>
        reading(store, (tx) => tx.countPendingRequests(unixMs(now))),
      );
      expect(await Promise.all(counts)).toEqual([1, 0]);
      valueOf(await store.transaction(async (tx) => step(tx.decideRequest(first.tokenId, decision))));
      expect(await reading(store, (tx) => tx.request(first.tokenId))).toEqual({ ...first, decision });
      await expect(store.transaction(async (tx) => step(tx.insertRequest(first)))).rejects.toThrow(/UNIQUE/i);
      const orphan = store.transaction(async (tx) => step(tx.insertRequest(requestRow(3))));
      await expect(orphan).rejects.toThrow(/FOREIGN KEY/i);
      valueOf(await store.transaction(async (tx) => step(tx.deleteToken(second.tokenId))));
      expect(await reading(store, (tx) => tx.request(second.tokenId))).toBeNull();
      valueOf(await store.transaction(async (tx) => step(tx.purgeTokens(LARGEST))));
      expect(await reading(store, (tx) => tx.requests())).toEqual([]);
    });

    it('lets one live identity hold a name, whatever the caller checked', async () => {
      const store = await (await opener())();
      const name = nodeRow(1).name;
      valueOf(await store.transaction(async (tx) => step(tx.insertNode(nodeRow(1)))));
      await expect(
        store.transaction(async (tx) => step(tx.insertNode(nodeRow(2, { name })))),
      ).rejects.toThrow(/UNIQUE/i);
      const ended = { state: 'removed', at: AT, reason: null, crlNumber: null, rosterNumber: 2 } as const;
      valueOf(
        await store.transaction(async (tx) => {
          await tx.endNode(testNodeId(1), ended);
          return step(tx.insertNode(nodeRow(2, { name })));
        }),
      );
      expect((await reading(store, (tx) => tx.nodeByName(name)))?.nodeId).toBe(testNodeId(2));
    });

    it('refuses rows that refer to nothing', async () => {
      const store = await (await opener())();
      await expect(
        store.transaction(async (tx) => step(tx.insertCertificate(certificateRow(1)))),
      ).rejects.toThrow(/FOREIGN KEY/i);
    });

    it('never gives a CRL or roster number twice', async () => {
      const store = await (await opener())();
      const [crl, roster] = [crlRow(4, null), rosterRow(4)];
      valueOf(
        await store.transaction(async (tx) => {
          await tx.insertCrl(crl);
          return step(tx.insertRoster(roster));
        }),
      );
      await expect(store.transaction(async (tx) => step(tx.insertCrl(crl)))).rejects.toThrow(/UNIQUE/i);
      await expect(store.transaction(async (tx) => step(tx.insertRoster(roster)))).rejects.toThrow(/UNIQUE/i);
    });

    it('keeps the bytes of the newest full CRL and its newest delta only', async () => {
      const store = await (await opener())();
      const insert = (number: number, base: number | null): Promise<unknown> =>
        store.transaction(async (tx) => step(tx.insertCrl(crlRow(number, base))));
      const kept = async (): Promise<number[]> => {
        const rows = await Promise.all(
          [1, 2, 3, 4].map((number) =>
            reading(store, (tx) => tx.crlBytes({ issuer: 'issuing', generation: 1, number })),
          ),
        );
        return rows.flatMap((row) => (row === null ? [] : [...row]));
      };
      await insert(1, null);
      await insert(2, 1);
      await insert(3, 1);
      expect(await kept()).toEqual([1, 3]);
      await insert(4, null);
      expect(await kept()).toEqual([4]);
    });

    it('keeps the CRLs of several issuing CAs, of one number each, and tells the head of the lowest generation', async () => {
      const store = await (await opener())();
      const publish = (number: number, base: number | null, generations: readonly number[]) =>
        store.transaction(async (tx) => {
          for (const generation of generations) await tx.insertCrl(crlRow(number, base, generation));
          return ok(null);
        });
      const kept = (generation: number): Promise<readonly (readonly number[])[]> =>
        reading(store, async (tx) => {
          const found: number[][] = [];
          for (const number of [1, 2, 3, 4, 5]) {
            const der = await tx.crlBytes({ issuer: 'issuing', generation, number });
            if (der !== null) found.push([...der]);
          }
          return found;
        });
      valueOf(await publish(1, null, [1]));
      valueOf(await publish(2, null, [2, 1]));
      valueOf(await publish(3, 2, [1, 2]));
      expect([await kept(1), await kept(2)]).toEqual([
        [[2], [3]],
        [[18], [19]],
      ]);
      await reading(store, async (tx) => {
        expect(await tx.newestCrl()).toMatchObject({ generation: 1, number: 3, base: 2 });
        expect(await tx.newestFullCrl()).toMatchObject({ generation: 1, number: 2 });
      });
      // The first has ended; what there is of it stays.
      valueOf(await publish(4, null, [2]));
      valueOf(await publish(5, 4, [2]));
      expect([await kept(1), await kept(2)]).toEqual([
        [[2], [3]],
        [[20], [21]],
      ]);
      await reading(store, async (tx) => {
        expect(await tx.newestCrl()).toMatchObject({ generation: 2, number: 5 });
        expect(await tx.newestFullCrl()).toMatchObject({ generation: 2, number: 4 });
      });
      await expect(publish(5, 4, [2])).rejects.toThrow(/UNIQUE/i);
    });

    it('keeps the roots, and the newest CRL of each by numbers of its own', async () => {
      const store = await (await opener())();
      const genesis = { generation: 1, certificate: EVERY_BYTE, cross: null, preparedAt: AT };
      const second = { ...genesis, generation: 2, cross: Uint8Array.of(1, 2) };
      const insert = (row: RootRow) => store.transaction(async (tx) => step(tx.insertRoot(row)));
      valueOf(await insert(second));
      valueOf(await insert(genesis));
      await expect(insert(second)).rejects.toThrow(/UNIQUE/i);
      // Only the genesis root goes without somebody who vouches for it.
      await expect(insert({ ...genesis, generation: 3 })).rejects.toThrow(/CHECK/i);
      await expect(insert({ ...second, generation: 0 })).rejects.toThrow(/CHECK/i);
      expect(await reading(store, (tx) => tx.roots())).toStrictEqual([genesis, second]);
      const crlOf = (generation: number, number: number): CrlRow => ({
        ...crlRow(number, null, generation),
        issuer: 'root',
      });
      const publish = (row: CrlRow) => store.transaction(async (tx) => step(tx.insertCrl(row)));
      for (const row of [crlOf(1, 1), crlOf(1, 2), crlOf(2, 1), crlOf(1, 3)]) valueOf(await publish(row));
      await reading(store, async (tx) => {
        expect([await tx.newestCrl(), await tx.newestFullCrl()]).toEqual([null, null]);
        expect(await tx.newestRootCrl(1)).toMatchObject({ issuer: 'root', generation: 1, number: 3 });
        expect(await tx.newestRootCrl(2)).toMatchObject({ issuer: 'root', generation: 2, number: 1 });
        expect(await tx.newestRootCrl(3)).toBeNull();
        const bytes = (generation: number, number: number) =>
          tx.crlBytes({ issuer: 'root', generation, number });
        expect([await bytes(1, 2), await bytes(1, 3)]).toEqual([null, Uint8Array.of(3)]);
        expect(await bytes(2, 1)).toEqual(Uint8Array.of(17));
      });
    });

    it('has one issuing CA that is active and one that is prepared, and counts what is below each', async () => {
      const store = await (await opener())();
      const first = issuerRow(1, { state: 'active', activatedAt: AT });
      const second = issuerRow(2, { firstCrlNumber: 7 });
      const insert = (row: IssuerRow) => store.transaction(async (tx) => step(tx.insertIssuer(row)));
      valueOf(await insert(first));
      valueOf(await insert(second));
      await expect(insert(issuerRow(3))).rejects.toThrow(/UNIQUE/i);
      await expect(insert(issuerRow(3, { state: 'active' }))).rejects.toThrow(/UNIQUE/i);
      await expect(insert(issuerRow(2, { state: 'retiring' }))).rejects.toThrow(/UNIQUE/i);
      expect(await reading(store, (tx) => tx.issuers())).toStrictEqual([first, second]);
      const retiring = { ...first, state: 'retiring', renewWithinMs: null } as const;
      const active = { ...second, state: 'active', activatedAt: AT, renewWithinMs: 600_000 } as const;
      valueOf(
        await store.transaction(async (tx) => {
          await tx.updateIssuer(retiring);
          await tx.updateIssuer(active);
          await tx.insertNode(nodeRow(1));
          const until = [1_000, 2_000, 3_000, 4_000, 5_000];
          for (const [n, notAfter] of until.entries())
            await tx.insertCertificate(
              certificateRow(n, { nodeId: testNodeId(1), notAfter: unixMs(notAfter) }),
            );
          const other = { nodeId: null, notAfter: LARGEST } as const;
          await tx.insertCertificate(certificateRow(6, { ...other, role: 'ocsp' }));
          await tx.insertCertificate(certificateRow(7, { ...other, role: 'server' }));
          await tx.insertCertificate(certificateRow(8, { ...other, role: 'operator', issuer: 2 }));
          const listed = { revokedAt: AT, crlNumber: 1, issuer: 1 };
          await tx.insertRevocation({ serial: testSerial(3), reason: 'certificateHold', ...listed });
          return step(tx.insertRevocation({ serial: testSerial(4), reason: 'superseded', ...listed }));
        }),
      );
      await reading(store, async (tx) => {
        expect(await tx.issuers()).toStrictEqual([retiring, active]);
        // Two that are good and one on hold; the last one is revoked, and expires last.
        expect(await tx.belowIssuer(1, unixMs(2_000))).toEqual({ live: 3, lastNotAfter: 5_000 });
        expect(await tx.belowIssuer(1, unixMs(5_001))).toEqual({ live: 0, lastNotAfter: null });
        expect(await tx.belowIssuer(2, unixMs(5_001))).toEqual({ live: 1, lastNotAfter: LARGEST });
        expect(await tx.belowIssuer(3, unixMs(0))).toEqual({ live: 0, lastNotAfter: null });
      });
    });

    it('lets one of many concurrent redeemers of a token win, across store objects', async () => {
      const open = await opener();
      const [one, other] = [await open(), await open()];
      valueOf(await one.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
      const spent = { at: AT, spkiSha256: new Uint8Array(32), serial: testSerial(1) };
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, at) =>
          (at % 2 === 0 ? one : other).transaction(async (tx) =>
            step(tx.spendToken(tokenRow(1).tokenId, spent)),
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome.ok && outcome.value)).toHaveLength(1);
      expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    });

    it('undoes a part of a transaction alone', async () => {
      const store = await (await opener())();
      const refusal = fault('LS_TOKEN_SPENT', 'refused');
      valueOf(
        await store.transaction(async (tx) => {
          await tx.insertToken(tokenRow(1));
          const refused = await tx.attempt(async () => {
            await tx.insertToken(tokenRow(2));
            await tx.insertNode(nodeRow(1));
            return err(refusal);
          });
          expect(codeOf(refused)).toBe('LS_TOKEN_SPENT');
          return tx.attempt(() => step(tx.insertToken(tokenRow(3))));
        }),
      );
      const kept = await reading(store, (tx) => tx.tokens());
      expect(kept.map(({ tokenId }) => tokenId)).toEqual([tokenRow(3).tokenId, tokenRow(1).tokenId]);
      expect(await reading(store, (tx) => tx.node(testNodeId(1)))).toBeNull();
    });

    it('answers closed after close', async () => {
      const store = await (await opener())();
      await store.close();
      expect(codeOf(await store.read(async (tx) => step(tx.tokens())))).toBe('LS_CA_STORE_CLOSED');
    });

    it('gives back each column as it was written', async () => {
      const store = await (await opener())();
      const genesis = {
        trustDomain: 'test.internal',
        root: EVERY_BYTE,
        issuing: new Uint8Array(),
        rosterSalt: new Uint8Array(16),
        crlUrl: null,
        createdAt: LARGEST,
      };
      const issuer = issuerRow(3, {
        state: 'revoked',
        certificate: EVERY_BYTE,
        endedAt: LARGEST,
        renewWithinMs: 5,
      });
      const node = nodeRow(1, { dns: ['a.x', 'b.x'], ip: ['10.0.0.1'] });
      const certificate = certificateRow(1, { spkiSha256: EVERY_BYTE, notAfter: LARGEST, tbs: EVERY_BYTE });
      const address = { nodeId: testNodeId(1), name: node.name, address: '[::1]:8450', updatedAt: AT };
      const crl = crlRow(1, null);
      const roster = rosterRow(1);
      const revocation = {
        serial: testSerial(1),
        reason: 'keyCompromise',
        revokedAt: AT,
        crlNumber: 1,
        issuer: 1,
      } as const;
      const spent = { at: AT, spkiSha256: EVERY_BYTE, serial: testSerial(1) };
      valueOf(
        await store.transaction(async (tx) => {
          await tx.insertGenesis(genesis);
          await tx.insertIssuer(issuer);
          await tx.setReadOnlySince(AT);
          await tx.insertNode(node);
          await tx.insertCertificate(certificate);
          await tx.completeCertificate(testSerial(1), EVERY_BYTE);
          await tx.confirmCertificate(testSerial(1), AT);
          await tx.insertRevocation(revocation);
          await tx.insertToken(tokenRow(1, { spent, replace: true }));
          await tx.insertToken(tokenRow(2, { voided: 'revoked' }));
          await tx.insertCrl(crl);
          await tx.insertRoster(roster);
          await tx.putAddress(address);
          return step(tx.appendLedger([EVERY_BYTE, new Uint8Array()]));
        }),
      );
      const { der, ...crlHead } = crl;
      const { record, ...rosterHead } = roster;
      const full = { ...certificate, der: EVERY_BYTE, confirmedAt: AT, revocation };
      await reading(store, async (tx) => {
        expect(await tx.genesis()).toStrictEqual(genesis);
        expect(await tx.issuers()).toStrictEqual([issuer]);
        expect(await tx.readOnlySince()).toBe(AT);
        expect(await tx.node(testNodeId(1))).toStrictEqual(node);
        const { nodeId, name, state } = node;
        expect(await tx.rosterNodes(LARGEST)).toStrictEqual([{ nodeId, name, state }]);
        expect(await tx.countRosterNodes(LARGEST)).toBe(1);
        expect(await tx.certificate(testSerial(1))).toStrictEqual(full);
        expect(await tx.certificateByKey(EVERY_BYTE)).toStrictEqual(full);
        expect(await tx.newestCertificate(testNodeId(1))).toStrictEqual(full);
        expect(await tx.certificates({ name: 'node-1', notAfterFrom: AT })).toStrictEqual([full]);
        expect(await tx.countUnexpiredCertificates(testNodeId(1), AT)).toBe(1);
        expect(await tx.revocationsFrom(AT)).toStrictEqual([revocation]);
        expect(await tx.revocationsAfterCrl(1)).toStrictEqual([]);
        expect(await tx.tokens()).toStrictEqual([
          tokenRow(2, { voided: 'revoked' }),
          tokenRow(1, { spent, replace: true }),
        ]);
        expect(await tx.countOutstandingTokens(AT)).toBe(0);
        expect(await tx.newestCrl()).toStrictEqual(crlHead);
        expect(await tx.crlBytes({ issuer: 'issuing', generation: 1, number: 1 })).toStrictEqual(der);
        expect(await tx.newestRootCrl(1)).toBeNull();
        expect(await tx.newestRoster()).toStrictEqual(rosterHead);
        expect(await tx.rosterRecord(1)).toStrictEqual(record);
        expect(await tx.addresses()).toStrictEqual([address]);
        expect(await tx.ledger(0, 10)).toStrictEqual([
          { index: 0, body: EVERY_BYTE },
          { index: 1, body: new Uint8Array() },
        ]);
        expect(await tx.ledger(1, 1)).toHaveLength(1);
        expect(await tx.ledgerSize()).toBe(2);
      });
    });

    it('changes what the steps name and nothing else', async () => {
      const store = await (await opener())();
      const later = unixMs(2_000);
      valueOf(
        await store.transaction(async (tx) => {
          for (const n of [1, 2]) {
            await tx.insertNode(nodeRow(n));
            await tx.insertToken(tokenRow(n));
            await tx.putAddress({
              nodeId: testNodeId(n),
              name: testName(`node-${n}`),
              address: 'x:1',
              updatedAt: AT,
            });
          }
          await tx.activateNode(testNodeId(1), later);
          await tx.putAddress({
            nodeId: testNodeId(1),
            name: testName('node-1'),
            address: 'y:2',
            updatedAt: later,
          });
          await tx.deleteAddress(testNodeId(2));
          await tx.voidTokens('node-1', 'removed');
          expect(await tx.deleteToken(tokenRow(2).tokenId)).toBe(true);
          expect(await tx.deleteToken(tokenRow(2).tokenId)).toBe(false);
          await tx.setReadOnlySince(AT);
          return step(tx.setReadOnlySince(null));
        }),
      );
      await reading(store, async (tx) => {
        expect(await tx.node(testNodeId(1))).toMatchObject({ state: 'active', activatedAt: later });
        expect(await tx.node(testNodeId(2))).toStrictEqual(nodeRow(2));
        expect((await tx.addresses()).map(({ address }) => address)).toEqual(['y:2']);
        expect((await tx.tokens()).map(({ voided }) => voided)).toEqual(['removed']);
        expect(await tx.readOnlySince()).toBeNull();
      });
      valueOf(await store.transaction(async (tx) => step(tx.purgeTokens(unixMs(4_000_000)))));
      expect(await reading(store, (tx) => tx.tokens())).toEqual([]);
    });

    it('gives a certificate one revocation at a time, and keeps the releases of its holds', async () => {
      const store = await (await opener())();
      const serial = testSerial(1);
      const hold = { serial, reason: 'certificateHold', revokedAt: AT, crlNumber: 2, issuer: 1 } as const;
      const release = { serial, heldAt: AT, crlNumber: 3, issuer: 1, record: EVERY_BYTE };
      const insert = () => store.transaction(async (tx) => step(tx.insertRevocation(hold)));
      valueOf(
        await store.transaction(async (tx) => {
          await tx.insertNode(nodeRow(1));
          await tx.insertCertificate(certificateRow(1));
          return step(tx.insertRevocation(hold));
        }),
      );
      await expect(insert()).rejects.toThrow(/UNIQUE/i);
      valueOf(
        await store.transaction(async (tx) => {
          await tx.deleteRevocation(testSerial(1));
          return step(tx.insertRelease(release));
        }),
      );
      await reading(store, async (tx) => {
        expect(await tx.revocationsFrom(AT)).toEqual([]);
        expect(await tx.releasesFrom(AT)).toStrictEqual([release]);
        expect(await tx.releasesFrom(LARGEST)).toEqual([]);
        expect(await tx.releasesAfterCrl(2)).toStrictEqual([release]);
        expect(await tx.releasesAfterCrl(3)).toEqual([]);
        expect(await tx.newestReleasedHold(testSerial(1))).toBe(AT);
        expect(await tx.newestReleasedHold(testSerial(2))).toBeNull();
      });
      valueOf(await insert());
    });

    it('sorts names bytewise', async () => {
      const store = await (await opener())();
      const names = ['a-b', 'a-c', 'a0', 'ab', 'b'];
      valueOf(
        await store.transaction(async (tx) => {
          for (const [n, name] of names.toReversed().entries()) {
            await tx.insertNode(nodeRow(n, { name: testName(name) }));
            await tx.insertCertificate(certificateRow(n, { name, nodeId: testNodeId(n) }));
          }
          return ok(null);
        }),
      );
      expect((await reading(store, (tx) => tx.certificates({}))).map(({ name }) => name)).toEqual(names);
    });

    it('shows a reader one moment, whatever is committed meanwhile', async () => {
      const open = await opener();
      const [one, other] = [await open(), await open()];
      const seen = await reading(one, async (tx) => {
        const before = await tx.tokens();
        valueOf(await other.transaction(async (writing) => step(writing.insertToken(tokenRow(1)))));
        return [before.length, (await tx.tokens()).length];
      });
      expect(seen).toEqual([0, 0]);
      expect(await reading(one, (tx) => tx.tokens())).toHaveLength(1);
    });

    it('gives each number once and leaves none out, however many store objects count at once', async () => {
      const open = await opener();
      const stores = [await open(), await open(), await open()];
      const counted = await Promise.all(
        stores.flatMap((store) =>
          Array.from({ length: 20 }, () =>
            store.transaction(async (tx) => {
              const size = await tx.ledgerSize();
              return ok([size, await tx.appendLedger([EVERY_BYTE])]);
            }),
          ),
        ),
      );
      const numbers = counted.map(valueOf);
      expect(numbers.every(([size, first]) => size === first)).toBe(true);
      expect(numbers.map(([first]) => first).sort((a, b) => Number(a) - Number(b))).toEqual([
        ...Array(60).keys(),
      ]);
    });
  });
}

async function reading<T>(store: AuthorityStore, work: (tx: StoreReader) => Promise<T>): Promise<T> {
  return valueOf(await store.read(async (tx) => ok(await work(tx))));
}

function crlRow(number: number, base: number | null, generation = 1): CrlRow {
  return {
    issuer: 'issuing',
    generation,
    number,
    base,
    thisUpdate: AT,
    nextUpdate: AT,
    sha256: EVERY_BYTE.subarray(0, 32),
    der: Uint8Array.of(16 * (generation - 1) + number),
  };
}

function rosterRow(number: number): RosterRow {
  return { number, structureHash: EVERY_BYTE, tMs: AT, h: 1, active: 0, record: Uint8Array.of(number) };
}
