import { describe, expect, it } from 'vitest';
import { LAPSING_MS } from '../../../../src/api/ca/health-routes.ts';
import { CRL_NEXT_UPDATE_MS, ROOT_CRL_NEXT_UPDATE_MS } from '../../../../src/authority/index.ts';
import { fault, unixMs, type Fault } from '../../../../src/std/index.ts';
import { CA_NOW } from '../../../support/ca.ts';
import { makeTestApi } from '../../../support/ca-api.ts';
import { testKey } from '../../../support/crypto.ts';
import { valueOf } from '../../../support/result.ts';

/** CRLs are dated in whole seconds. */
const START = Math.floor(CA_NOW / 1_000) * 1_000;

describe('/readyz', () => {
  it('is red a day before the CRL lapses, and green again with the next one', async () => {
    let now = CA_NOW;
    const { call, authority } = await makeTestApi(() => now);
    const last = START + CRL_NEXT_UPDATE_MS - LAPSING_MS.crl;
    now = unixMs(last - 1);
    expect(await call('GET', '/readyz')).toMatchObject({
      status: 200,
      json: { status: 'ready', crlNextUpdate: new Date(START + CRL_NEXT_UPDATE_MS).toISOString() },
    });
    now = unixMs(last);
    expect(await call('GET', '/readyz')).toMatchObject({ status: 503, json: { code: 'LS_CRL_LAPSING' } });
    valueOf(await authority.publishFull(now));
    expect(await call('GET', '/readyz')).toMatchObject({ status: 200 });
  });

  it('is not green for a delta on a full CRL that lapses', async () => {
    let now = CA_NOW;
    const { call, authority } = await makeTestApi(() => now);
    now = unixMs(START + CRL_NEXT_UPDATE_MS - LAPSING_MS.crl);
    valueOf(await authority.issueServer({ hosts: ['ca.mesh.internal'], spki: testKey().spki }, now));
    const [{ serial, name } = expect.fail('a certificate')] = valueOf(await authority.list({}, now));
    valueOf(await authority.revoke({ name, onlySerial: serial }, now));
    expect(await call('GET', '/readyz')).toMatchObject({ status: 503, json: { code: 'LS_CRL_LAPSING' } });
  });

  it('is red a month before the root’s CRL lapses, for which its key may have to be fetched', async () => {
    let now = CA_NOW;
    const { call, authority } = await makeTestApi(() => now, { withoutRootKey: true });
    now = unixMs(START + ROOT_CRL_NEXT_UPDATE_MS - LAPSING_MS.rootCrl);
    valueOf(await authority.publishFull(now));
    const red = await call('GET', '/readyz');
    expect(red).toMatchObject({ status: 503, json: { code: 'LS_CRL_LAPSING' } });
    expect(red.json['detail']).toContain('root');
  });

  it('is red as long as the token with the keys of the CA is away', async () => {
    let away: Fault | undefined = fault('LS_KEY_TOKEN_UNAVAILABLE', 'the token "ca" is not there');
    const { call } = await makeTestApi(() => CA_NOW, { keyFault: () => away });
    const red = await call('GET', '/readyz');
    expect(red).toMatchObject({ status: 503, json: { code: 'LS_KEY_TOKEN_UNAVAILABLE' } });
    expect(await call('GET', '/healthz')).toMatchObject({ status: 200 });
    away = undefined;
    expect(await call('GET', '/readyz')).toMatchObject({ status: 200 });
  });
});
