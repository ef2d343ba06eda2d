import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { profilesWith, type AuthorityProfiles } from '../../authority/index.ts';
import { errnoOf, fileError } from '../../io/files/index.ts';
import { LsError } from '../../std/index.ts';
import { readYamlFile } from '../config-file.ts';

const SUFFIX = '.yaml';

/**
 * The profiles of a CA: the shipped ones, each replaced by `<directory>/NAME.yaml` where there is such a file.
 * Throws LS_X509_PROFILE_*, LS_CONFIG_UNREADABLE, LS_CONFIG_SYNTAX.
 */
export async function readProfiles(directory: string): Promise<AuthorityProfiles> {
  const own: Record<string, unknown> = {};
  for (const file of await filesIn(directory)) {
    own[file.slice(0, -SUFFIX.length)] = await readYamlFile(join(directory, file));
  }
  const profiles = profilesWith(own);
  if (profiles.ok) return profiles.value;
  throw new LsError({ ...profiles.error, detail: `${directory}: ${profiles.error.detail}` });
}

async function filesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((file) => file.endsWith(SUFFIX));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw fileError(cause, 'read', directory);
  }
}
