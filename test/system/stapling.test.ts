import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { clusterForAll } from '../support/cluster-suite.ts';

const LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 200;
/** How curl ends when the certificate’s status is not good. */
const INVALID_STATUS = 91;

/** Stock TLS clients do not read our CRLs: what they learn of a revocation is the answer that a node staples. */
describe('a stapled OCSP answer', () => {
  const cluster = clusterForAll([]);

  beforeAll(async () => {
    for (const name of ['alpha', 'bravo']) {
      // curl matches the host, where peers of the mesh match the SPIFFE id.
      await cluster().enroll(name, ['--ip', '127.0.0.1']);
      await cluster().run(name);
    }
  });

  it('of a node satisfies curl --cert-status and OpenSSL', async () => {
    const shown = await until(() => sClient('alpha'), /Cert Status: good/);
    expect(shown.output).toMatch(/OCSP Response Status: successful/);
    expect(shown.output).toMatch(/Verify return code: 0 \(ok\)/);
    const curled = await curl('alpha');
    expect(curled.output).toMatch(/SSL certificate status: good \(0\)/);
    expect(curled.status).not.toBe(INVALID_STATUS);
  });

  it('of the CA’s own server satisfies curl --cert-status', async () => {
    const ca = ['--cacert', join(cluster().caHome, 'root.pem'), '-v'];
    const ready = () => run('curl', ['-sS', '--cert-status', ...ca, `${cluster().caUrl}/readyz`]);
    const curled = await until(ready, /SSL certificate status: good \(0\)/);
    expect(curled.status).toBe(0);
  });

  it('of a revoked node says so, and curl turns away', async () => {
    await cluster().pki('revoke', 'bravo', '--reason', 'keyCompromise');
    const curled = await until(() => curl('bravo'), /revoked/i);
    expect(curled.status).toBe(INVALID_STATUS);
    expect((await sClient('bravo')).output).toMatch(/Cert Status: revoked/);
  });

  /** Offers no ALPN, for curl has none of ours, and a member’s certificate. */
  function curl(name: string): Promise<Ran> {
    const home = cluster().home('alpha');
    return run('curl', [
      ...['-sSv', '--max-time', '5', '--http0.9', '--no-alpn', '--cert-status'],
      ...['--cacert', join(cluster().caHome, 'root.pem')],
      ...['--cert', join(home, 'cert.pem'), '--key', join(home, 'key.pem')],
      `https://${cluster().address(name)}/`,
    ]);
  }

  function sClient(name: string): Promise<Ran> {
    const place = ['-connect', cluster().address(name), '-CAfile', join(cluster().caHome, 'root.pem')];
    return run('openssl', ['s_client', '-status', '-alpn', 'lifesign/1', ...place]);
  }
});

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

async function run(command: string, args: readonly string[]): Promise<Ran> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.on('data', (part: Buffer) => parts.push(part));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output: Buffer.concat(parts).toString('utf8') };
}

/** A node asks for its answer after its start, not before it. */
async function until(ask: () => Promise<Ran>, expected: RegExp): Promise<Ran> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const ran = await ask();
    if (expected.test(ran.output)) return ran;
    if (performance.now() > end) throw new Error(`never ${expected.source}: ${ran.output}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
