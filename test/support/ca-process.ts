import { request } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lifesign, startLifesign, type Ending, type ProcessOptions, type RunningProgram } from './process.ts';
import { freePort } from './free-port.ts';

export const PASSPHRASE = 'correct horse battery';
const WITH_PASSPHRASE = { LIFESIGN_PASSPHRASE: PASSPHRASE };

/** A CA home made by `pki init`, on free ports of loopback. */
export interface CaHomeOnDisk {
  readonly home: string;
  readonly port: number;
  readonly crlPort: number;
  readonly url: string;
  readonly rootSha256: string;
}

/** Runs `lifesign --json` on a home; the JSON it prints. Throws when it does not exit with `code`. */
export async function runJson<T = Readonly<Record<string, unknown>>>(
  home: string,
  args: readonly string[],
  options: ProcessOptions & { readonly code?: number } = {},
): Promise<T> {
  const ending = await runOn(home, ['--json', ...args], options);
  if (ending.code !== (options.code ?? 0))
    throw new Error(`exit ${ending.code}: ${ending.stdout}${ending.stderr}`);
  return JSON.parse(ending.stdout === '' ? ending.stderr : ending.stdout) as T;
}

/** Runs lifesign with --home and the passphrase in its environment. */
export function runOn(home: string, args: readonly string[], options: ProcessOptions = {}): Promise<Ending> {
  return lifesign(['--home', home, ...args], { ...options, env: { ...WITH_PASSPHRASE, ...options.env } });
}

export async function initCaHome(home: string, args: readonly string[] = []): Promise<CaHomeOnDisk> {
  const [port, crlPort] = [await freePort(), await freePort()];
  const url = `https://127.0.0.1:${port}`;
  const crlUrl = `http://127.0.0.1:${crlPort}`;
  const made = await runJson<{ rootSha256: string }>(home, [
    'pki',
    'init',
    '--url',
    url,
    '--crl-url',
    crlUrl,
    ...args,
  ]);
  return { home, port, crlPort, url, rootSha256: made.rootSha256 };
}

/** Starts `pki serve` and waits until it listens; `env` is added. Dispose of it with `await using`. */
export async function serveCaHome(
  home: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  const server = startLifesign(['--home', home, 'pki', 'serve', ...args], {
    env: { ...WITH_PASSPHRASE, ...env },
    timeoutMs: 300_000,
  });
  await server.line(/^next, in another terminal/);
  return server;
}

/** A directory for a whole test file; remove it in afterAll. */
export async function fileDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'lifesign-file-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export interface SocketAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** One call over the control socket; rejects when the connection breaks before the whole answer is here. */
export function callSocket(home: string, method: string, path: string, body?: object): Promise<SocketAnswer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: join(home, 'control.sock'),
        method,
        path,
        headers: payload === undefined ? {} : { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if (!response.complete) reject(new Error('the answer broke off'));
          else
            resolve({
              status: response.statusCode ?? 0,
              json: text === '' ? {} : (JSON.parse(text) as SocketAnswer['json']),
            });
        });
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}
