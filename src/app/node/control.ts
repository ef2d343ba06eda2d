import { request } from 'node:http';
import type { TransitionJson } from '../../api/node/index.ts';
import { controlSocketPath } from '../../io/files/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { callControlSocket, nobodyListens, readAnswer, type AdminCall } from '../ca/control-client.ts';
import { nodeHome } from '../node-home.ts';

/** Longest line of an event stream. */
const MAX_EVENT_CHARS = 64 * 1024;

/** Asks the running node of a home. Throws LS_NODE_NOT_RUNNING when none runs, and the fault of a refused call. */
export async function queryNode(home: string, call: AdminCall): Promise<unknown> {
  return readAnswer(await atControlSocket(home, (path) => callControlSocket(path, call)));
}

/**
 * Reads a running node's changes of state: those of the past, then, with `follow`, every new one until `signal`.
 * Resolves when the stream has ended.
 */
export async function readEvents(
  home: string,
  options: { readonly follow: boolean; readonly signal: AbortSignal },
  take: (transition: TransitionJson) => void,
): Promise<void> {
  await atControlSocket(home, (path) => streamEvents(home, path, options, take));
}

function streamEvents(
  home: string,
  socketPath: string,
  options: { readonly follow: boolean; readonly signal: AbortSignal },
  take: (transition: TransitionJson) => void,
): Promise<'ended' | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: '/v1/events', signal: options.signal }, (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          if (block.startsWith('event: now')) {
            if (options.follow) continue;
            sent.destroy();
            resolve('ended');
            return;
          }
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (block.startsWith('event: transition') && data !== undefined)
            take(JSON.parse(data) as TransitionJson);
        }
        if (rest.length > MAX_EVENT_CHARS) sent.destroy();
      });
      response.on('close', () => {
        resolve('ended');
      });
    });
    sent.on('error', (cause) => {
      if (options.signal.aborted) resolve('ended');
      else if (nobodyListens(cause)) resolve(undefined);
      else reject(notRunning(home, cause));
    });
    sent.end();
  });
}

/**
 * Does `use` at the control socket of a home: at its usual place, else where node.yaml puts it, which is read only
 * then. `use` answers undefined where nobody listens.
 */
async function atControlSocket<T>(home: string, use: (path: string) => Promise<T | undefined>): Promise<T> {
  const { path } = controlSocketPath(nodeHome(home).home, process.env, process.getuid?.() ?? 0);
  const answer = await use(path);
  if (answer !== undefined) return answer;
  const { readNodeConfig } = await import('../node-config.ts');
  const { controlSocket = path } = await readNodeConfig(home);
  const other = controlSocket === path ? undefined : await use(controlSocket);
  if (other === undefined) throw notRunning(home);
  return other;
}

function notRunning(home: string, cause?: unknown): LsError {
  return new LsError(fault('LS_NODE_NOT_RUNNING', `no node answers for ${home}`), { cause });
}
