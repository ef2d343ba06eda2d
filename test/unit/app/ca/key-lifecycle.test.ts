import { copyFile, link, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyIdOf } from '../../../../src/authority/index.ts';
import { auditCaHome } from '../../../../src/app/audit-ca.ts';
import { changePassphrase, destroyKey } from '../../../../src/app/ca/key-lifecycle.ts';
import { listKeys } from '../../../../src/app/ca/key-list.ts';
import { initCa } from '../../../../src/app/ca/init.ts';
import { openCa } from '../../../../src/app/ca/open.ts';
import { openCaLog, openLogKey } from '../../../../src/app/ca/log-key.ts';
import { generateKey, makePassphrase, readKeyFile, writeKeyFile } from '../../../../src/io/index.ts';
import { unixMs, utf8 } from '../../../../src/std/index.ts';
import { makeTrustBundle } from '../../../../src/trust/index.ts';
import { testCrypto } from '../../../support/crypto.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { valueOf } from '../../../support/result.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const passphrase = { env: { LIFESIGN_PASSPHRASE: 'old one' } };
const now = () => unixMs(Date.now());

async function newHome(): Promise<{
  readonly home: string;
  readonly keysDir: string;
  readonly root: string;
}> {
  const home = join(await tempDir(), 'ca');
  await initCa({ home, urls: ['https://127.0.0.1:8440'], permitDns: [], passphrase, now });
  const { keys } = await listKeys(home);
  const root = keys.find(({ name }) => name === 'root')?.id ?? '';
  return { home, keysDir: join(home, 'keys'), root };
}

/** The words that the ledger has about keys, and what the audit says of it once it is signed. */
async function audited(home: string, secret = passphrase) {
  const ca = await openCa(home, secret);
  try {
    const { authority, keys, store } = ca;
    if (keys === undefined) throw new Error('opened without keys');
    const signer = await openLogKey(keys);
    await (await openCaLog({ paths: ca.home, store, signer, trustDomain: authority.trustDomain })).advance();
    const bundle = valueOf(makeTrustBundle(authority.trustDomain, authority.bundle().roots, testCrypto));
    const { report } = await auditCaHome(home, 0, bundle);
    const rows = await store.read(async (tx) => ({ ok: true, value: await tx.ledger(0, 100) }));
    const text = Buffer.concat(valueOf(rows).map(({ body }) => Buffer.from(body))).toString('latin1');
    const words = [...text.matchAll(/key-[a-z]+ [a-z]+ [0-9a-f]{32}/g)].map(([word]) => word);
    return { ok: report.ok && report.complete, words };
  } finally {
    await ca.close();
  }
}

/** Each passphrase costs 600,000 rounds, by design. */
const LIMIT_MS = 60_000;

describe('the keys of a CA', { timeout: LIMIT_MS }, () => {
  it('are listed with their ids, the key of the ledger too, without a passphrase', async () => {
    const { home, keysDir } = await newHome();
    const secret = makePassphrase(utf8('old one'), 'test');
    const { keys } = await listKeys(home);
    expect(keys.map(({ name, algorithm, place }) => `${name} ${String(algorithm)} ${place}`)).toEqual([
      'root ES256 file',
      'issuing ES256 file',
      'log Ed25519 file',
    ]);
    for (const { name, id } of keys) {
      const { signer } = await readKeyFile(join(keysDir, `${name}.key.pem`), secret);
      expect(id).toBe(keyIdOf(signer.spki, testCrypto));
    }
    await rm(join(home, 'ledger', 'checkpoint'));
    await rm(join(keysDir, 'root.key.pem'));
    const [root, , log] = (await listKeys(home)).keys;
    expect(root).toMatchObject({ place: 'elsewhere', id: keys[0]?.id });
    expect(log).toMatchObject({ id: null });
  });

  it('of the root is destroyed once a copy was seen, the CA goes on, and the audit agrees', async () => {
    const { home, keysDir, root } = await newHome();
    const copy = join(await tempDir(), 'root.key.pem');
    await copyFile(join(keysDir, 'root.key.pem'), copy);
    await copyFile(copy, join(keysDir, 'root.key.pem.next'));
    const destroyed = await destroyKey({ home, keyId: root, copy, passphrase, now });
    expect(destroyed).toEqual({ name: 'root', id: root, place: 'file', copy });
    expect((await readdir(keysDir)).sort()).toEqual(['issuing.key.pem', 'log.key.pem']);
    expect(await audited(home)).toEqual({ ok: true, words: [`key-destroyed root ${root}`] });
    // It comes back for a moment, and goes again.
    await copyFile(copy, join(keysDir, 'root.key.pem'));
    await destroyKey({ home, keyId: root, copy: null, passphrase, now });
    // Whoever moved it away by hand, or died before it was recorded, records it.
    expect(await destroyKey({ home, keyId: root, copy, passphrase, now })).toMatchObject({ place: null });
    expect((await audited(home)).words).toHaveLength(3);
  });

  it('are not destroyed when the copy is none, the key is in use or unknown, or a server runs', async () => {
    const { home, keysDir, root } = await newHome();
    const original = join(keysDir, 'root.key.pem');
    const elsewhere = await tempDir();
    const refused =
      (copy: string | null, keyId = root, secret = passphrase) =>
      () =>
        destroyKey({ home, keyId, copy, passphrase: secret, now });
    await expectCode('LS_KEY_COPY', refused(original));
    await symlink(original, join(elsewhere, 'symlink'));
    await expectCode('LS_KEY_COPY', refused(join(elsewhere, 'symlink')));
    await link(original, join(elsewhere, 'link'));
    await expectCode('LS_KEY_COPY', refused(join(elsewhere, 'link')));
    await expectCode('LS_KEY_COPY', refused(join(keysDir, 'issuing.key.pem')));
    await expectCode('LS_FILE_NOT_FOUND', refused(join(elsewhere, 'nothing')));
    await copyFile(original, join(elsewhere, 'copy'));
    const wrong = { env: { LIFESIGN_PASSPHRASE: 'wrong' } };
    await expectCode('LS_KEY_PASSPHRASE', refused(join(elsewhere, 'copy'), root, wrong));
    const { keys } = await listKeys(home);
    for (const { name, id } of keys)
      if (name !== 'root') await expectCode('LS_KEY_IN_USE', refused(null, id ?? ''));
    await expectCode('LS_KEY_NOT_FOUND', refused(null, '0'.repeat(32)));
    await expectCode('LS_KEY_NOT_FOUND', refused(null, 'root'));
    const server = await openCa(home, passphrase);
    await expectCode('LS_HOME_LOCKED', refused(null));
    await server.close();
    expect((await audited(home)).words).toEqual([]);
    expect((await listKeys(home)).keys[0]?.place).toBe('file');
  });

  it('that are links are destroyed where they are', async () => {
    const { home, keysDir, root } = await newHome();
    const target = join(await tempDir(), 'mounted.pem');
    await rename(join(keysDir, 'root.key.pem'), target);
    await symlink(target, join(keysDir, 'root.key.pem'));
    await destroyKey({ home, keyId: root, copy: null, passphrase, now });
    await expect(readFile(target)).rejects.toThrow('ENOENT');
    expect(await readdir(keysDir)).not.toContain('root.key.pem');
  });

  it('come under another passphrase, also after a change that stopped half-way', async () => {
    const { home, keysDir } = await newHome();
    const fresh = { env: { LIFESIGN_NEW_PASSPHRASE: 'new one' } };
    const changed = await changePassphrase({ home, passphrase, newPassphrase: fresh, now });
    expect(changed.keys.map(({ name }) => name)).toEqual(['root', 'issuing', 'log']);
    const after = { env: { LIFESIGN_PASSPHRASE: 'new one' } };
    await expectCode('LS_KEY_PASSPHRASE', () => openCa(home, passphrase));
    const words = changed.keys.map(({ name, id }) => `key-reencrypted ${name} ${id}`);
    expect(await audited(home, after)).toEqual({ ok: true, words });
    expect((await readdir(keysDir)).sort()).toEqual(['issuing.key.pem', 'log.key.pem', 'root.key.pem']);

    // One file back to the old one: what a crash between two renames leaves.
    const file = join(keysDir, 'issuing.key.pem');
    const { key } = await readKeyFile(file, makePassphrase(utf8('new one'), 'test'));
    const pkcs8 = new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }));
    await writeKeyFile(file, pkcs8, makePassphrase(utf8('old one'), 'test'));
    await changePassphrase({ home, passphrase, newPassphrase: fresh, now });
    expect((await audited(home, after)).ok).toBe(true);
  });

  it('stay under their passphrase when one of them does not open', async () => {
    const { home, keysDir } = await newHome();
    const other = makePassphrase(utf8('a third'), 'test');
    await writeKeyFile(join(keysDir, 'log.key.pem'), generateKey('Ed25519').pkcs8, other);
    const before = await readFile(join(keysDir, 'issuing.key.pem'));
    const fresh = { env: { LIFESIGN_NEW_PASSPHRASE: 'new one' } };
    await expectCode('LS_KEY_PASSPHRASE', () =>
      changePassphrase({ home, passphrase, newPassphrase: fresh, now }),
    );
    await expectCode('LS_KEY_NO_PASSPHRASE', () =>
      changePassphrase({ home, passphrase, newPassphrase: { env: {} }, now }),
    );
    expect(await readFile(join(keysDir, 'issuing.key.pem'))).toEqual(before);
    expect((await readdir(keysDir)).sort()).toEqual(['issuing.key.pem', 'log.key.pem', 'root.key.pem']);
  });

  it('that are both in a file and on a token are not chosen from', async () => {
    const { home, keysDir } = await newHome();
    await writeFile(join(keysDir, 'issuing.key.uri'), 'pkcs11:object=x;id=%01;type=private\n');
    await expectCode('LS_KEY_STORE_AMBIGUOUS', () => openCa(home, passphrase));
    await rm(join(keysDir, 'issuing.key.pem'));
    await expectCode('LS_CONFIG_KEY_STORE', () => openCa(home, passphrase));
    await rm(join(keysDir, 'issuing.key.uri'));
    await expectCode('LS_KEY_NOT_FOUND', () => openCa(home, passphrase));
  });
});
