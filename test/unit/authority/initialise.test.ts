import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import {
  initialiseAuthority,
  MAX_PERMITTED_DNS,
  openAuthority,
  parseProfiles,
  PROFILE_NAMES,
  shippedProfiles,
  type InitialiseRequest,
} from '../../../src/authority/index.ts';
import { openSqliteStore } from '../../../src/io/index.ts';
import { decodeRoster } from '../../../src/membership/index.ts';
import { parseCertificate, parseCrl } from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa } from '../../support/ca.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { activeBundle, ofActive, ofRoot } from '../../support/issuing.ts';

const run = promisify(execFile);
const YEAR_MS = 365 * 86_400_000;

describe('initialising', () => {
  it('makes root and issuing CA, their CRLs and the first roster', async () => {
    const { authority, deps } = await makeTestCa();
    const { roots, issuing, domainId } = activeBundle(authority);
    const root = valueOf(parseCertificate(roots[0] ?? new Uint8Array()));
    const ca = valueOf(parseCertificate(issuing));
    expect(domainId).toEqual(testCrypto.sha256(deps.keys.roots[0].spki));
    expect(root.spki).toEqual(deps.keys.roots[0].spki);
    expect(root.notAfter - root.notBefore).toBe(10 * YEAR_MS + 300_000);
    expect(ca.issuer).toEqual(root.subject);
    expect(ca.extensions.basicConstraints?.value).toEqual({ ca: true, pathLen: 0 });
    const permitted = ca.extensions.nameConstraints?.value.permitted ?? [];
    expect(permitted.map((base) => ('value' in base ? base.value : base.kind))).toEqual([
      'mesh.internal',
      'mesh.internal',
      'example.test',
    ]);
    const crls = ofActive(valueOf(await authority.currentCrls()));
    expect([crls.number, crls.delta, crls.rootNumber]).toEqual([1, null, 1]);
    expect(valueOf(parseCrl(crls.root)).issuer).toEqual(root.subject);
    const roster = valueOf(await authority.currentRoster());
    expect([roster.number, roster.active, valueOf(decodeRoster(roster.record)).body.members]).toEqual([
      1,
      0,
      [],
    ]);
  });

  it('is done once: a second time is refused and changes nothing', async () => {
    const { authority, deps } = await makeTestCa();
    const request = { trustDomain: 'other.internal', permittedDns: [] };
    expect(codeOf(await initialiseAuthority(deps, request, CA_NOW))).toBe('LS_CA_ALREADY_INITIALISED');
    const keys = { issuing: [testKey()], roots: [testKey()] };
    expect(codeOf(await initialiseAuthority({ ...deps, keys }, request, CA_NOW))).toBe(
      'LS_CA_ALREADY_INITIALISED',
    );
    const again = valueOf(await openAuthority(deps));
    expect(again.bundle()).toEqual(authority.bundle());
    expect(valueOf(await again.currentRoster())).toEqual(valueOf(await authority.currentRoster()));
  });

  const refused: readonly (readonly [string, InitialiseRequest])[] = [
    ['an undotted trust domain', { trustDomain: 'mesh', permittedDns: [] }],
    ['an upper-case trust domain', { trustDomain: 'Mesh.internal', permittedDns: [] }],
    ['a wildcard', { trustDomain: 'mesh.internal', permittedDns: ['*.example.test'] }],
    ['an address as DNS name', { trustDomain: 'mesh.internal', permittedDns: ['192.0.2.1'] }],
    [
      'a suffix too many',
      {
        trustDomain: 'mesh.internal',
        permittedDns: Array.from({ length: MAX_PERMITTED_DNS + 1 }, (_, n) => `d${n}.test`),
      },
    ],
    ['an https CRL URL', { trustDomain: 'mesh.internal', permittedDns: [], crlUrl: 'https://ca:8441' }],
    ['a CRL URL with a path', { trustDomain: 'mesh.internal', permittedDns: [], crlUrl: 'http://ca:8441/x' }],
  ];
  it.each(refused)('refuses %s', async (_, request) => {
    const store = openSqliteStore(':memory:');
    onTestFinished(() => store.close());
    const { deps } = await makeTestCa();
    expect(codeOf(await initialiseAuthority({ ...deps, store }, request, CA_NOW))).toBe('LS_CA_REQUEST');
    expect(codeOf(await openAuthority({ ...deps, store }))).toBe('LS_CA_NOT_INITIALISED');
  });

  it('works for a trust domain that is too long for a commonName', async () => {
    const trustDomain = `${'long.'.repeat(30)}internal`;
    const { authority } = await makeTestCa({ request: { trustDomain, permittedDns: [] } });
    expect(authority.trustDomain).toBe(trustDomain);
    await enrollMember(authority, 'alpha');
  });

  it('works with Ed25519 CA keys', async () => {
    const { authority } = await makeTestCa({ algorithm: 'Ed25519' });
    await enrollMember(authority, 'alpha');
    expect(codeOf(await authority.revoke({ name: 'alpha' }, CA_NOW))).toBeUndefined();
  });

  it('makes what openssl accepts: the path of a node, and the CRLs that revoke it', async () => {
    const { authority } = await makeTestCa({ request: { crlUrl: 'http://ca.mesh.internal:8441' } });
    const { enrollment } = await enrollMember(authority, {
      name: 'alpha',
      dns: ['a.example.test'],
      ip: ['::1'],
    });
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    const { full, root } = ofActive(valueOf(await authority.publishFull(CA_NOW)));
    const dir = await tempDir();
    const pem = async (file: string, type: string, ders: readonly Uint8Array[]): Promise<string> => {
      const block = (der: Uint8Array): string =>
        `-----BEGIN ${type}-----\n${Buffer.from(der)
          .toString('base64')
          .replaceAll(/(.{64})/g, '$1\n')}\n-----END ${type}-----\n`;
      await writeFile(join(dir, file), ders.map(block).join(''));
      return join(dir, file);
    };
    const roots = await pem('root.pem', 'CERTIFICATE', enrollment.roots);
    const issuing = await pem('issuing.pem', 'CERTIFICATE', enrollment.chain.slice(1));
    const leaf = await pem('leaf.pem', 'CERTIFICATE', enrollment.chain.slice(0, 1));
    const crls = await pem('crls.pem', 'X509 CRL', [full, root]);
    const at = ['-attime', String(Math.floor(CA_NOW / 1_000) + 1)];
    const trusting = ['verify', ...at, '-x509_strict', '-CAfile', roots, '-untrusted', issuing];
    expect((await run('openssl', [...trusting, leaf])).stdout).toContain('OK');
    const checking = [...trusting, '-crl_check_all', '-CRLfile', crls, leaf];
    await expect(run('openssl', checking)).rejects.toThrow(/certificate revoked/);
  });
});

describe('opening', () => {
  it('refuses a store without a CA, and keys that are not those of its certificates', async () => {
    const { deps } = await makeTestCa();
    const empty = openSqliteStore(':memory:');
    onTestFinished(() => empty.close());
    const {
      issuing: [issuing],
      roots: [root],
    } = deps.keys;
    expect(codeOf(await openAuthority({ ...deps, store: empty }))).toBe('LS_CA_NOT_INITIALISED');
    expect(codeOf(await openAuthority({ ...deps, keys: { issuing: [root] } }))).toBe('LS_CA_KEY_MISMATCH');
    expect(codeOf(await openAuthority({ ...deps, keys: { issuing: [issuing], roots: [issuing] } }))).toBe(
      'LS_CA_KEY_MISMATCH',
    );
    expect(codeOf(await openAuthority({ ...deps, keys: { issuing: [issuing] } }))).toBeUndefined();
  });

  it('without the root key publishes all but the CRL of the root', async () => {
    const { deps } = await makeTestCa();
    const authority = valueOf(await openAuthority({ ...deps, keys: { issuing: deps.keys.issuing } }));
    expect(ofRoot(valueOf(await authority.publishFull(later(YEAR_MS / 2)))).rootNumber).toBe(1);
  });
});

describe('profiles', () => {
  it('ship as the files under ca/profiles say', async () => {
    const files = await Promise.all(
      PROFILE_NAMES.map(async (name): Promise<[string, unknown]> => [
        name,
        parse(await readFile(join('ca', 'profiles', `${name}.yaml`), 'utf8')),
      ]),
    );
    expect(valueOf(parseProfiles(Object.fromEntries(files)))).toEqual(shippedProfiles());
  });

  it('are refused when one is missing or names itself otherwise', async () => {
    const node: unknown = parse(await readFile(join('ca', 'profiles', 'node.yaml'), 'utf8'));
    expect(codeOf(parseProfiles({}))).toBe('LS_X509_PROFILE_INVALID');
    expect(codeOf(parseProfiles({ root: node }))).toBe('LS_X509_PROFILE_INVALID');
  });

  it('decide how long a certificate lives', async () => {
    const { deps } = await makeTestCa();
    const raw: unknown = parse(await readFile(join('ca', 'profiles', 'node.yaml'), 'utf8'));
    const shorter = { ...(raw as object), lifetime_days: 1 };
    const { node, ...others } = shippedProfiles();
    const files = await Promise.all(
      Object.keys(others).map(async (name): Promise<[string, unknown]> => [
        name,
        parse(await readFile(join('ca', 'profiles', `${name}.yaml`), 'utf8')),
      ]),
    );
    const profiles = valueOf(parseProfiles({ ...Object.fromEntries(files), node: shorter }));
    const authority = valueOf(await openAuthority({ ...deps, profiles }));
    const { enrollment } = await enrollMember(authority, 'alpha');
    expect(enrollment.notAfter - enrollment.notBefore).toBe(86_400_000 + node.backdateMs);
  });
});
