import { cpSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { lifesign, programPath, startProgram } from '../support/process.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Preloaded, it makes the launcher believe that it runs on an old Node.js. */
const OLD_NODE = "Object.defineProperty(process.versions, 'node', { value: '18.20.0' });\n";
const ENTRY = `
export async function main() {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      console.log('got ' + signal);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    });
  }
  console.log(JSON.stringify({ args: process.argv.slice(2), relayed: process.env.LIFESIGN_RELAYED ?? null }));
  if (process.argv[2] === 'exit') process.exit(Number(process.argv[3]));
  if (process.argv[2] === 'wait') setTimeout(() => {}, 60_000);
}
`;

/** An installed package whose program only says how it was started, with or without the pinned Node.js beside it. */
async function installedPackage({
  pinned,
}: {
  pinned: boolean;
}): Promise<{ bin: string; oldNode: readonly string[] }> {
  const root = path.join(await tempDir(), 'node_modules/lifesign');
  await mkdir(path.join(root, 'dist/cli'), { recursive: true });
  cpSync(path.dirname(programPath()), path.join(root, 'bin'), { recursive: true });
  await writeFile(path.join(root, 'package.json'), '{"type":"module"}');
  await writeFile(path.join(root, 'dist/cli/main.js'), ENTRY);
  const preload = path.join(root, 'old-node.cjs');
  await writeFile(preload, OLD_NODE);
  if (pinned) {
    await mkdir(path.join(root, '../node/bin'), { recursive: true });
    await symlink(process.execPath, path.join(root, '../node/bin/node'));
  }
  return { bin: path.join(root, 'bin/lifesign'), oldNode: ['--require', preload] };
}

describe('bin/lifesign', () => {
  it('runs in the process it was started in when its Node.js is new enough', async () => {
    const { bin } = await installedPackage({ pinned: false });
    await using program = startProgram(process.execPath, [bin, 'a b', '--json']);
    expect((await program.ended).stdout).toBe('{"args":["a b","--json"],"relayed":null}\n');
  });

  it('hands over to the pinned Node.js when the own is too old, and ends as that ends', async () => {
    const { bin, oldNode } = await installedPackage({ pinned: true });
    await using program = startProgram(process.execPath, [...oldNode, bin, 'exit', '6']);
    expect(await program.ended).toMatchObject({
      code: 6,
      stdout: '{"args":["exit","6"],"relayed":null}\n',
      stderr: '',
    });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('passes on %s and waits for the end', async (signal, code) => {
    const { bin, oldNode } = await installedPackage({ pinned: true });
    await using program = startProgram(process.execPath, [...oldNode, bin, 'wait']);
    await program.line(/args/);
    const ending = await program.kill(signal);
    expect(ending?.code).toBe(code);
    expect(ending?.stdout).toContain(`got ${signal}`);
  });

  it('leaves nothing running when it is killed outright', async () => {
    const { bin, oldNode } = await installedPackage({ pinned: true });
    await using program = startProgram(process.execPath, [...oldNode, bin, 'wait']);
    await program.line(/args/);
    const ending = await program.kill('SIGKILL');
    expect(ending?.signal).toBe('SIGKILL');
    expect(ending?.stdout).toContain('got SIGTERM');
  });

  it('says what is missing when there is no Node.js that can run it', async () => {
    const { bin, oldNode } = await installedPackage({ pinned: false });
    await using program = startProgram(process.execPath, [...oldNode, bin]);
    const { code, stdout, stderr } = await program.ended;
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error\[LS_CLI_RUNTIME\]: this is Node\.js 18\.20\.0 [^\n]*\n$/);
  });
});

describe('the program', () => {
  it('ends quietly when nobody reads its output any more', async () => {
    const pipe = `"$0" "$1" --help | true; echo "\${PIPESTATUS[0]}"`;
    await using program = startProgram('bash', ['-c', pipe, process.execPath, programPath()]);
    expect(await program.ended).toMatchObject({ stdout: '0\n', stderr: '' });
  });

  it('prints no warning of the platform', async () => {
    expect(await lifesign(['--version'])).toMatchObject({ code: 0, stderr: '' });
  });
});
