import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fault, LsError } from '../std/index.ts';

export type HomeKind = 'ca' | 'node' | 'root' | 'any';

/** The file that makes a directory a home. */
const MARK = { ca: 'ca.yaml', node: 'node.yaml', root: 'root.yaml' } as const;
const CA_HOME = 'ca/state';
const ROOT_HOME = 'ca/root';
const NODE_HOMES = 'certs';
const SYSTEM_HOME = '/var/lib/lifesign';

const NOT_FOUND = {
  ca: { places: CA_HOME, what: 'no CA home' },
  node: { places: `${NODE_HOMES}/`, what: 'no node home' },
  root: { places: ROOT_HOME, what: 'no home of a root' },
  any: { places: `${CA_HOME} or ${NODE_HOMES}/`, what: 'no home' },
} as const satisfies Record<HomeKind, object>;

export interface HomeChoice {
  /** The value of --home. */
  readonly option: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where a packaged installation keeps its one home. */
  readonly systemHome?: string;
}

/**
 * Absolute path of the home a command works on: --home, else LIFESIGN_HOME, else the only home of its kind under
 * ca/state or certs/ of the working directory, else /var/lib/lifesign.
 * Throws LS_CLI_NO_HOME and LS_CLI_SEVERAL_HOMES.
 */
export function selectHome(kind: HomeKind, choice: HomeChoice): string {
  const named = namedHome(choice);
  if (named !== undefined) return named;
  const found = homesBelow(kind, choice.cwd);
  const [first] = found;
  if (found.length > 1) {
    const names = found.map((home) => path.relative(choice.cwd, home)).join(', ');
    throw new LsError(fault('LS_CLI_SEVERAL_HOMES', `${found.length} homes in ${choice.cwd}: ${names}`));
  }
  if (first !== undefined) return first;
  const systemHome = choice.systemHome ?? SYSTEM_HOME;
  if (isHome(kind, systemHome)) return systemHome;
  const { places, what } = NOT_FOUND[kind];
  throw new LsError(
    fault('LS_CLI_NO_HOME', `${what} under ${places} of ${choice.cwd}, nor in ${systemHome}`),
  );
}

/** Absolute path for a home that is still to be made. */
export function chooseNewHome(fallback: string, choice: HomeChoice): string {
  return namedHome(choice) ?? path.resolve(choice.cwd, fallback);
}

function namedHome({ option, env, cwd }: HomeChoice): string | undefined {
  const named = option ?? env['LIFESIGN_HOME'];
  return named === undefined || named === '' ? undefined : path.resolve(cwd, named);
}

function homesBelow(kind: HomeKind, cwd: string): readonly string[] {
  if (kind === 'root') return [path.join(cwd, ROOT_HOME)].filter((folder) => isHome(kind, folder));
  const caHome = path.join(cwd, CA_HOME);
  const nodeHomes = kind === 'ca' ? [] : directoriesIn(path.join(cwd, NODE_HOMES));
  return [...(kind === 'node' ? [] : [caHome]), ...nodeHomes].filter((folder) => isHome(kind, folder));
}

function isHome(kind: HomeKind, folder: string): boolean {
  const marks = kind === 'any' ? [MARK.ca, MARK.node] : [MARK[kind]];
  return marks.some((mark) => existsSync(path.join(folder, mark)));
}

function directoriesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isFile())
    .map((entry) => path.join(folder, entry.name))
    .sort();
}
