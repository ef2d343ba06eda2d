import { HomeLock, readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import { jsonCheck, parseJson } from '../../io/json/index.ts';
import type { NodeModes } from '../../mesh/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { nodeHome } from '../node-home.ts';

const MAX_MODES_BYTES = 1_024;

const isModes = jsonCheck({
  type: 'object',
  additionalProperties: false,
  required: ['maintenance', 'draining'],
  properties: { maintenance: { type: 'boolean' }, draining: { type: 'boolean' } },
});

/** What an operator wants changed; what is left out stays. */
export type ModesChange = Partial<NodeModes>;

/** Reads modes.json; a node that was never put into a mode has none. Throws LS_NODE_MODES_FILE. */
export async function readModes(path: string): Promise<NodeModes> {
  const text = await readFileCapped(path, MAX_MODES_BYTES).catch((cause: unknown) => {
    if (cause instanceof LsError && cause.code === 'LS_FILE_NOT_FOUND') return undefined;
    throw cause;
  });
  if (text === undefined) return { maintenance: false, draining: false };
  const parsed = parseJson(Buffer.from(text).toString('utf8'));
  if (!isModes(parsed)) throw new LsError(fault('LS_NODE_MODES_FILE', `${path} is not readable`));
  return { maintenance: parsed.maintenance, draining: parsed.draining };
}

/** The modes of a running node: on the disk before they are in force, one change after the other. */
export class ModesKeeper {
  readonly #path: string;
  readonly #apply: (modes: NodeModes) => void;
  #modes: NodeModes;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, modes: NodeModes, apply: (modes: NodeModes) => void) {
    this.#path = path;
    this.#modes = modes;
    this.#apply = apply;
  }

  /** Answers the modes in force afterwards. Rejects, and changes nothing, when they cannot be written. */
  change(change: ModesChange): Promise<NodeModes> {
    const next = this.#last.then(async () => {
      const modes = await keep(this.#path, this.#modes, change);
      if (modes !== this.#modes) this.#apply(modes);
      this.#modes = modes;
      return modes;
    });
    this.#last = next.catch(() => undefined);
    return next;
  }
}

/**
 * Changes the modes of a node that does not run, for its next start. Throws LS_HOME_LOCKED when it does run (or is
 * just starting), LS_NODE_MODES_FILE, LS_CONFIG_MISSING for what is no node home.
 */
export async function changeStoredModes(home: string, change: ModesChange): Promise<NodeModes> {
  const { modes: path, home: directory } = nodeHome(home);
  const lock = HomeLock.acquire(directory);
  try {
    return await keep(path, await readModes(path), change);
  } finally {
    lock.release();
  }
}

async function keep(path: string, before: NodeModes, change: ModesChange): Promise<NodeModes> {
  const { maintenance = before.maintenance, draining = before.draining } = change;
  if (maintenance === before.maintenance && draining === before.draining) return before;
  await writeFileDurably(path, `${JSON.stringify({ maintenance, draining })}\n`);
  return { maintenance, draining };
}
