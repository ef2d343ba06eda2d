import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { clusterForAll } from '../support/cluster-suite.ts';

/** GnuTLS as an OCSP client: it shares no code with OpenSSL or with us. */
describe('ocsptool of GnuTLS', () => {
  const cluster = clusterForAll([]);
  let url = '';

  beforeAll(async () => {
    for (const name of ['alpha', 'bravo']) {
      const token = await cluster().token(name);
      await cluster().good(['--home', cluster().home(name), 'node', 'enroll', token]);
    }
    await cluster().pki('revoke', 'bravo', '--reason', 'superseded');
    const cert = join(cluster().home('alpha'), 'cert.pem');
    url = spawnSync('openssl', ['x509', '-in', cert, '-noout', '-ocsp_uri'], {
      encoding: 'utf8',
    }).stdout.trim();
  });

  it.each([
    ['with a nonce', ['--nonce']],
    ['without a nonce', []],
  ])('verifies what it is told, %s', (_, args) => {
    const good = ask('alpha', ...args);
    expect(good.stdout + good.stderr).toMatch(/Verifying OCSP Response: Success/);
    expect(good.stdout).toMatch(/Certificate Status: good/);
    const revoked = ask('bravo', ...args);
    expect(revoked.stdout).toMatch(/Certificate Status: revoked/);
  });

  it('reads an answer that was fetched with GET', async () => {
    const [asked, answered] = ['asked.der', 'answered.der'].map((file) => join(cluster().directory, file));
    if (asked === undefined || answered === undefined) throw new Error('two files');
    const home = cluster().home('alpha');
    const files = ['--load-issuer', join(home, 'chain.pem'), '--load-cert', join(home, 'cert.pem')];
    ocsptool('--generate-request', ...files, '--outfile', asked);
    const request = (await readFile(asked)).toString('base64');
    const answer = await fetch(`${url}/${encodeURIComponent(request)}`);
    await writeFile(answered, Buffer.from(await answer.arrayBuffer()));
    const read = ocsptool('--response-info', '--infile', answered);
    expect(read.stdout).toMatch(/Certificate Status: good/);
    expect(read.stdout).toMatch(/Responder Key ID/);
  });

  function ask(name: string, ...args: readonly string[]): Ran {
    const home = cluster().home(name);
    const files = ['--load-issuer', join(home, 'chain.pem'), '--load-cert', join(home, 'cert.pem')];
    return ocsptool(`--ask=${url}`, ...args, ...files);
  }
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ocsptool(...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync('ocsptool', args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}
