import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TestCluster } from '../support/cluster.ts';
import { clusterForAll } from '../support/cluster-suite.ts';
import { lifesign, startProgram, type Ending } from '../support/process.ts';

/*
 * What OpenSSL says about certificates, CRLs and links of a running mesh, beside what lifesign says. alpha and bravo
 * run; charlie and delta are enrolled members whose certificates OpenSSL presents.
 */

const LIMIT_MS = 60_000;

describe('openssl', () => {
  const cluster = clusterForAll(['alpha', 'bravo'], ['charlie', 'delta']);

  it('verifies a node certificate up to the root, and reads CRLs that name nobody', async () => {
    await download(cluster());
    expect(verify(cluster(), 'charlie')).toMatchObject({
      status: 0,
      output: expect.stringContaining(': OK') as string,
    });
    expect(await shown(cluster(), 'charlie')).toMatchObject({ state: 'enrolled', status: 'good' });
    const crl = openssl(cluster(), 'crl', '-in', 'issuing.crl', '-noout', '-text', '-CAfile', 'issuing.pem');
    expect(crl.output).toContain('verify OK');
    expect(crl.output).toContain('No Revoked Certificates');
  });

  it('opens a TLS 1.3 link with a member’s certificate, and can’t resume it', async () => {
    const { output } = await connect(cluster(), 'charlie', '-sess_out', 'session.pem');
    expect(output).toContain('ALPN protocol: lifesign/1');
    expect(output).toMatch(/New, TLSv1\.3, Cipher is TLS_/);
    expect(output).toContain('Verify return code: 0 (ok)');
    expect(output).toMatch(/^ ?1 s:.*\n\s+i:/m);
    // It never says hello.
    expect(output).toContain('LS_LINK_HELLO_TIMEOUT');
    await cluster()
      .node('alpha')
      .errorLine(/LS_LINK_HELLO_TIMEOUT/, LIMIT_MS);
  });

  it('is told why it is refused when it shows no certificate', async () => {
    const { output } = await connect(cluster(), undefined);
    expect(output).toContain('LS_TLS_PEER_CERTIFICATE');
    await cluster()
      .node('alpha')
      .errorLine(/LS_TLS_PEER_CERTIFICATE/, LIMIT_MS);
  });

  it('is refused with TLS 1.2 during the handshake', async () => {
    const { output, status } = await connect(cluster(), 'charlie', '-tls1_2');
    expect(status).not.toBe(0);
    expect(output).toMatch(/alert protocol version|tlsv1 alert|unsupported protocol/);
    expect(output).toContain('Cipher is (NONE)');
    await cluster()
      .node('alpha')
      .errorLine(/LS_TLS_/, LIMIT_MS);
  });

  it('finds a revoked certificate revoked, by the delta CRL and then by the full one', async () => {
    await connect(cluster(), 'delta', '-sess_out', 'session.pem');
    const revoked = await cluster().pki('revoke', 'delta', '--reason', 'keyCompromise', '--wait');
    const { crlNumber, serials } = JSON.parse(revoked.stdout) as { crlNumber: number; serials: string[] };
    expect(await shown(cluster(), 'delta')).toMatchObject({ state: 'revoked', status: 'revoked' });

    await download(cluster(), 'delta');
    const byDelta = verify(cluster(), 'delta', '-extended_crl', '-use_deltas');
    expect(byDelta).toMatchObject({
      status: 2,
      output: expect.stringContaining('certificate revoked') as string,
    });
    expect(verify(cluster(), 'charlie', '-extended_crl', '-use_deltas').status).toBe(0);

    const old = await lifesign(['--home', cluster().caHome, 'pki', 'crl']);
    expect(old.stderr).toMatch(/--delta.*--publish/);
    const [full1, delta] = [await cluster().pki('crl'), await cluster().pki('crl', '--delta')];
    expect(JSON.parse(full1.stdout)).toMatchObject({ crlNumber: crlNumber - 1, delta: false });
    expect(JSON.parse(delta.stdout)).toMatchObject({ crlNumber, delta: true });

    await cluster().pki('crl', '--publish');
    await download(cluster());
    const full = openssl(cluster(), 'crl', '-in', 'issuing.crl', '-noout', '-text', '-CAfile', 'issuing.pem');
    expect(full.output).toContain('verify OK');
    expect(full.output).toContain(`Serial Number: ${serials[0]?.toUpperCase() ?? ''}`);
    expect(full.output).toContain('Key Compromise');
    expect(full.output).toMatch(new RegExp(`X509v3 CRL Number: *\\n *${crlNumber + 1}\\b`));
    expect(verify(cluster(), 'delta')).toMatchObject({
      status: 2,
      output: expect.stringContaining('certificate revoked') as string,
    });
    expect(verify(cluster(), 'charlie').status).toBe(0);
  });

  it('is told that its certificate is revoked, also when it offers a session from before', async () => {
    const { output } = await connect(cluster(), 'delta', '-sess_in', 'session.pem');
    expect(output).not.toContain('Reused');
    expect(output).toContain('LS_TRUST_REVOKED');
    await cluster()
      .node('alpha')
      .errorLine(/LS_TRUST_REVOKED/, LIMIT_MS);
  });
});

/** Gets the CRLs as any relying party would, over plain HTTP, and keeps them as PEM. */
async function download(cluster: TestCluster, ...more: readonly 'delta'[]): Promise<void> {
  const names = ['issuing', 'root', ...more.map(() => 'issuing-delta')];
  for (const name of names) {
    const answer = await fetch(`http://127.0.0.1:${cluster.crlPort}/crl/${name}.crl`);
    expect(answer.status).toBe(200);
    await writeFile(join(cluster.directory, `${name}.der`), await answer.bytes());
    const args = ['-inform', 'DER', '-in', `${name}.der`, '-out', `${name}.crl`];
    expect(openssl(cluster, 'crl', ...args).status).toBe(0);
  }
  const files = names.map((name) => readFile(join(cluster.directory, `${name}.crl`), 'utf8'));
  await writeFile(join(cluster.directory, 'crls.pem'), (await Promise.all(files)).join(''));
  for (const name of ['root.pem', 'issuing.pem'])
    await writeFile(join(cluster.directory, name), await readFile(join(cluster.caHome, name)));
}

function verify(cluster: TestCluster, name: string, ...options: readonly string[]): OpensslRun {
  const home = cluster.home(name);
  const trust = ['-CAfile', join(home, 'root.pem'), '-untrusted', join(home, 'chain.pem')];
  const rules = ['-x509_strict', '-crl_check_all', '-CRLfile', 'crls.pem', '-purpose', 'sslserver'];
  return openssl(cluster, 'verify', ...trust, ...rules, ...options, join(home, 'cert.pem'));
}

/** Connects to alpha as `name` and reads until alpha ends the connection. */
async function connect(
  cluster: TestCluster,
  name: string | undefined,
  ...options: readonly string[]
): Promise<OpensslRun> {
  const member = name === undefined ? [] : credentials(cluster.home(name));
  const trust = ['-CAfile', join(cluster.home('alpha'), 'root.pem')];
  const args = ['s_client', '-connect', cluster.address('alpha'), '-alpn', 'lifesign/1', '-ign_eof'];
  const ended: Ending = await startProgram('openssl', [...args, ...trust, ...member, ...options], {
    cwd: cluster.directory,
  }).ended;
  return { status: ended.code, output: ended.stdout + ended.stderr };
}

function credentials(home: string): readonly string[] {
  const at = (file: string): string => join(home, file);
  return ['-cert', at('cert.pem'), '-key', at('key.pem'), '-cert_chain', at('chain.pem')];
}

interface OpensslRun {
  readonly status: number | null;
  readonly output: string;
}

function openssl(cluster: TestCluster, ...args: readonly string[]): OpensslRun {
  const run = spawnSync('openssl', args, { cwd: cluster.directory, encoding: 'utf8' });
  return { status: run.status, output: run.stdout + run.stderr };
}

/** State of the node and of its one certificate, as `pki show` has them. */
async function shown(cluster: TestCluster, name: string): Promise<{ state: string; status: string }> {
  const { state, certificates } = JSON.parse((await cluster.pki('show', name)).stdout) as {
    state: string;
    certificates: { status: string }[];
  };
  return { state, status: certificates.map((certificate) => certificate.status).join() };
}
