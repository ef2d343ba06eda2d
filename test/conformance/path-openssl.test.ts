import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodePem } from '../../src/codec/index.ts';
import { BAD, GOOD, NARROWER, WIDER } from '../support/forge/path-kinds.ts';
import { forgeScenario, ourVerdict, type ForgedScenario } from '../support/forge/scenario.ts';
import { textTable } from '../support/table.ts';
import { tempDir } from '../support/temp-dir.ts';

const rows: (readonly string[])[] = [];

describe('our verdict and that of openssl verify', () => {
  it('are asked for on at least 60 kinds of fault, each of another name', () => {
    const names = [...bad.map(([name]) => name), ...Object.keys(NARROWER), ...Object.keys(WIDER)];
    expect(new Set(names).size).toBe(names.length);
    expect(bad.length).toBeGreaterThanOrEqual(60);
  });

  it.each(Object.entries(GOOD))('agree that it is good: %s', async (name, changes) => {
    const scenario = forgeScenario(changes);
    const theirs = await opensslVerdict(scenario);
    note(name, theirs, undefined, '');
    expect(theirs).toBe('accepted');
    expect(ourVerdict(scenario)).toBeUndefined();
  });

  const bad = Object.entries(BAD).flatMap(([code, faults]) =>
    Object.entries(faults).map(([name, changes]) => [name, code, changes] as const),
  );
  it.each(bad)('agree that it is not good: %s (%s)', async (name, code, changes) => {
    const scenario = forgeScenario(changes);
    const theirs = await opensslVerdict(scenario);
    note(name, theirs, ourVerdict(scenario), '');
    expect(theirs).toMatch(/^refused/);
    expect(ourVerdict(scenario)).toBe(code);
  });

  it.each(Object.entries(NARROWER))('differ on purpose: we refuse %s', async (name, [changes, code, why]) => {
    const scenario = forgeScenario(changes);
    const theirs = await opensslVerdict(scenario);
    note(name, theirs, ourVerdict(scenario), why);
    expect(theirs).toBe('accepted');
    expect(ourVerdict(scenario)).toBe(code);
  });

  it.each(Object.entries(WIDER))('differ on purpose: we accept %s', async (name, [changes, why]) => {
    const scenario = forgeScenario(changes);
    const theirs = await opensslVerdict(scenario);
    note(name, theirs, ourVerdict(scenario), why);
    expect(theirs).toMatch(/^refused/);
    expect(ourVerdict(scenario)).toBeUndefined();
  });
});

afterAll(() => {
  const sorted = rows.toSorted(([, , a = ''], [, , b = '']) => (a < b ? -1 : a > b ? 1 : 0));
  console.log(textTable([['kind of path', 'openssl verify', 'lifesign', 'why they differ'], ...sorted]));
});

function note(name: string, theirs: string, ours: string | undefined, why: string): void {
  rows.push([name, theirs.replace(/ at \d+ depth lookup/, ''), ours ?? 'accepted', why]);
}

/** OpenSSL must accept the node both as a client and as a server, as TLS does on the two ends of a link. */
async function opensslVerdict(scenario: ForgedScenario): Promise<string> {
  const directoryPath = await tempDir();
  const file = async (name: string, label: string, ders: readonly Uint8Array[]): Promise<string> => {
    const path = join(directoryPath, name);
    await writeFile(path, ders.map((der) => encodePem(label, der)).join(''));
    return path;
  };
  const root = await file('root.pem', 'CERTIFICATE', [scenario.root]);
  const above = await file('above.pem', 'CERTIFICATE', scenario.above);
  const crls = await file('crls.pem', 'X509 CRL', scenario.crls);
  const node = await file('node.pem', 'CERTIFICATE', [scenario.node]);
  const options = [
    '-x509_strict',
    '-crl_check_all',
    '-use_deltas',
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    root,
    '-CRLfile',
    crls,
  ];
  if (scenario.above.length > 0) options.push('-untrusted', above);
  options.push('-attime', String(Math.floor(scenario.now / 1000)));
  for (const purpose of ['sslclient', 'sslserver']) {
    const refusal = await run('openssl', ['verify', ...options, '-purpose', purpose, node]);
    if (refusal !== undefined) return `refused: ${firstError(refusal)}`;
  }
  return 'accepted';
}

/** Undefined when the program ended with 0, else what it wrote to standard error. */
function run(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (typeof error.code === 'number') resolve(stderr);
      else reject(new Error(`${program} did not run`, { cause: error }));
    });
  });
}

function firstError(stderr: string): string {
  const line = stderr.split('\n').find((each) => each.includes('error')) ?? stderr;
  return line.replace(/^.*?(error \d+)/, '$1').slice(0, 90);
}
