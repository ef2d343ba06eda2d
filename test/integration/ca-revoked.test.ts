import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCertificate, parseCrl } from '../../src/x509/index.ts';
import { callSocket, initCaHome, runJson, runOn, serveCaHome } from '../support/ca-process.ts';
import { valueOf } from '../support/result.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('a CA whose only issuing CA the root has revoked', () => {
  it(
    'says so, issues nothing, and still starts to serve what tells the nodes',
    { timeout: 90_000 },
    async () => {
      const place = await tempDir();
      const ca = await initCaHome(join(place, 'ca'));
      const root = join(place, 'root');
      await runJson(root, ['pki', 'root', 'init', '--from', ca.home]);
      const [issuing = ''] = await issuingSerials(ca.home);
      const crl = join(place, 'root.crl');
      const reason = ['--reason', 'cACompromise'];
      await runJson(root, ['pki', 'root', 'crl', '--revoke', issuing, ...reason, '-o', crl]);

      const running = await serveCaHome(ca.home);
      try {
        expect(await callSocket(ca.home, 'GET', '/readyz')).toMatchObject({ status: 200 });
        expect(await runJson(ca.home, ['pki', 'import', crl])).toMatchObject({
          rootCrl: { endsIssuing: true },
        });
        await saysIt(ca.home);
      } finally {
        await running[Symbol.asyncDispose]();
      }

      await using again = await serveCaHome(ca.home);
      expect(again.stdout).toContain('REVOKED');
      await saysIt(ca.home);
      const http = `http://127.0.0.1:${ca.crlPort}`;
      const served = new Uint8Array(await (await fetch(`${http}/crl/root.crl`)).arrayBuffer());
      expect(served).toEqual(new Uint8Array(await readFile(crl)));
      expect((await fetch(`${http}/crl/issuing.crl`)).status).toBe(200);
      expect(await (await fetch(`${http}/v1/bundle`)).json()).toMatchObject({ trustDomain: 'mesh.internal' });
      const ready = await fetch(`${http}/readyz`);
      expect([ready.status, await ready.json()]).toMatchObject([503, { code: 'LS_CA_REVOKED' }]);
      await expect(fetch(`${ca.url}/healthz`)).rejects.toThrow('fetch failed');
      // What the root signs is still taken, and the same CRL again is no news.
      expect(await runJson(ca.home, ['pki', 'import', crl])).toMatchObject({ rootCrl: { isNews: false } });
      expect(valueOf(parseCrl(served)).entries.find(issuing)?.reason).toBe('cACompromise');
    },
  );
});

/** Loudly, and nothing is signed. */
async function saysIt(home: string): Promise<void> {
  const ready = await callSocket(home, 'GET', '/readyz');
  expect(ready).toMatchObject({ status: 503, json: { code: 'LS_CA_REVOKED' } });
  const token = await runOn(home, ['pki', 'token', 'create', 'alpha']);
  expect([token.code, token.stderr]).toEqual([6, expect.stringContaining('LS_CA_REVOKED')]);
  const operator = await callSocket(home, 'POST', '/v1/operators', { name: 'kim', csr: 'MAA=' });
  expect(operator).toMatchObject({ status: 503, json: { code: 'LS_CA_REVOKED' } });
  // The root's own CRL is not due: nothing is left to sign.
  const published = await callSocket(home, 'POST', '/v1/crl/publish');
  expect(published).toMatchObject({ status: 503, json: { code: 'LS_CA_REVOKED' } });
}

async function issuingSerials(home: string): Promise<readonly string[]> {
  const pem = await readFile(join(home, 'issuing.pem'), 'utf8');
  const [, body = ''] = /-----BEGIN CERTIFICATE-----([^-]+)/.exec(pem) ?? [];
  return [valueOf(parseCertificate(new Uint8Array(Buffer.from(body, 'base64')))).serialHex];
}
