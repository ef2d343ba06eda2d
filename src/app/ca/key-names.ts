import { readdir } from 'node:fs/promises';
import { errnoOf, fileError } from '../../io/files/index.ts';

/** The key of issuing CA generation 1 is `issuing`, those of later ones are `issuing-2`, `issuing-3`, … */
export type IssuingKeyName = 'issuing' | `issuing-${number}`;
/** That of the genesis root is `root`, those of later ones are `root-2`, `root-3`, … */
export type RootKeyName = 'root' | `root-${number}`;
/** `keys/NAME.key.pem` or `keys/NAME.key.uri`. */
export type CaKeyName = RootKeyName | IssuingKeyName | 'log';

const KEY_FILE = /^(log|(?:root|issuing)(?:-[1-9][0-9]{0,5})?)\.key\.(?:pem|uri)$/;

export function issuingKeyName(generation: number): IssuingKeyName {
  return generation === 1 ? 'issuing' : `issuing-${generation}`;
}

export function rootKeyName(generation: number): RootKeyName {
  return generation === 1 ? 'root' : `root-${generation}`;
}

/** Of the root whose key has this name; undefined for other keys. */
export function generationOfRootKey(name: CaKeyName): number | undefined {
  if (name === 'root') return 1;
  return name.startsWith('root-') ? Number(name.slice('root-'.length)) : undefined;
}

/** Of the issuing CA whose key has this name; undefined for other keys. */
export function generationOfKey(name: CaKeyName): number | undefined {
  if (name === 'issuing') return 1;
  return name.startsWith('issuing-') ? Number(name.slice('issuing-'.length)) : undefined;
}

/** The names in the order in which people are shown them: root, issuing CAs by generation, ledger. */
export function compareKeyNames(a: CaKeyName, b: CaKeyName): number {
  return rankOf(a) - rankOf(b);
}

function rankOf(name: CaKeyName): number {
  const root = generationOfRootKey(name);
  return root === undefined ? (generationOfKey(name) ?? Number.POSITIVE_INFINITY) : root - MOST_GENERATIONS;
}

/** What fits into a name. */
const MOST_GENERATIONS = 1_000_000;

/** The names of the keys that have a file in `directory`, in order. Throws LS_FILE_*. */
export async function keyNamesIn(directory: string): Promise<readonly CaKeyName[]> {
  const files = await readdir(directory).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw fileError(cause, 'read', directory);
  });
  const names = files.flatMap((file) => nameOf(KEY_FILE.exec(file)?.[1]));
  return [...new Set(names)].sort(compareKeyNames);
}

function nameOf(text: string | undefined): readonly CaKeyName[] {
  if (text === 'log') return [text];
  if (text === undefined) return [];
  const [what, number = '1'] = text.split('-');
  const name = what === 'root' ? rootKeyName(Number(number)) : issuingKeyName(Number(number));
  // `issuing-1` would be a second name of the first.
  return name === text ? [name] : [];
}
