import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { clusterForAll } from '../support/cluster-suite.ts';

/** GnuTLS shares no code with OpenSSL or with us: what it makes of a CA's certificates and CRL. */
describe('GnuTLS', () => {
  const cluster = clusterForAll([]);
  let crl = '';

  beforeAll(async () => {
    for (const name of ['alpha', 'bravo']) {
      // Without a DNS name GnuTLS takes the common name for one, and finds it outside the name constraints.
      const token = await cluster().token(name, '--dns', `${name}.test.internal`);
      await cluster().good(['--home', cluster().home(name), 'node', 'enroll', token]);
    }
    await cluster().pki('revoke', 'bravo', '--reason', 'keyCompromise');
    crl = join(cluster().directory, 'crl.pem');
    await cluster().pki('crl', '--publish', '-o', crl);
  });

  it('reads a node’s certificate', () => {
    const shown = certtool('--certificate-info', '--infile', join(cluster().home('alpha'), 'cert.pem'));
    expect(shown.status).toBe(0);
    expect(shown.stdout).toMatch(/URI: spiffe:\/\/test\.internal\/node\/alpha/);
    expect(shown.stdout).toMatch(/ECDSA-SHA256/);
  });

  it('verifies the chain of a good node, and refuses that of a revoked one by the CRL', async () => {
    expect(await verify('alpha')).toMatchObject({ status: 0 });
    const revoked = await verify('bravo');
    expect(revoked.status).not.toBe(0);
    expect(revoked.stdout + revoked.stderr).toMatch(/revoked/i);
  });

  it('verifies the CRL under the issuing CA, and not under the root', () => {
    const home = cluster().home('alpha');
    const checked = (ca: string): number | null =>
      certtool('--verify-crl', '--load-ca-certificate', join(home, ca), '--infile', crl).status;
    expect(checked('chain.pem')).toBe(0);
    expect(checked('root.pem')).not.toBe(0);
  });

  async function verify(name: string): Promise<Ran> {
    const home = cluster().home(name);
    const chain = join(cluster().directory, `${name}-chain.pem`);
    const parts = ['cert.pem', 'chain.pem'].map((file) => readFile(join(home, file), 'utf8'));
    await writeFile(chain, (await Promise.all(parts)).join(''));
    const trust = ['--load-ca-certificate', join(home, 'root.pem'), '--load-crl', crl];
    return certtool('--verify', ...trust, '--infile', chain);
  }
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function certtool(...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync('certtool', args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}
