import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaveCompromised, type CompromiseRequest } from '../../../../src/app/ca/compromised.ts';
import {
  caRevocation,
  makeIssuingRequest,
  readIssuingRequest,
  signIssuing,
  signRootCrl,
  type Authority,
} from '../../../../src/authority/index.ts';
import { openSqliteStore } from '../../../../src/io/index.ts';
import { LsError, parseSerialNumber, unixMs } from '../../../../src/std/index.ts';
import { parseCertificate } from '../../../../src/x509/index.ts';
import { BreakingStore } from '../../../support/breaking-store.ts';
import { ofRoot } from '../../../support/issuing.ts';
import { CA_NOW, enrollMember, peerOf, renewalFor } from '../../../support/ca.ts';
import { makeTestApi, type TestApi } from '../../../support/ca-api.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { valueOf } from '../../../support/result.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A server that is asked over its control socket, with active nodes; `renews`: as soon as the CA asks them to. */
async function served(api: TestApi, names: readonly string[] = [], renews = true) {
  const { authority } = api;
  for (const name of names) {
    const member = await enrollMember(authority, name);
    valueOf(await authority.activate(await peerOf(authority, member.enrollment.chain), null, CA_NOW));
    if (renews) renewWhenAsked(authority, member);
  }
  const home = await tempDir();
  await api.app.listen({ path: join(home, 'control.sock') });
  const progress: string[] = [];
  const leave = (more: Partial<CompromiseRequest> = {}) =>
    leaveCompromised({
      ...{ home, withinMs: 400, force: false, passphrase: { env: {} } },
      onProgress: (text) => progress.push(text),
      ...more,
    });
  return { home, leave, progress };
}

function renewWhenAsked(authority: Authority, member: Awaited<ReturnType<typeof enrollMember>>): void {
  let { key, chain } = { key: member.key, chain: member.enrollment.chain };
  authority.onPublication(({ authorities }) => {
    if (authorities?.renewWithinMs === undefined || authorities.renewWithinMs === null) return;
    const [active] = authorities.issuing;
    if (Buffer.from(chain[1] ?? []).equals(Buffer.from(active ?? []))) return;
    void (async () => {
      const peer = await peerOf(authority, chain);
      const renewal = renewalFor(authority, peer, key);
      ({ chain } = valueOf(await authority.reenroll(peer, renewal.request, CA_NOW)));
      ({ key } = renewal);
    })();
  });
}

async function statesOf({ authority }: TestApi): Promise<readonly string[]> {
  return valueOf(await authority.rollover.list(CA_NOW)).map(({ state }) => state);
}

async function firstSerial({ authority }: TestApi): Promise<string> {
  const [first] = valueOf(await authority.rollover.list(CA_NOW));
  return first?.serial ?? expect.fail('an issuing CA');
}

/** What an offline root signs to end the first issuing CA. */
async function endFirst(api: TestApi): Promise<void> {
  const [root = new Uint8Array()] = api.authority.bundle().roots;
  const atHand = { certificate: valueOf(parseCertificate(root)), signer: api.deps.keys.roots[0] };
  const serial = parseSerialNumber(await firstSerial(api)) ?? expect.fail('a serial');
  const entries = [caRevocation(serial, 'cACompromise', CA_NOW)];
  valueOf(await api.authority.importRootCrl(signRootCrl(atHand, { number: 2, entries }, CA_NOW), CA_NOW));
}

describe('leaving a compromised issuing CA', () => {
  it('prepares, activates, waits for the nodes, and has the root revoke the old one', async () => {
    const api = await makeTestApi();
    const { leave, home, progress } = await served(api, ['alpha', 'beta']);
    expect(await leave({ withinMs: 10_000 })).toEqual({
      ...{ generation: 1, successor: 2, serial: await firstSerial(api) },
      ...{ rootCrlNumber: 2, activeMembers: 2, leftBehind: [] },
    });
    expect(await statesOf(api)).toEqual(['revoked', 'active']);
    expect(api.authority.bundle().renewWithinMs).toBe(5_000);
    expect(progress).toContain('the root revokes generation 1');
    // Asked again, it says the same, and does nothing.
    expect(await leave()).toMatchObject({ generation: 1, successor: 2, rootCrlNumber: null, leftBehind: [] });
    expect(await statesOf(api)).toEqual(['revoked', 'active']);
    expect(await readFile(join(home, 'compromised.json'), 'utf8')).toBe('{"generation":1,"successor":2}\n');
    // The one that is active now is another story, which has to be asked for.
    expect(await leave({ generation: 2, withinMs: 10_000 })).toMatchObject({
      generation: 2,
      successor: 3,
      rootCrlNumber: 3,
    });
    expect(await leave()).toMatchObject({ generation: 2, successor: 3, rootCrlNumber: null });
    expect(await statesOf(api)).toEqual(['revoked', 'revoked', 'active']);
  });

  it.each([
    ['it was prepared', 1],
    ['it was activated', 2],
    ['the root has revoked the old one', 3],
  ] as const)('goes on after %s', async (_, steps) => {
    const store = new BreakingStore(openSqliteStore(':memory:'));
    const api = await makeTestApi(undefined, { store });
    const { rollover } = api.authority;
    const { leave } = await served(api);
    store.breakAt(1, 'full');
    await expectCode('LS_CA_STORE_FULL', () => leave());
    store.disarm();
    expect(await statesOf(api)).toEqual(['active']);
    const done = [
      () => rollover.prepare({ key: testKey() }, CA_NOW),
      () => rollover.activate(2, CA_NOW, 20),
      () => rollover.revokeIssuing(1, CA_NOW),
    ];
    for (const step of done.slice(0, steps)) valueOf<unknown>(await step());
    expect(await leave()).toMatchObject({ generation: 1, successor: 2, activeMembers: 0, leftBehind: [] });
    expect(await statesOf(api)).toEqual(['revoked', 'active']);
    expect(ofRoot(valueOf(await api.authority.currentCrls())).rootNumber).toBe(2);
  });

  it('revokes nothing while not one node has renewed, unless forced, and then names who was left behind', async () => {
    const api = await makeTestApi();
    const { leave } = await served(api, ['alpha', 'beta'], false);
    await expectCode('LS_ROLLOVER_NOT_ADOPTED', () => leave());
    expect(await statesOf(api)).toEqual(['retiring', 'active']);
    expect(await leave({ force: true })).toMatchObject({
      ...{ generation: 1, successor: 2, activeMembers: 2 },
      leftBehind: ['alpha', 'beta'],
    });
    expect(await statesOf(api)).toEqual(['revoked', 'active']);
  });

  it('says what to do where the root is when its key is elsewhere, and goes on when that is done', async () => {
    const api = await makeTestApi(undefined, { withoutRootKey: true });
    const key = testKey();
    const [root = new Uint8Array()] = api.authority.bundle().roots;
    const issued = certifiedBy(api, root, key);
    valueOf(await api.authority.rollover.prepare({ key, certificate: issued }, CA_NOW));
    const { leave } = await served(api);
    const failed = await leave().catch((cause: unknown) => cause);
    expect(failed).toBeInstanceOf(LsError);
    const { code, detail } = failed instanceof LsError ? failed.fault : expect.fail('an LsError');
    expect(code).toBe('LS_ROLLOVER_ROOT_ABSENT');
    expect(detail).toContain(`pki root crl --revoke ${await firstSerial(api)} --reason cACompromise`);
    await endFirst(api);
    expect(await leave()).toMatchObject({ generation: 1, successor: 2, rootCrlNumber: null });
  });

  it('knows no generation that there is not', async () => {
    const { leave } = await served(await makeTestApi());
    await expectCode('LS_ROLLOVER_STATE', () => leave({ generation: 7 }));
    expect(await leave()).toMatchObject({ generation: 1, successor: 2 });
  });

  it('has nothing to leave where no issuing CA is active', async () => {
    const api = await makeTestApi();
    const { leave } = await served(api);
    await endFirst(api);
    await expectCode('LS_ROLLOVER_STATE', () => leave());
  });
});

/** DER: what the root would make of the request for this key. */
function certifiedBy(api: TestApi, root: Uint8Array, key: ReturnType<typeof testKey>): Uint8Array {
  const { authority, deps } = api;
  const wanted = { trustDomain: authority.trustDomain, permittedDns: ['example.test'] };
  const csr = valueOf(makeIssuingRequest({ crypto: testCrypto }, wanted, key, 2));
  const wish = valueOf(readIssuingRequest(csr, authority.trustDomain, testCrypto));
  const atHand = { certificate: valueOf(parseCertificate(root)), signer: deps.keys.roots[0] };
  const { crypto, random } = deps;
  return valueOf(signIssuing({ crypto, random }, atHand, wish, wholeSecondOf(CA_NOW)));
}

function wholeSecondOf(now: typeof CA_NOW): typeof CA_NOW {
  return unixMs(Math.floor(now / 1_000) * 1_000);
}
