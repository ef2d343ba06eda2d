import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parseProfile, type Profile } from '../../src/x509/index.ts';
import { valueOf } from './result.ts';

export type ProfileName = 'root' | 'issuing' | 'node' | 'operator' | 'server' | 'ocsp';
export const profileNames: readonly ProfileName[] = ['root', 'issuing', 'node', 'operator', 'server', 'ocsp'];

/** The object that `ca/profiles/<name>.yaml` holds. */
export function rawProfile(name: ProfileName): Record<string, unknown> {
  return parse(readFileSync(new URL(`../../ca/profiles/${name}.yaml`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;
}

/** The profile that the product ships under this name. */
export function shippedProfile(name: ProfileName): Profile {
  return valueOf(parseProfile(rawProfile(name)));
}
