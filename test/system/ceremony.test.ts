import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  auditHomes,
  crossCertify,
  initCa,
  initRoot,
  signIssuingCa,
  signNewRootCrl,
} from '../../src/app/index.ts';
import { administerCa, backupCa, importCa, initCaRequest, type RequestedCa } from '../../src/app/index.ts';
import { systemClock } from '../../src/io/index.ts';
import { callTls, openFeed } from '../support/ca-http.ts';
import { callSocket, fileDirectory, initCaHome, serveCaHome } from '../support/ca-process.ts';
import { enrollTlsMember } from '../support/tls-identity.ts';
import { expectCode } from '../support/expect-code.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const passphrase = { env: { LIFESIGN_PASSPHRASE: 'correct horse battery' } };
const now = () => systemClock.now().wall;
const common = { passphrase, now };

async function awaiting(directory: string, trustDomain = 'mesh.internal'): Promise<RequestedCa> {
  const home = join(directory, 'ca');
  return initCaRequest({
    home,
    trustDomain,
    urls: ['https://ca.example.test:8440'],
    permitDns: [],
    passphrase,
  });
}

interface Ceremony {
  readonly ca: RequestedCa;
  readonly root: string;
  readonly bundle: string;
  readonly directory: string;
}

/** A home and its offline root, up to the moment of import. */
async function ceremony(): Promise<Ceremony> {
  const directory = await tempDir();
  const ca = await awaiting(directory);
  const root = join(directory, 'root');
  await initRoot({ home: root, trustDomain: 'mesh.internal', ...common });
  const bundle = join(directory, 'bundle.pem');
  const { csrFile: requestFile, keySha256 } = ca;
  await signIssuingCa({ home: root, requestFile, keySha256, output: bundle, ...common });
  return { ca, root, bundle, directory };
}

const list = (home: string) => administerCa({ home, call: { method: 'GET', path: '/v1/certificates' } });

async function filesOf(home: string): Promise<readonly string[]> {
  const entries = await readdir(home, { recursive: true });
  return entries.filter((entry) => !entry.startsWith('lock') && !entry.startsWith('store')).sort();
}

describe('a CA with its root on another machine', () => {
  it('waits for its certificate, refuses what is not for it, takes what is, and ends what was interrupted', async () => {
    const { ca, root, bundle, directory } = await ceremony();
    const { home } = ca;
    const before = await filesOf(home);
    await expectCode('LS_CEREMONY_AWAITED', () => list(home));
    await expectCode('LS_CEREMONY_AWAITED', () => auditHomes({ homes: [home] }));
    await expectCode('LS_CEREMONY_AWAITED', () => backupCa({ home, file: join(directory, 'b'), ...common }));
    await expectCode('LS_CA_EXISTS', () => awaiting(directory));

    const refuse = (code: Parameters<typeof expectCode>[0], files: readonly string[], rootSha256?: string) =>
      expectCode(code, () =>
        importCa({ home, files, ...(rootSha256 === undefined ? {} : { rootSha256 }), ...common }),
      );
    await refuse('LS_CEREMONY_FILES', [ca.csrFile]);
    await refuse('LS_CEREMONY_FILES', [join(root, 'root.pem')]);
    await refuse('LS_CEREMONY_ROOT', [bundle], '0'.repeat(64));
    await refuse('LS_FILE_NOT_FOUND', [join(directory, 'none')]);
    const pem = await readFile(bundle, 'utf8');
    const cut = join(directory, 'cut.pem');
    await writeFile(cut, pem.slice(0, -100));
    await refuse('LS_PEM_BOUNDARY', [cut]);
    const other = await awaiting(await tempDir());
    const foreign = join(directory, 'foreign.pem');
    const { csrFile, keySha256 } = other;
    await signIssuingCa({ home: root, requestFile: csrFile, keySha256, output: foreign, ...common });
    await refuse('LS_CA_KEY_MISMATCH', [foreign]);
    expect(await filesOf(home)).toEqual(before);

    const made = await importCa({ home, files: [bundle], ...common });
    expect(made).toMatchObject({ isNew: true, trustDomain: 'mesh.internal' });
    expect(await list(home)).toEqual({ certificates: [] });
    await rm(join(home, 'issuing.pem'));
    await expectCode('LS_CEREMONY_AWAITED', () => list(home));
    const again = await importCa({ home, files: [bundle], rootSha256: made.rootSha256, ...common });
    expect(again).toEqual(made);
    expect(await auditHomes({ homes: [home] })).toMatchObject({ ok: true });
    await refuse('LS_CEREMONY_DONE', [foreign]);
  });

  it('takes newer CRLs of the root, which lists for ever what it revoked', async () => {
    const { ca, root, bundle, directory } = await ceremony();
    const { home } = ca;
    const [old] = (await readdir(join(root, 'issued'))).map((file) => file.slice(0, -'.pem'.length));
    await importCa({ home, files: [bundle], ...common });
    await expectCode('LS_ROOT_SERIAL', () =>
      signNewRootCrl({ home: root, revoke: '4'.repeat(32), ...common }),
    );
    const file = join(directory, 'root.crl');
    const sign = async (revoke?: string) => {
      const signed = await signNewRootCrl({
        home: root,
        ...(revoke === undefined ? {} : { revoke }),
        ...common,
      });
      await writeFile(file, signed.crl);
      return signed;
    };
    const first = await sign();
    expect(first).toMatchObject({ crlNumber: 3, revoked: [] });
    const taken = await importCa({ home, files: [file], ...common });
    expect(taken).toMatchObject({ isNew: false, rootCrl: { number: 3, isNews: true } });
    expect((await importCa({ home, files: [file], ...common })).rootCrl).toMatchObject({ isNews: false });
    await expectCode('LS_CRL_STALE', () => importCa({ home, files: [bundle], ...common }));

    await sign(old);
    const { revoked } = await sign(old);
    expect(revoked).toEqual([old]);
    const ending = await importCa({ home, files: [file], ...common });
    expect(ending.rootCrl).toMatchObject({ revoked: 1, endsIssuing: true });
    expect(await auditHomes({ homes: [home] })).toMatchObject({ ok: true });
  });

  it('is signed for its key only, its own trust domain only, by a root whose home is whole', async () => {
    const { ca, root, directory } = await ceremony();
    const output = join(directory, 'x.pem');
    const sign = (requestFile: string, keySha256: string) => () =>
      signIssuingCa({ home: root, requestFile, keySha256, output, ...common });
    await expectCode('LS_CEREMONY_KEY', sign(ca.csrFile, `00${ca.keySha256.slice(2)}`));
    await expectCode('LS_CEREMONY_KEY', sign(ca.csrFile, ca.keySha256.slice(0, 31)));
    await expectCode('LS_PEM_LABEL', sign(join(root, 'root.pem'), ca.keySha256));
    const other = await awaiting(await tempDir(), 'other.internal');
    await expectCode('LS_CEREMONY_REQUEST', sign(other.csrFile, other.keySha256));
    const crl = await readFile(join(root, 'root.crl'));
    await writeFile(join(root, 'root.crl'), crl.fill(0, crl.length - 1));
    await expectCode('LS_ROOT_HOME', sign(ca.csrFile, ca.keySha256));
    await expectCode('LS_ROOT_EXISTS', () =>
      initRoot({ home: root, trustDomain: 'mesh.internal', ...common }),
    );
    expect((await readdir(directory)).includes('x.pem')).toBe(false);
  });

  it('may be made of a CA that has its root with it, and then renews its CRL from there', async () => {
    const directory = await tempDir();
    const home = join(directory, 'ca');
    await initCa({ home, urls: ['https://ca.example.test:8440'], permitDns: [], ...common });
    const root = join(directory, 'root');
    const moved = await initRoot({ home: root, trustDomain: '', from: home, ...common });
    expect(moved.keyLeftAt).toBe(join(home, 'keys', 'root.key.pem'));
    await rm(join(home, 'keys', 'root.key.pem'));
    const { crl } = await signNewRootCrl({ home: root, ...common });
    const file = join(directory, 'root.crl');
    await writeFile(file, crl);
    expect((await importCa({ home, files: [file], ...common })).rootCrl).toMatchObject({ number: 2 });
    expect(await auditHomes({ homes: [home] })).toMatchObject({ ok: true });
    const second = join(directory, 'second');
    await expectCode('LS_ROOT_KEY_TAKEN', () =>
      initRoot({ home: second, trustDomain: '', from: home, ...common }),
    );
  });

  it('may be followed by another one, each on a machine of its own', async () => {
    const { ca, root, bundle, directory } = await ceremony();
    const { home } = ca;
    await importCa({ home, files: [bundle], ...common });
    const call = (path: string, body: object = {}) =>
      administerCa({ home, call: { method: 'POST', path, body }, passphrase });
    await expectCode('LS_ROLLOVER_ROOT_ABSENT', () => call('/v1/rollover/root', {}));

    const next = join(directory, 'root-2');
    const { rootSha256 } = await initRoot({
      home: next,
      trustDomain: 'mesh.internal',
      generation: 2,
      ...common,
    });
    const output = join(directory, 'root-bundle.pem');
    const cross = (rootFile: string, sha256: string) =>
      crossCertify({ home: root, rootFile, rootSha256: sha256, output, ...common });
    const nextFile = join(next, 'root.pem');
    await expectCode('LS_CEREMONY_KEY', () => cross(nextFile, `00${rootSha256.slice(2)}`));
    await expectCode('LS_CEREMONY_KEY', () => cross(nextFile, rootSha256.slice(0, 31)));
    const own = (await readFile(join(root, 'root.pem'), 'utf8')).replaceAll(/-----.*-----|\n/g, '');
    const ownSha256 = createHash('sha256').update(Buffer.from(own, 'base64')).digest('hex');
    await expectCode('LS_CEREMONY_HIERARCHY', () => cross(join(root, 'root.pem'), ownSha256));
    await cross(nextFile, rootSha256);

    const { crl } = await signNewRootCrl({ home: next, ...common });
    const crlFile = join(directory, 'root-2.crl');
    await writeFile(crlFile, crl);
    await expectCode('LS_CEREMONY_FILES', () => importCa({ home, files: [output], ...common }));
    const taken = await importCa({ home, files: [output, crlFile], ...common });
    expect(taken).toMatchObject({
      isNew: false,
      preparedRoot: { generation: 2, isHere: false, crlNumber: 2 },
    });
    const both = await readFile(join(home, 'root.pem'), 'utf8');
    expect(both.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);

    // It certifies the next issuing CA, whose request says where its CRL will be.
    const { csr, keySha256 } = (await call('/v1/rollover/request')) as Record<'csr' | 'keySha256', string>;
    const requestFile = join(directory, 'issuing-next.csr');
    await writeFile(requestFile, Buffer.from(csr, 'base64'));
    const issuing = join(directory, 'issuing-next.pem');
    await signIssuingCa({ home: next, requestFile, keySha256, output: issuing, ...common });
    const prepared = await importCa({ home, files: [issuing], ...common });
    expect(prepared).toMatchObject({ prepared: { generation: 2, state: 'prepared' } });
    await call('/v1/rollover/activate', {});
    const text = await run('openssl', ['x509', '-in', join(home, 'issuing.pem'), '-noout', '-text']);
    expect(text.stdout).toMatch(/Issuer: CN ?= ?mesh\.internal root CA G2[\s\S]*\/crl\/root-2\.crl/);

    // Newer CRLs of either root are told apart.
    for (const [at, number] of [
      [root, 4],
      [next, 4],
    ] as const) {
      const newer = await signNewRootCrl({ home: at, ...common });
      expect(newer.crlNumber).toBe(number);
      await writeFile(crlFile, newer.crl);
      expect((await importCa({ home, files: [crlFile], ...common })).rootCrl).toMatchObject({
        number,
        isNews: true,
      });
    }
    expect(await auditHomes({ homes: [home] })).toMatchObject({ ok: true });
  });
});

describe('a root that revokes a CA which serves', () => {
  it('is told to the nodes before they are refused, and the CA goes on for nobody', async () => {
    const directory = await fileDirectory();
    try {
      const ca = await initCaHome(join(directory.path, 'ca'));
      const root = join(directory.path, 'root');
      await initRoot({ home: root, trustDomain: '', from: ca.home, ...common });
      const [serial = ''] = (await readdir(join(root, 'issued'))).map((file) =>
        file.slice(0, -'.pem'.length),
      );
      {
        await using server = await serveCaHome(ca.home);
        const { caller } = await enrollTlsMember(ca.home, 'alpha');
        const feed = await openFeed(ca.port, caller);
        await feed.said(/event: seeds/);
        const { crl } = await signNewRootCrl({ home: root, revoke: serial, ...common });
        const file = join(directory.path, 'root.crl');
        await writeFile(file, crl);
        const taken = await importCa({ home: ca.home, files: [file], ...common });
        expect(taken.rootCrl).toMatchObject({ endsIssuing: true });
        await feed.said(new RegExp(Buffer.from(crl).toString('base64').replaceAll(/[+/]/g, '[+/]')));
        feed.close();
        const body = { address: null };
        const refused = await callTls(ca.port, 'POST', '/v1/activate', { caller, body });
        expect(refused.json['code']).toBe('LS_TRUST_REVOKED');
        const published = await callSocket(ca.home, 'POST', '/v1/crl/publish');
        expect(published).toMatchObject({ status: 503, json: { code: 'LS_CA_REVOKED' } });
        await server.kill('SIGTERM');
      }
      // What it is like then: test/integration/ca-revoked.test.ts.
      await using again = await serveCaHome(ca.home);
      expect(again.stdout).toContain('LS_CA_REVOKED');
    } finally {
      await directory.remove();
    }
  });
});

/** What docs/OPERATIONS.md says for a root that is kept with openssl. */
const ROOT_CNF = `
[ ca ]
default_ca = root
[ root ]
database = index.txt
new_certs_dir = issued
serial = serial
crlnumber = crlnumber
certificate = root.pem
private_key = root.key
default_md = sha256
default_days = 730
default_crl_days = 180
policy = names
copy_extensions = copyall
string_mask = utf8only
unique_subject = no
x509_extensions = issuing
crl_extensions = crl
[ names ]
commonName = supplied
[ issuing ]
authorityKeyIdentifier = keyid
[ crl ]
authorityKeyIdentifier = keyid
[ req ]
prompt = no
string_mask = utf8only
distinguished_name = name
x509_extensions = self
[ name ]
CN = mesh.internal root CA
[ self ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`;

describe('a root that is kept with openssl', () => {
  it('certifies a CA, signs CRLs for it, and may revoke it', async () => {
    const directory = await tempDir();
    const { home, csrFile } = await awaiting(directory);
    const cwd = join(directory, 'openssl');
    await mkdir(join(cwd, 'issued'), { recursive: true });
    const openssl = (...args: readonly string[]) => run('openssl', [...args], { cwd });
    const serial = randomBytes(16);
    serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
    const written = {
      'root.cnf': ROOT_CNF,
      'index.txt': '',
      crlnumber: '01\n',
      serial: `${serial.toString('hex')}\n`,
    };
    for (const [name, text] of Object.entries(written)) await writeFile(join(cwd, name), text);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', 'root.key', '-noenc'];
    await openssl('req', '-x509', '-config', 'root.cnf', ...key, '-out', 'root.pem', '-days', '3650');
    await openssl('ca', '-batch', '-config', 'root.cnf', '-in', csrFile, '-out', 'issuing.pem', '-notext');
    await openssl('ca', '-config', 'root.cnf', '-gencrl', '-out', 'root.crl.pem');
    const at = (name: string): string => join(cwd, name);

    const files = ['root.pem', 'issuing.pem', 'root.crl.pem'].map(at);
    expect(await importCa({ home, files, ...common })).toMatchObject({ isNew: true });
    expect(await auditHomes({ homes: [home] })).toMatchObject({ ok: true });
    await openssl(
      'verify',
      '-x509_strict',
      '-crl_check',
      '-CAfile',
      'root.pem',
      '-CRLfile',
      'root.crl.pem',
      join(home, 'issuing.pem'),
    );

    await openssl('ca', '-config', 'root.cnf', '-revoke', 'issuing.pem', '-crl_reason', 'keyCompromise');
    await openssl('ca', '-config', 'root.cnf', '-gencrl', '-out', 'root.crl.pem');
    const ended = await importCa({ home, files: [at('root.crl.pem')], ...common });
    expect(ended.rootCrl).toMatchObject({ number: 2, revoked: 1, endsIssuing: true });
    const other = await awaiting(await tempDir());
    await expectCode('LS_CA_KEY_MISMATCH', () => importCa({ home: other.home, files, ...common }));
  });
});
