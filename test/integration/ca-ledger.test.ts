import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { AuditJson } from '../../src/app/index.ts';
import { parseCheckpoint, parseNote } from '../../src/ledger/index.ts';
import { callSocket, initCaHome, runJson, serveCaHome } from '../support/ca-process.ts';
import { valueOf } from '../support/result.ts';
import { tempDir } from '../support/temp-dir.ts';

async function signedSize(home: string): Promise<number> {
  const note = valueOf(parseNote(await readFile(join(home, 'ledger', 'checkpoint'))));
  return valueOf(parseCheckpoint(note.text)).size;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 200) throw new Error(`not in time: ${what}`);
    await sleep(50);
  }
}

function rowsOf(home: string): number {
  const database = new DatabaseSync(join(home, 'store.sqlite'), { readOnly: true });
  try {
    return Number(database.prepare('SELECT COUNT(*) AS n FROM ledger').get()?.['n']);
  } finally {
    database.close();
  }
}

function change(home: string, sql: string, ...values: readonly (number | Uint8Array)[]): void {
  const database = new DatabaseSync(join(home, 'store.sqlite'));
  try {
    database.prepare(sql).run(...values);
  } finally {
    database.close();
  }
}

const audit = (home: string, code: number): Promise<AuditJson> =>
  runJson<AuditJson>(home, ['audit', 'verify', home], { code });

it('signs the ledger of a CA while it serves, takes it up after kill -9, and audits it', async () => {
  const directory = await tempDir();
  const home = join(directory, 'ca');
  const { url } = await initCaHome(home);
  expect(url).toMatch(/^https:/);
  const first = await signedSize(home);
  expect(first).toBe(rowsOf(home));

  {
    await using server = await serveCaHome(home);
    const { token } = await runJson<{ token: string }>(home, ['pki', 'token', 'create', 'alpha']);
    const node = join(directory, 'alpha');
    await runJson(node, ['node', 'enroll', token, '--listen', '127.0.0.1:8450']);
    await until('a checkpoint over the enrollment', async () => (await signedSize(home)) === rowsOf(home));
    await runJson(home, ['pki', 'revoke', 'alpha']);
    // The server is at work: the audit sees one moment of it.
    expect(await audit(home, 0)).toMatchObject({ ok: true, homes: [{ ca: { revoked: 1, crlNumber: 2 } }] });
    await server.kill('SIGKILL');
  }
  // Alone, without a server: rows and no checkpoint.
  await runJson(home, ['pki', 'token', 'create', 'beta']);
  expect(await signedSize(home)).toBeLessThan(rowsOf(home));
  expect(await audit(home, 0)).toMatchObject({ ok: true });

  {
    await using server = await serveCaHome(home);
    expect((await server.kill('SIGTERM'))?.code).toBe(143);
  }
  expect(await signedSize(home)).toBe(rowsOf(home));
  expect(await audit(home, 0)).toMatchObject({ ok: true, complete: true });

  const database = new DatabaseSync(join(home, 'store.sqlite'), { readOnly: true });
  const row = database.prepare("SELECT idx, body FROM ledger WHERE instr(body, 'enrolled alpha') > 0").get();
  database.close();
  const [index, body] = [Number(row?.['idx']), row?.['body']];
  if (!(body instanceof Uint8Array)) throw new Error('no such entry');
  const at = body.length - 1;
  change(home, 'UPDATE ledger SET body = ? WHERE idx = ?', body.with(at, (body[at] ?? 0) ^ 1), index);
  const { faults } = await audit(home, 1);
  expect(faults).toContainEqual(
    expect.objectContaining({ code: 'LS_AUDIT_CA_CERTIFICATE', index, node: 'alpha' }),
  );
});

it('does not sign a store that was set back, and says so in /readyz and in the log', async () => {
  const directory = await tempDir();
  const home = join(directory, 'ca');
  await initCaHome(home);
  const store = join(home, 'store.sqlite');
  await copyFile(store, join(directory, 'old.sqlite'));
  await runJson(home, ['pki', 'token', 'create', 'alpha']);
  {
    await using server = await serveCaHome(home);
    await server.kill('SIGTERM');
  }
  const checkpoint = await readFile(join(home, 'ledger', 'checkpoint'));
  for (const suffix of ['-wal', '-shm']) await rm(store + suffix, { force: true });
  await copyFile(join(directory, 'old.sqlite'), store);
  await using server = await serveCaHome(home);
  await until('/readyz goes red', async () => (await callSocket(home, 'GET', '/readyz')).status === 503);
  expect((await callSocket(home, 'GET', '/readyz')).json).toMatchObject({ code: 'LS_CA_LEDGER_ROLLBACK' });
  await server.kill('SIGTERM');
  expect(server.stderr).toContain('LS_CA_LEDGER_ROLLBACK');
  expect(await readFile(join(home, 'ledger', 'checkpoint'))).toEqual(checkpoint);
  expect((await audit(home, 1)).faults.map(({ code }): string => code)).toContain('LS_AUDIT_TRUNCATED');
});
