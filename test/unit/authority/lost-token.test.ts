import { expect, it } from 'vitest';
import { openAuthority } from '../../../src/authority/index.ts';
import { fault, LsError, ok } from '../../../src/std/index.ts';
import { enrollMember, later, makeTestCa, requestFor } from '../../support/ca.ts';
import { testKey } from '../../support/crypto.ts';
import { expectCode } from '../../support/expect-code.ts';
import { valueOf } from '../../support/result.ts';

it('changes nothing while the issuing key is away, and goes on when it is back', async () => {
  const { deps, authority: whole } = await makeTestCa();
  await enrollMember(whole, 'alpha');
  let isAway = false;
  const [issuing] = deps.keys.issuing;
  const sign = (message: Uint8Array): Uint8Array => {
    if (isAway) throw new LsError(fault('LS_KEY_TOKEN_UNAVAILABLE', 'the token "ca" is not there'));
    return issuing.sign(message);
  };
  const authority = valueOf(await openAuthority({ ...deps, keys: { issuing: [{ ...issuing, sign }] } }));
  const { token } = valueOf(await authority.createToken({ name: 'beta' }, later(1_000)));
  const request = requestFor(token, testKey());
  const state = async () =>
    valueOf(
      await deps.store.read(async (tx) =>
        ok({
          crl: (await tx.newestCrl())?.number,
          roster: (await tx.newestRoster())?.number,
          ledger: await tx.ledgerSize(),
        }),
      ),
    );
  const before = await state();
  const heard: unknown[] = [];
  authority.onPublication((publication) => heard.push(publication));

  isAway = true;
  const gone = 'LS_KEY_TOKEN_UNAVAILABLE';
  await expectCode(gone, () => authority.revoke({ name: 'alpha' }, later(2_000)));
  await expectCode(gone, () => authority.remove('alpha', later(2_000)));
  await expectCode(gone, () => authority.publishFull(later(2_000)));
  await expectCode(gone, () => authority.enroll(request, later(2_000)));
  expect(await state()).toEqual(before);
  expect(heard).toEqual([]);
  expect(valueOf(await authority.show('alpha', later(2_000))).state).not.toBe('revoked');

  isAway = false;
  valueOf(await authority.enroll(request, later(3_000)));
  expect(valueOf(await authority.revoke({ name: 'alpha' }, later(3_000))).crlNumber).toBe(
    (before.crl ?? 0) + 1,
  );
});
