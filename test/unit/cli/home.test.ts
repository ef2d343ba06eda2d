import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseNewHome, selectHome, type HomeChoice, type HomeKind } from '../../../src/cli/home.ts';
import { expectCode } from '../../support/expect-code.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function directoryWith(...marks: readonly string[]): Promise<HomeChoice> {
  const cwd = await tempDir();
  for (const mark of marks) {
    await mkdir(path.dirname(path.join(cwd, mark)), { recursive: true });
    await writeFile(path.join(cwd, mark), '');
  }
  return { option: undefined, env: {}, cwd, systemHome: path.join(cwd, 'var/lib/lifesign') };
}

describe('the home of a command', () => {
  it('is --home first, LIFESIGN_HOME second, whatever else there is', async () => {
    const choice = await directoryWith('ca/state/ca.yaml');
    const env = { LIFESIGN_HOME: 'from-env' };
    expect(selectHome('ca', { ...choice, option: 'here', env })).toBe(path.join(choice.cwd, 'here'));
    expect(selectHome('ca', { ...choice, env })).toBe(path.join(choice.cwd, 'from-env'));
    expect(selectHome('ca', { ...choice, env: { LIFESIGN_HOME: '' } })).toBe(
      path.join(choice.cwd, 'ca/state'),
    );
  });

  it.each<{ kind: HomeKind; home: string }>([
    { kind: 'ca', home: 'ca/state' },
    { kind: 'node', home: 'certs/alpha' },
  ])('is the only one of its kind: $kind → $home', async ({ kind, home }) => {
    const choice = await directoryWith(
      'ca/state/ca.yaml',
      'certs/alpha/node.yaml',
      'certs/README.md',
      'certs/x/y',
    );
    expect(selectHome(kind, choice)).toBe(path.join(choice.cwd, home));
  });

  it('is the system home when the directory has none', async () => {
    const choice = await directoryWith('var/lib/lifesign/node.yaml');
    expect(selectHome('node', choice)).toBe(choice.systemHome);
    expect(selectHome('any', choice)).toBe(choice.systemHome);
  });

  it('is refused when there are several, and they are named', async () => {
    const choice = await directoryWith('ca/state/ca.yaml', 'certs/a/node.yaml', 'certs/b/node.yaml');
    const error = await expectCode('LS_CLI_SEVERAL_HOMES', () => selectHome('node', choice));
    expect(error.message).toContain('certs/a, certs/b');
    await expectCode('LS_CLI_SEVERAL_HOMES', () => selectHome('any', choice));
  });

  it.each<HomeKind>(['ca', 'node', 'any'])('is refused when there is none: %s', async (kind) => {
    const choice = await directoryWith('ca/state/other', 'certs/a/key.pem', 'var/lib/lifesign/x');
    await expectCode('LS_CLI_NO_HOME', () => selectHome(kind, choice));
  });

  it('is not of the other kind', async () => {
    const choice = await directoryWith('ca/state/ca.yaml', 'var/lib/lifesign/ca.yaml');
    await expectCode('LS_CLI_NO_HOME', () => selectHome('node', choice));
  });

  it('that is still to be made falls back to the given place', async () => {
    const choice = await directoryWith();
    expect(chooseNewHome('certs/a', choice)).toBe(path.join(choice.cwd, 'certs/a'));
    expect(chooseNewHome('certs/a', { ...choice, option: '/srv/a b' })).toBe('/srv/a b');
  });
});
