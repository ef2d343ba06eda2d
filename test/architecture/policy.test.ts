import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf, projectRoot } from '../../scripts/project.ts';
import {
  CRL_NEXT_UPDATE_MS,
  OCSP_NEXT_UPDATE_MS,
  OCSP_REFRESH_MS,
  ROOT_CRL_NEXT_UPDATE_MS,
  shippedProfiles,
} from '../../src/authority/index.ts';

const root = projectRoot();
const page = readFileSync(path.join(root, 'ca/POLICY.md'), 'utf8');
const RULE = /^\| (?<rule>[^|]+) \| (?<holders>[^|]*`[^|]*) \|$/gm;
const LINT = /`lint ([a-z-]+)`/g;
const FILE = /`(test\/[\w./-]+)`/g;
const LIFETIME = /^\| (?<profile>[a-z]+) \| (?<count>\d+) (?<unit>days|hours) \|/gm;
const UNIT_MS = { days: 86_400_000, hours: 3_600_000 };
/** Not rules: the list of them, and what one is. */
const NO_LINTS = ['index', 'lint'];

const all = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);

describe('ca/POLICY.md', () => {
  it('names with every rule the lint or test that holds it', () => {
    const rows = page
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (?:rule|profile|---)/.test(line));
    const lifetimes = [...page.matchAll(LIFETIME)].length;
    const rules = [...page.matchAll(RULE)];
    expect(rules.length).toBeGreaterThan(30);
    expect(rules).toHaveLength(rows.length - lifetimes);
    for (const { groups } of rules) {
      const holders = groups?.['holders'] ?? '';
      expect(all(holders, LINT).length + all(holders, FILE).length, groups?.['rule']).toBeGreaterThan(0);
    }
  });

  it('names every lint, and none that there is not', () => {
    const files = filesOf(root, 'src/x509/lints/*.ts').map((file) => path.basename(file, '.ts'));
    const lints = files.filter((name) => !NO_LINTS.includes(name)).sort();
    expect([...new Set(all(page, LINT))].sort()).toEqual(lints);
  });

  it('names no test that is not there', () => {
    const named = all(page, FILE);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  it('says how long CRLs and OCSP answers hold', () => {
    const hours = (ms: number): string => `${ms / UNIT_MS.hours} hours`;
    expect(page).toContain(`nextUpdate after ${hours(CRL_NEXT_UPDATE_MS)};`);
    expect(page).toContain(`that of the root after ${ROOT_CRL_NEXT_UPDATE_MS / UNIT_MS.days} days.`);
    expect(page).toContain(
      `hold for ${hours(OCSP_NEXT_UPDATE_MS)}, are renewed after ${OCSP_REFRESH_MS / UNIT_MS.hours},`,
    );
  });

  it('says how long certificates of the shipped profiles are valid', () => {
    const said = [...page.matchAll(LIFETIME)].map(({ groups }) => {
      const { profile = '', count = '', unit = '' } = groups ?? {};
      return [profile, Number(count) * (unit === 'hours' ? UNIT_MS.hours : UNIT_MS.days)] as const;
    });
    const profiles = Object.values(shippedProfiles()).map(({ name, lifetimeMs }) => [name, lifetimeMs]);
    expect(said).toEqual(profiles);
  });
});
