import { expect, it, onTestFinished } from 'vitest';
import { CaClient, RetryLater } from '../../src/io/ca-client/index.ts';
import { unixMs } from '../../src/std/index.ts';
import { FakeCa } from '../support/fake-ca.ts';
import { makeTestPki } from '../support/pki.ts';

const pki = makeTestPki({ now: unixMs(Date.now()) });

/** What a renewal is refused with by a CA that answers so. */
async function refusalBy(status: number, code: string, header?: string): Promise<unknown> {
  const fake = await FakeCa.start(pki, pki.server('ca', { hosts: ['127.0.0.1'] }));
  fake.on('POST /v1/reenroll', (_, response) => {
    const said = header === undefined ? {} : { 'retry-after': header };
    response.writeHead(status, { 'content-type': 'application/problem+json', ...said });
    response.end(JSON.stringify({ code, detail: 'no' }));
  });
  const client = new CaClient({ url: fake.url, bundle: { anchors: [pki.root.certificate] } });
  onTestFinished(() => {
    client.close();
  });
  return client
    .reenroll({ csr: Uint8Array.of(1), successor: Uint8Array.of(1) })
    .catch((cause: unknown) => cause);
}

it.each([
  [429, 'LS_API_RATE_LIMITED'],
  [503, 'LS_API_BUSY'],
])('a CA that answers %i and says when is asked again then', async (status, code) => {
  const refused = await refusalBy(status, code, '90');
  expect(refused).toBeInstanceOf(RetryLater);
  expect(refused).toMatchObject({ code, retryAfterMs: 90_000 });
});

it.each([
  [429, 'LS_API_RATE_LIMITED', undefined],
  [429, 'LS_API_RATE_LIMITED', '-90'],
  [403, 'LS_TRUST_REVOKED', '90'],
])('%i %s with %j is a refusal like others', async (status, code, header) => {
  const refused = await refusalBy(status, code, header);
  expect(refused).not.toBeInstanceOf(RetryLater);
  expect(refused).toMatchObject({ code });
});
