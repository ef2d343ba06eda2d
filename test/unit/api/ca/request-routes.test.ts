import { describe, expect, it } from 'vitest';
import { enrollMember, requestFor, CA_NOW } from '../../../support/ca.ts';
import { makeTestApi, type TestApi } from '../../../support/ca-api.ts';
import { testKey } from '../../../support/crypto.ts';
import { valueOf } from '../../../support/result.ts';

function enrollBody(token: string): object {
  const { tokenId, secret, csr } = requestFor(token, testKey());
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return { tokenId, secret: base64(secret), csr: base64(csr) };
}

async function asked({ authority }: TestApi, name: string): Promise<object> {
  return enrollBody(valueOf(await authority.createToken({ name, approval: true }, CA_NOW)).token);
}

describe('requests for approval, over HTTP', () => {
  it('answers 202 with the code while it waits, and the reason once it is denied', async () => {
    const api = await makeTestApi();
    const body = await asked(api, 'alpha');
    const waiting = await api.call('POST', '/v1/enroll', body);
    expect(waiting).toMatchObject({ status: 202, json: { code: 'LS_ENROLL_PENDING' } });
    const listed = await api.call('GET', '/v1/requests');
    const [request] = listed.json['requests'] as readonly { requestId: string; keySha256: string }[];
    expect(request).toMatchObject({
      name: 'alpha',
      status: 'pending',
      keySha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const path = `/v1/requests/${request?.requestId ?? ''}`;
    const denied = await api.call('POST', `${path}/deny`, { reason: 'unknown host' });
    expect(denied.json).toMatchObject({
      status: 'denied',
      decidedBy: 'control-socket',
      reason: 'unknown host',
    });
    const refused = await api.call('POST', '/v1/enroll', body);
    expect(refused).toMatchObject({ status: 403, json: { code: 'LS_ENROLL_DENIED' } });
    expect(refused.json['detail']).toContain('unknown host');
    expect(await api.call('POST', `${path}/approve`, {})).toMatchObject({
      status: 409,
      json: { code: 'LS_ENROLL_REQUEST_OVER' },
    });
    expect((await api.call('GET', '/v1/requests')).json).toEqual({ requests: [] });
    expect((await api.call('GET', '/v1/requests?all=true')).json['requests']).toHaveLength(1);
  });

  it('approves, and refuses IDs and reasons that are none', async () => {
    const api = await makeTestApi();
    const body = await asked(api, 'alpha');
    await api.call('POST', '/v1/enroll', body);
    const [request] = (await api.call('GET', '/v1/requests')).json['requests'] as readonly {
      requestId: string;
    }[];
    const path = `/v1/requests/${request?.requestId ?? ''}`;
    const long = { reason: 'x'.repeat(201) };
    expect((await api.call('POST', `${path}/deny`, long)).json).toMatchObject({ code: 'LS_API_INVALID' });
    expect((await api.call('POST', '/v1/requests/1/deny', {})).json).toMatchObject({
      code: 'LS_API_INVALID',
    });
    const unknown = `/v1/requests/${'0'.repeat(32)}/approve`;
    expect((await api.call('POST', unknown, {})).json).toMatchObject({ code: 'LS_ENROLL_REQUEST_UNKNOWN' });
    expect((await api.call('POST', `${path}/approve`, {})).json).toMatchObject({ status: 'approved' });
    expect((await api.call('POST', '/v1/enroll', body)).json).toMatchObject({ name: 'alpha' });
  });

  it('tells of each refusal who was refused, and never a secret', async () => {
    const api = await makeTestApi();
    const seen: unknown[] = [];
    Object.assign(api.context, { onRefusal: (refusal: unknown) => seen.push(refusal) });
    await enrollMember(api.authority, 'alpha');
    const body = { ...(await asked(api, 'beta')), secret: Buffer.alloc(32).toString('base64') };
    expect((await api.call('POST', '/v1/enroll', body)).json).toMatchObject({ code: 'LS_TOKEN_UNKNOWN' });
    expect(seen).toMatchObject([{ reason: { code: 'LS_TOKEN_UNKNOWN' }, from: '127.0.0.1' }]);
    expect(JSON.stringify(seen)).not.toContain(body.secret);
  });
});
