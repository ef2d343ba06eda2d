import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaveCompromised, type CompromiseRequest } from '../../../../src/app/ca/compromised.ts';
import { LsError } from '../../../../src/std/index.ts';
import { CA_NOW, enrollMember, peerOf } from '../../../support/ca.ts';
import { makeTestApi } from '../../../support/ca-api.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { FakeRollover } from '../../../support/fake-rollover.ts';
import { valueOf } from '../../../support/result.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { activeIssuing } from '../../../support/issuing.ts';

/** A server that is asked over its control socket, with active nodes; `renews`: below whatever is prepared next. */
async function served(rollover: FakeRollover, names: readonly string[], renews = true) {
  const api = await makeTestApi(() => CA_NOW, { rollover });
  if (renews) rollover.nextCertificate = activeIssuing(api.authority);
  for (const name of names) {
    const { enrollment } = await enrollMember(api.authority, name);
    valueOf(await api.authority.activate(await peerOf(api.authority, enrollment.chain), null, CA_NOW));
  }
  const home = await tempDir();
  await api.app.listen({ path: join(home, 'control.sock') });
  const progress: string[] = [];
  const leave = (more: Partial<CompromiseRequest> = {}) =>
    leaveCompromised({
      ...{ home, withinMs: 40, force: false, passphrase: { env: {} } },
      onProgress: (text) => progress.push(text),
      ...more,
    });
  return { home, leave, progress };
}

const changes = (rollover: FakeRollover) => rollover.calls.filter((call) => call !== 'follow');

describe('leaving a compromised issuing CA', () => {
  it('prepares, activates, waits for the nodes, and has the root revoke the old one', async () => {
    const rollover = new FakeRollover('active');
    const { leave, home, progress } = await served(rollover, ['alpha', 'beta']);
    expect(await leave()).toEqual({
      ...{ generation: 1, successor: 2, serial: rollover.generations[0]?.serial },
      ...{ rootCrlNumber: 2, activeMembers: 2, leftBehind: [] },
    });
    expect(changes(rollover)).toEqual(['prepare', 'activate 2 20', 'revoke 1']);
    expect(rollover.generations.map(({ state }) => state)).toEqual(['revoked', 'active']);
    expect(progress).toContain('the root revokes generation 1');
    // Asked again, it says the same, and does nothing.
    expect(await leave()).toMatchObject({ generation: 1, successor: 2, rootCrlNumber: null, leftBehind: [] });
    expect(changes(rollover)).toHaveLength(3);
    expect(await readFile(join(home, 'compromised.json'), 'utf8')).toBe('{"generation":1,"successor":2}\n');
    // The one that is active now is another story, which has to be asked for.
    expect(await leave({ generation: 2 })).toMatchObject({ generation: 2, successor: 3, rootCrlNumber: 2 });
    expect(await leave()).toMatchObject({ generation: 2, successor: 3, rootCrlNumber: null });
  });

  it.each([
    ['it was prepared', ['active', 'prepared'], ['activate 2 20', 'revoke 1']],
    ['it was activated', ['retiring', 'active'], ['revoke 1']],
    ['the root has revoked the old one', ['revoked', 'active'], []],
  ] as const)('goes on after %s', async (_, states, rest) => {
    const interrupted = new FakeRollover('active');
    const { leave } = await served(interrupted, [], false);
    interrupted.refusal = 'LS_CA_STORE_UNREACHABLE';
    await expectCode('LS_CA_STORE_UNREACHABLE', () => leave());
    interrupted.refusal = undefined;
    interrupted.calls.length = 0;
    interrupted.generations.length = 0;
    for (const state of states) interrupted.add(state);
    expect(await leave()).toMatchObject({ generation: 1, successor: 2, activeMembers: 0, leftBehind: [] });
    expect(changes(interrupted)).toEqual(rest);
  });

  it('revokes nothing while not one node has renewed, unless forced, and then names who was left behind', async () => {
    const rollover = new FakeRollover('active');
    const { leave } = await served(rollover, ['alpha', 'beta'], false);
    await expectCode('LS_ROLLOVER_NOT_ADOPTED', () => leave());
    expect(changes(rollover)).toEqual(['prepare', 'activate 2 20']);
    expect(await leave({ force: true })).toMatchObject({
      ...{ generation: 1, successor: 2, activeMembers: 2 },
      leftBehind: ['alpha', 'beta'],
    });
    expect(changes(rollover)).toEqual(['prepare', 'activate 2 20', 'revoke 1']);
  });

  it('says what to do where the root is when its key is elsewhere, and goes on when that is done', async () => {
    const rollover = new FakeRollover();
    const old = rollover.add('active');
    rollover.add('prepared');
    const { leave } = await served(rollover, []);
    const revokeIssuing = rollover.revokeIssuing.bind(rollover);
    rollover.revokeIssuing = (generation) => {
      rollover.refusal = 'LS_ROLLOVER_ROOT_ABSENT';
      return revokeIssuing(generation);
    };
    const failed = await leave().catch((cause: unknown) => cause);
    expect(failed).toBeInstanceOf(LsError);
    const { code, detail } = failed instanceof LsError ? failed.fault : expect.fail('an LsError');
    expect(code).toBe('LS_ROLLOVER_ROOT_ABSENT');
    expect(detail).toContain(`pki root crl --revoke ${old.serial} --reason cACompromise`);
    rollover.generations[0] = { ...old, state: 'revoked' };
    expect(await leave()).toMatchObject({ generation: 1, successor: 2, rootCrlNumber: null });
  });

  it('knows no generation that there is not', async () => {
    const { leave } = await served(new FakeRollover('active'), []);
    await expectCode('LS_ROLLOVER_STATE', () => leave({ generation: 7 }));
    expect(await leave()).toMatchObject({ generation: 1, successor: 2 });
  });

  it('has nothing to leave where no issuing CA is active', async () => {
    const { leave } = await served(new FakeRollover('revoked'), []);
    await expectCode('LS_ROLLOVER_STATE', () => leave());
  });
});
