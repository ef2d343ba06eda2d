import { describe, expect, it, onTestFinished } from 'vitest';
import { openAuthority, type Authority } from '../../src/authority/index.ts';
import { CA_NOW, enrollMember, makeTestCa, requestFor } from './ca.ts';
import { testKey } from './crypto.ts';
import { codeOf, valueOf } from './result.ts';
import type { StoreOpener } from './store-contract.ts';

const REDEEMERS = 50;

/** What several authorities over one store, each with its own connections, have to keep to. */
export function describeReplicas(name: string, freshOpener: () => Promise<StoreOpener>): void {
  const twoAuthorities = async (): Promise<readonly [Authority, Authority]> => {
    const open = await freshOpener();
    const [first, store] = [await open(), await open()];
    onTestFinished(() => Promise.all([first.close(), store.close()]).then(() => undefined));
    const { authority, deps } = await makeTestCa({ store: first });
    return [authority, valueOf(await openAuthority({ ...deps, store }))];
  };

  describe(`two authorities over ${name}`, () => {
    it('redeem a token once, however many keys ask for it at the same time', async () => {
      const [one, other] = await twoAuthorities();
      const { token } = valueOf(await one.createToken({ name: 'alpha' }, CA_NOW));
      const outcomes = await Promise.all(
        Array.from({ length: REDEEMERS }, (_, n) =>
          (n % 2 === 0 ? one : other).enroll(requestFor(token, testKey()), CA_NOW),
        ),
      );
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
      expect(outcomes.map(codeOf).filter((code) => code === 'LS_TOKEN_SPENT')).toHaveLength(REDEEMERS - 1);
      expect(valueOf(await other.list({}, CA_NOW))).toHaveLength(1);
    });

    it('give one certificate to one key that asks many times at once', async () => {
      const [one, other] = await twoAuthorities();
      const { token } = valueOf(await one.createToken({ name: 'alpha' }, CA_NOW));
      const request = requestFor(token, testKey());
      const outcomes = await Promise.all(
        Array.from({ length: REDEEMERS }, (_, n) => (n % 2 === 0 ? one : other).enroll(request, CA_NOW)),
      );
      const leaves = outcomes.map((outcome) => Buffer.from(valueOf(outcome).chain[0] ?? []).toString('hex'));
      expect(new Set(leaves).size).toBe(1);
      expect(valueOf(await one.list({}, CA_NOW))).toHaveLength(1);
    });

    it('give a name to one of many tokens', async () => {
      const [one, other] = await twoAuthorities();
      const tokens = await Promise.all(
        Array.from(
          { length: 10 },
          async () => valueOf(await one.createToken({ name: 'alpha' }, CA_NOW)).token,
        ),
      );
      const outcomes = await Promise.all(
        tokens.map((token, n) => (n % 2 === 0 ? one : other).enroll(requestFor(token, testKey()), CA_NOW)),
      );
      expect(outcomes.map(codeOf).sort()).toEqual([
        ...Array.from({ length: 9 }, () => 'LS_NAME_TAKEN'),
        undefined,
      ]);
    });

    it('never give a CRL or roster number twice, and revoke a node once', async () => {
      const [one, other] = await twoAuthorities();
      const names = Array.from({ length: 10 }, (_, n) => `node-${n}`);
      for (const name of names) await enrollMember(one, name);
      const told = [one, other].map((authority) => {
        const numbers: number[] = [];
        authority.onPublication(({ crl }) => {
          if (crl !== undefined) numbers.push(crl.number);
        });
        return numbers;
      });
      const revoking = names.flatMap((name) => [
        one.revoke({ name }, CA_NOW),
        other.revoke({ name }, CA_NOW),
      ]);
      const facts = (await Promise.all(revoking)).map(valueOf);
      const given = facts.filter(({ fresh }) => fresh).map(({ crlNumber }) => crlNumber);
      expect(given.toSorted((a, b) => a - b)).toEqual(names.map((_, n) => n + 2));
      for (const numbers of told) expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(valueOf(await one.currentCrls())).toEqual(valueOf(await other.currentCrls()));
    });
  });
}
