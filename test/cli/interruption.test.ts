import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lifesign, startLifesign, type ProcessOptions } from '../support/process.ts';
import { tempDir } from '../support/temp-dir.ts';

const SERVE = ['pki', 'serve', '--listen', '127.0.0.1:0', '--crl-listen', '127.0.0.1:0'];

/** A directory with a CA in it, and what a command there needs. */
async function directoryWithCa(): Promise<ProcessOptions> {
  const options = { cwd: await tempDir(), env: { LIFESIGN_PASSPHRASE: 'correct horse' } };
  const made = await lifesign(['pki', 'init', '--url', 'https://ca.example:8440'], options);
  expect(made).toMatchObject({ code: 0 });
  return options;
}

describe('a command that runs until it is told to stop', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('closes on %s and exits %i, and can be started again', async (signal, code) => {
    const options = await directoryWithCa();
    for (let round = 0; round < 2; round++) {
      await using serve = startLifesign(SERVE, options);
      await serve.line(/^CA of mesh\.internal serves/);
      const ending = await serve.kill(signal);
      expect(ending).toMatchObject({ code, signal: null });
      expect(ending?.stderr).not.toContain('error[');
    }
  });

  it('takes a repeated signal in the same moment for one', async () => {
    await using serve = startLifesign(SERVE, await directoryWithCa());
    await serve.line(/^CA of mesh\.internal serves/);
    const ending = serve.kill('SIGINT');
    process.kill(serve.pid, 'SIGINT');
    expect(await ending).toMatchObject({ code: 130, signal: null });
  });

  it('is ended as a failure, with its code, when it cannot start', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const ending = await lifesign(['pki', 'serve', '--listen', `127.0.0.1:${port}`], await directoryWithCa());
    expect(ending.code).toBe(3);
    expect(ending.stderr).toContain(`error[LS_PORT_IN_USE]: `);
    expect(ending.stdout).toBe('');
  });
});
