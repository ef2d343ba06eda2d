import { request } from 'node:http';
import type { TransitionJson } from '../../api/index.ts';
import { controlSocketPath } from '../../io/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { callControlSocket, readAnswer, type AdminCall } from '../ca/control-client.ts';
import { nodeHome, readNodeConfig } from '../node-config.ts';

/** Longest line of an event stream. */
const MAX_EVENT_CHARS = 64 * 1024;

/** Asks the running node of a home. Throws LS_NODE_NOT_RUNNING when none runs, and the fault of a refused call. */
export async function queryNode(home: string, call: AdminCall): Promise<unknown> {
  const answer = await callControlSocket(await controlSocketOf(home), call);
  if (answer === undefined) throw notRunning(home);
  return readAnswer(answer);
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
  const socketPath = await controlSocketOf(home);
  await new Promise<void>((resolve, reject) => {
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
            resolve();
            return;
          }
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (block.startsWith('event: transition') && data !== undefined)
            take(JSON.parse(data) as TransitionJson);
        }
        if (rest.length > MAX_EVENT_CHARS) sent.destroy();
      });
      response.on('close', resolve);
    });
    sent.on('error', (cause) => {
      if (options.signal.aborted) resolve();
      else reject(notRunning(home, cause));
    });
    sent.end();
  });
}

async function controlSocketOf(home: string): Promise<string> {
  const config = await readNodeConfig(home);
  const place = controlSocketPath(nodeHome(home).home, process.env, process.getuid?.() ?? 0);
  return config.controlSocket ?? place.path;
}

function notRunning(home: string, cause?: unknown): LsError {
  return new LsError(fault('LS_NODE_NOT_RUNNING', `no node answers for ${home}`), { cause });
}
