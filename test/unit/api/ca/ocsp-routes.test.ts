import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AckBook, crlApp, FeedHub, OCSP_MAX_AGE_SECONDS, RateLimiter } from '../../../../src/api/ca/index.ts';
import type { Authority } from '../../../../src/authority/index.ts';
import {
  encodeOcspRequest,
  MAX_OCSP_REQUEST_BYTES,
  ocspCertId,
  ocspIssuerOf,
  parseCertificate,
  parseOcspResponse,
  type OcspResponse,
} from '../../../../src/x509/index.ts';
import { CA_NOW, enrollMember, makeTestCa } from '../../../support/ca.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { valueOf } from '../../../support/result.ts';
import { activeIssuing } from '../../../support/issuing.ts';

const ASK = { 'content-type': 'application/ocsp-request' };
const NEXT_UPDATE = 'Mon, 02 Mar 2026 00:00:00 GMT';

let authority: Authority;
let app: ReturnType<typeof crlApp>;
let serial: string;

beforeEach(async () => {
  ({ authority } = await makeTestCa());
  const options = { newKey: () => testKey(), pause: () => Promise.resolve() };
  const ocsp = valueOf(await authority.openResponder(options, CA_NOW));
  const feeds = new FeedHub(() => undefined);
  const spread = { enoughMs: 0, everyoneMs: 0 };
  const context = { authority, ocsp, now: () => CA_NOW, feeds, acks: new AckBook(), spread };
  const limiter = new RateLimiter({ perSecond: 1_000, burst: 1_000 });
  app = crlApp(context, { log: pino({ level: 'silent' }), limiter, monotonicMs: () => 0 });
  ({ serial } = (await enrollMember(authority, 'alpha')).enrollment);
  onTestFinished(async () => {
    ocsp.close();
    feeds.close();
    await app.close();
  });
});

function asking(nonce?: Uint8Array): Buffer {
  const issuing = valueOf(parseCertificate(activeIssuing(authority)));
  const certId = ocspCertId(valueOf(ocspIssuerOf(issuing, testCrypto)), 'SHA-1', serial);
  return Buffer.from(encodeOcspRequest({ certIds: [certId], nonce }));
}

const post = (payload: Buffer, headers: Record<string, string> = ASK) =>
  app.inject({ method: 'POST', url: '/ocsp', payload, headers });
const get = (path: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url: `/ocsp/${path}`, headers });
const saidBy = ({ rawPayload }: { rawPayload: Buffer }): OcspResponse =>
  valueOf(parseOcspResponse(new Uint8Array(rawPayload)));

describe('OCSP over HTTP', () => {
  it('answers GET and POST with the same bytes and headers that let caches keep them', async () => {
    const path = asking().toString('base64');
    const answers = [await post(asking()), await get(encodeURIComponent(path)), await get(path)];
    const [first] = answers;
    for (const answer of answers) {
      expect(answer.statusCode).toBe(200);
      expect(answer.rawPayload).toEqual(first?.rawPayload);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/ocsp-response',
        'cache-control': `max-age=${OCSP_MAX_AGE_SECONDS}, public, no-transform, must-revalidate`,
        'last-modified': 'Sun, 01 Mar 2026 12:00:00 GMT',
        expires: NEXT_UPDATE,
        etag: expect.stringMatching(/^"[0-9a-f]{64}"$/) as string,
      });
    }
    expect(saidBy(answers[0] ?? (await get(path)))).toMatchObject({
      basic: { responses: [{ certStatus: { status: 'good' } }] },
    });
  });

  it('says 304 to who has the answer already, until it changes', async () => {
    const path = asking().toString('base64');
    const etag = String((await get(path)).headers.etag);
    const again = await get(path, { 'if-none-match': etag });
    expect([again.statusCode, again.payload, again.headers.etag]).toEqual([304, '', etag]);
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    const changed = await get(path, { 'if-none-match': etag });
    expect(changed.statusCode).toBe(200);
    expect(saidBy(changed)).toMatchObject({ basic: { responses: [{ certStatus: { status: 'revoked' } }] } });
  });

  it('lets no cache keep an answer with a nonce', async () => {
    const nonce = new Uint8Array(32).fill(1);
    const asked = asking(nonce);
    for (const answer of [await post(asked), await get(encodeURIComponent(asked.toString('base64')))]) {
      expect(saidBy(answer)).toMatchObject({ basic: { nonce } });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers).not.toHaveProperty('etag');
      expect(answer.headers).not.toHaveProperty('expires');
    }
  });

  it.each(['', '!!!', '%21', 'AAAA', 'MA==', 'A'.repeat(6_000)])(
    'answers malformedRequest, for no cache, to GET /ocsp/%s',
    async (path) => {
      const answer = await get(path);
      expect(answer.statusCode).toBe(200);
      expect(saidBy(answer)).toEqual({ status: 'malformedRequest' });
      expect(answer.headers['cache-control']).toBe('no-store');
    },
  );

  it('refuses a path that is not percent-encoded', async () => {
    expect((await get('%zz')).statusCode).toBe(400);
  });

  it('answers malformedRequest to a POST of anything else, and takes no more bytes than a request may have', async () => {
    expect(saidBy(await post(Buffer.from('hello')))).toEqual({ status: 'malformedRequest' });
    expect(saidBy(await post(Buffer.alloc(MAX_OCSP_REQUEST_BYTES)))).toEqual({ status: 'malformedRequest' });
    const tooLarge = await post(Buffer.alloc(MAX_OCSP_REQUEST_BYTES + 1));
    expect([tooLarge.statusCode, tooLarge.json()]).toMatchObject([413, { code: 'LS_API_TOO_LARGE' }]);
    const otherType = await post(asking(), { 'content-type': 'application/octet-stream' });
    expect([otherType.statusCode, otherType.json()]).toMatchObject([415, { code: 'LS_API_MEDIA_TYPE' }]);
  });
});
