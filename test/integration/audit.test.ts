import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditJson } from '../../src/app/index.ts';
import { encodePem } from '../../src/codec/index.ts';
import { openLedger } from '../../src/io/index.ts';
import { scanSegment } from '../../src/ledger/index.ts';
import { AuditWorld } from '../support/audit-world.ts';
import { lifesign } from '../support/process.ts';
import { makeTestPki } from '../support/pki.ts';
import { tempDir } from '../support/temp-dir.ts';

const SEGMENT = 'ledger/segments/0000000000000000.seg';

describe('lifesign audit verify', () => {
  it('exits 0 over honest homes, with a line for each and OK at the end', async () => {
    const { homes } = await homesOf(AuditWorld.story(4));
    const ending = await lifesign(['audit', 'verify', ...homes]);
    expect(ending.stderr).toBe('');
    const lines = ending.stdout.trim().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/^alpha +16 +17 +16 +[0-9a-f]{12} +2026-03-01T12:00:00.000Z to 2026-03-01T12:/);
    expect(lines[4]).toBe('OK: 48 records, 51 signatures');
    expect(ending.code).toBe(0);
  });

  it('prints the documented JSON', async () => {
    const { homes } = await homesOf(AuditWorld.story(1));
    const { stdout } = await lifesign(['--json', 'audit', 'verify', ...homes]);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      complete: true,
      records: 21,
      signatures: 24,
      nodes: 3,
      faults: [],
      missing: [],
      homes: [{ home: 'alpha', node: 'alpha', records: 7, firstAt: '2026-03-01T12:00:00.000Z' }, {}, {}],
    });
  });

  it('exits 1 for one flipped byte, and names file, byte, entry, node and seq', async () => {
    const { homes } = await homesOf(AuditWorld.story(4));
    const [alpha = ''] = homes;
    const file = join(alpha, SEGMENT);
    const bytes = new Uint8Array(await readFile(file));
    const frame = scanSegment(bytes).frames[4];
    if (frame === undefined) throw new Error('the log has no entry 4');
    const last = frame.offset + frame.body.length;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const ending = await lifesign(['--json', 'audit', 'verify', ...homes]);
    expect(ending.code).toBe(1);
    const report = JSON.parse(ending.stdout) as AuditJson;
    expect(report.faults[0]).toMatchObject({
      code: 'LS_AUDIT_FRAME',
      file,
      offset: frame.offset,
      index: 4,
      node: 'alpha',
      epoch: 1,
      seq: 1,
    });
    const human = await lifesign(['audit', 'verify', alpha]);
    expect(human.stdout).toContain(
      `fault[LS_AUDIT_FRAME]: ${file} at byte ${String(frame.offset)}, entry 4, node alpha, epoch 1, seq 1:`,
    );
    expect(human.stdout).toContain('\nNOT OK: ');
  });

  it('exits 2 when evidence is missing, and 1 when there is a contradiction besides', async () => {
    const world = AuditWorld.story(2);
    world.alpha.log({ type: 'gap', count: 2, reason: '\u001b[31mdisk-full' });
    const { homes } = await homesOf(world);
    const missing = await lifesign(['audit', 'verify', ...homes]);
    expect(missing.code).toBe(2);
    expect(missing.stdout).toContain('missing[LS_AUDIT_GAP]');
    expect(missing.stdout).not.toContain('\u001b');
    world.beta.log({ type: 'heartbeat-sent', record: Uint8Array.of(1) });
    const { homes: worse } = await homesOf(world);
    expect((await lifesign(['audit', 'verify', ...worse])).code).toBe(1);
  });

  it('exits 2 for a home without a log', async () => {
    const { homes } = await homesOf(AuditWorld.story(1));
    const [alpha = ''] = homes;
    await rm(join(alpha, 'ledger'), { recursive: true });
    const ending = await lifesign(['audit', 'verify', alpha]);
    expect(ending.code).toBe(2);
    expect(ending.stdout).toContain('missing[LS_AUDIT_NO_LOG]');
  });

  it('trusts the root it is given: logs of another root are contradicted', async () => {
    const { homes, dir } = await homesOf(AuditWorld.story(1));
    const other = join(dir, 'other-root.pem');
    await writeFile(other, encodePem('CERTIFICATE', makeTestPki().root.der));
    const ending = await lifesign(['audit', 'verify', ...homes, '--root', other]);
    expect(ending.code).toBe(1);
    expect(ending.stdout).toContain('LS_AUDIT_CERTIFICATE');
  });

  it('exits 3 without any root, and when the homes do not agree on one', async () => {
    const { homes } = await homesOf(AuditWorld.story(1));
    const { homes: others } = await homesOf(AuditWorld.story(1));
    const [alpha = ''] = homes;
    const mixed = await lifesign(['audit', 'verify', alpha, others[1] ?? '']);
    expect(mixed).toMatchObject({ code: 3, stdout: '' });
    expect(mixed.stderr).toContain('error[LS_AUDIT_ROOTS_DIFFER]');
    await rm(join(alpha, 'root.pem'));
    const none = await lifesign(['audit', 'verify', alpha]);
    expect(none).toMatchObject({ code: 3 });
    expect(none.stderr).toContain('error[LS_AUDIT_NO_ROOT]');
  });
});

/** The logs of a world as homes on disk: root.pem and ledger. */
async function homesOf(
  world: AuditWorld,
): Promise<{ readonly dir: string; readonly homes: readonly string[] }> {
  const dir = await tempDir();
  const homes: string[] = [];
  for (const node of world.nodes) {
    const home = join(dir, node.identity.name);
    await mkdir(home);
    await writeFile(join(home, 'root.pem'), encodePem('CERTIFICATE', world.pki.root.der));
    const ledger = await openLedger({ dir: join(home, 'ledger'), signer: node.logKey, origin: node.origin });
    for (const body of node.bodies) await ledger.append([body]);
    await ledger.close();
    homes.push(home);
  }
  return { dir, homes };
}
