import { readFile, rm, writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { CaConfig } from '../../../../src/app/ca/config.ts';
import { caHome } from '../../../../src/app/ca/home.ts';
import { keepLedger } from '../../../../src/app/ca/ledger-keeper.ts';
import type { OpenCa } from '../../../../src/app/ca/open.ts';
import { openCheckpoint } from '../../../../src/ledger/index.ts';
import { ok, type Signer } from '../../../../src/std/index.ts';
import { CA_NOW, makeTestCa } from '../../../support/ca.ts';
import { rawKey } from '../../../support/raw-key.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { valueOf } from '../../../support/result.ts';
import { tempDir } from '../../../support/temp-dir.ts';

async function world(bound: boolean) {
  const signer = testKey('Ed25519');
  const { authority, deps } = await makeTestCa(bound ? { request: { logKey: rawKey(signer) } } : {});
  const home = caHome(await tempDir());
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(line) });
  /** Serves for a moment: what a server that is stopped at once does. */
  const serve = async (by: (() => Promise<Signer>) | undefined = () => Promise.resolve(signer)) => {
    const ca: OpenCa = {
      home,
      config: {} as CaConfig,
      authority,
      store: deps.store,
      keys: undefined,
      logKey: by,
      close: () => Promise.resolve(),
    };
    const keeper = keepLedger(ca, () => CA_NOW, log);
    await keeper.close();
    return keeper.fault?.code;
  };
  const size = async () => valueOf(await deps.store.read(async (tx) => ok(await tx.ledgerSize())));
  const file = `${home.ledger}/checkpoint`;
  const signed = async () =>
    valueOf(openCheckpoint(await readFile(file), 'lifesign/mesh.internal/ca', rawKey(signer), testCrypto))
      .size;
  return { authority, serve, size, signed, file, lines };
}

describe("the keeper of a CA's ledger", () => {
  it('binds the key of a CA that had none, and signs', async () => {
    const { serve, size, signed } = await world(false);
    const before = await size();
    expect(await serve()).toBeUndefined();
    expect(await size()).toBe(before + 1);
    expect(await signed()).toBe(before + 1);
    expect(await serve()).toBeUndefined();
    expect(await size()).toBe(before + 1);
  });

  it('catches up with what was done while nobody served', async () => {
    const { authority, serve, size, signed } = await world(false);
    await serve();
    valueOf(await authority.createToken({ name: 'alpha' }, CA_NOW));
    expect(await serve()).toBeUndefined();
    expect(await signed()).toBe(await size());
  });

  it('signs no first checkpoint for a CA that had one', async () => {
    const { serve, lines, file } = await world(true);
    expect(await serve()).toBe('LS_CA_LEDGER_ROLLBACK');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"code":"LS_CA_LEDGER_ROLLBACK"');
    await expect(readFile(file)).rejects.toThrow();
  });

  it('leaves a checkpoint alone that is not its own', async () => {
    const { serve, file } = await world(false);
    await serve();
    await writeFile(file, 'nothing');
    expect(await serve()).toBe('LS_CA_LEDGER_CHECKPOINT');
    expect(await readFile(file, 'utf8')).toBe('nothing');
    await rm(file);
    expect(await serve()).toBeUndefined();
  });

  it('says when the key cannot be had', async () => {
    const { serve } = await world(false);
    expect(await serve(() => Promise.reject(new Error('broken')))).toBe('LS_API_INTERNAL');
    expect(await serve(() => Promise.resolve(testKey('ES256')))).not.toBeUndefined();
  });
});
