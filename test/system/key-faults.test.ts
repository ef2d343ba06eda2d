import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditHomes, initCaRequest, initRoot, signIssuingCa } from '../../src/app/index.ts';
import { makePassphrase, readKeyFile, systemClock } from '../../src/io/index.ts';
import { utf8 } from '../../src/std/index.ts';
import { fileDirectory, initCaHome, PASSPHRASE, runJson, runOn } from '../support/ca-process.ts';
import { faultLine } from '../support/fault-line.ts';
import { StorageFaults, type StorageCall, type StorageFault } from '../support/storage-fault.ts';

/*
 * Commands that work on a CA home by themselves, and one call of their storage that goes wrong: run once more they end
 * what was interrupted, no key is lost, and the ledger agrees with the store.
 */

const NEW_PASSPHRASE = 'another horse battery';
const common = {
  passphrase: { env: { LIFESIGN_PASSPHRASE: PASSPHRASE } },
  now: () => systemClock.now().wall,
};

let directory: Awaited<ReturnType<typeof fileDirectory>>;
let copies = 0;

beforeAll(async () => {
  directory = await fileDirectory();
  const at = (name: string): string => join(directory.path, name);
  await initCaHome(at('ca'));
  await cp(join(at('ca'), 'keys', 'root.key.pem'), at('copy.pem'));
  const urls = ['https://ca.example.test:8440'];
  const asked = await initCaRequest({ home: at('awaiting'), urls, permitDns: [], ...common });
  await initRoot({ home: at('root'), trustDomain: asked.trustDomain, ...common });
  const { csrFile: requestFile, keySha256 } = asked;
  await signIssuingCa({ home: at('root'), requestFile, keySha256, output: at('bundle.pem'), ...common });
});
afterAll(() => directory.remove());

interface Command {
  readonly what: string;
  /** What it is run on a copy of. */
  readonly home: 'ca' | 'awaiting';
  args(home: string): Promise<readonly string[]>;
  readonly env?: Readonly<Record<string, string>>;
  /** What holds after an interruption already. */
  interrupted?(home: string): Promise<void>;
  finished(home: string): Promise<void>;
}

async function rootKeyOf(home: string): Promise<{ readonly id: string; readonly place: string }> {
  const { keys } = await runJson<{ keys: readonly { name: string; id: string; place: string }[] }>(home, [
    ...['pki', 'key', 'list'],
  ]);
  return keys.find(({ name }) => name === 'root') ?? expect.fail('no root key is listed');
}

/** Which of the passphrases open the keys of a home. */
async function opening(home: string): Promise<readonly string[]> {
  const files = (await readdir(join(home, 'keys'))).filter((file) => file.endsWith('.key.pem'));
  expect(files).toHaveLength(3);
  const found = files.map(async (file) => {
    for (const text of [PASSPHRASE, NEW_PASSPHRASE]) {
      const passphrase = makePassphrase(utf8(text), 'test');
      const opened = await readKeyFile(join(home, 'keys', file), passphrase).catch(() => undefined);
      if (opened !== undefined) return text;
    }
    return expect.fail(`${file} is lost`);
  });
  return Promise.all(found);
}

const newPassphrase: Command = {
  what: 'pki key passphrase',
  home: 'ca',
  args: () => Promise.resolve(['pki', 'key', 'passphrase']),
  env: { LIFESIGN_NEW_PASSPHRASE: NEW_PASSPHRASE },
  interrupted: async (home) => {
    await opening(home);
    expect((await rootKeyOf(home)).place).toBe('file');
  },
  finished: async (home) => {
    expect(new Set(await opening(home))).toEqual(new Set([NEW_PASSPHRASE]));
  },
};

const destroyKey: Command = {
  what: 'pki destroy-key',
  home: 'ca',
  args: async (home) => {
    const copy = ['--copy', join(directory.path, 'copy.pem'), '--yes'];
    return ['pki', 'destroy-key', (await rootKeyOf(home)).id, ...copy];
  },
  finished: async (home) => {
    expect((await rootKeyOf(home)).place).toBe('elsewhere');
    expect(await readdir(join(home, 'keys'))).not.toContain('root.key.pem');
  },
};

const firstImport: Command = {
  what: 'pki import',
  home: 'awaiting',
  args: () => Promise.resolve(['pki', 'import', join(directory.path, 'bundle.pem')]),
  finished: async (home) => {
    const listed = await runJson<{ certificates: readonly unknown[] }>(home, ['pki', 'list']);
    expect(listed.certificates).toEqual([]);
  },
};

interface Moment {
  readonly how: StorageFault;
  readonly kind: StorageCall;
  /** Which one of its kind, from 0. */
  readonly at: number;
}

const MOMENTS: readonly Moment[] = [
  { how: 'killed before', kind: 'commit write', at: 3 },
  { how: 'killed after', kind: 'commit sync', at: 0 },
  { how: 'failed and not persisted', kind: 'commit write', at: 3 },
  { how: 'failed but persisted', kind: 'commit sync', at: 0 },
];
/** The lock of the home is written first, the keys next. */
const UNWRITTEN: Moment = { how: 'failed and not persisted', kind: 'write', at: 3 };
/** Each of the three keys is written beside its file, by a rename too, before the first one takes its place. */
const BETWEEN_KEYS: Moment = { how: 'killed before', kind: 'rename', at: 4 };
const BETWEEN_FILES: Moment = { how: 'killed before', kind: 'rename', at: 1 };
const CASES = (
  [
    [newPassphrase, [...MOMENTS, BETWEEN_KEYS, UNWRITTEN]],
    [destroyKey, MOMENTS],
    [firstImport, [...MOMENTS, BETWEEN_FILES]],
  ] as const
).flatMap(([command, moments]) => moments.map((moment) => ({ command, what: command.what, ...moment })));

/** Keys that are changed while the store takes nothing are not to be called unchanged. */
function refusal(command: Command, { how, kind }: Moment): ReturnType<typeof faultLine> {
  if (kind === 'write') return { code: 'LS_DISK_FULL', because: undefined };
  const code = how === 'failed but persisted' ? 'LS_CA_STORE_IO' : 'LS_CA_STORE_FULL';
  if (command === firstImport) return { code, because: undefined };
  return { code: 'LS_KEY_UNRECORDED', because: code };
}

describe('a command on a CA home', () => {
  it.each(CASES)('$what, $how $kind $at, ends when it is run again', async ({ command, how, kind, at }) => {
    copies += 1;
    const home = join(directory.path, `copy-${copies}`);
    await cp(join(directory.path, command.home), home, { recursive: true });
    const args = await command.args(home);
    using faults = new StorageFaults(directory.path, home);
    faults.arm(how, kind, at);
    const ended = await runOn(home, ['--json', ...args], { env: { ...command.env, ...faults.env } });
    expect(faults.hasStruck).toBe(true);
    if (how.startsWith('killed')) expect(ended.signal).toBe('SIGKILL');
    else expect(faultLine(ended)).toEqual(refusal(command, { how, kind, at }));
    await command.interrupted?.(home);
    await runJson(home, args, command.env === undefined ? {} : { env: command.env });
    await command.finished(home);
    expect(await auditHomes({ homes: [home] })).toMatchObject({ ok: true, faults: [] });
  });
});
