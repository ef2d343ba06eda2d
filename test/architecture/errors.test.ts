import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorsPage } from '../../scripts/errors-page.ts';
import { filesOf, projectRoot } from '../../scripts/project.ts';
import { faultCatalogue, type FaultKind } from '../../src/std/index.ts';

const CODE = /\bLS_[A-Z0-9]+(?:_[A-Z0-9]+)+\b/g;
/** The form of a code, as comments name it. */
const EXAMPLE = 'LS_AREA_REASON';
const EXITS = [0, 1, 2, 3, 4, 5, 6];
const root = projectRoot();
const catalogued: readonly string[] = Object.keys(faultCatalogue);

function codesIn(files: readonly string[]): ReadonlySet<string> {
  const named = files.flatMap((file) => readFileSync(path.join(root, file), 'utf8').match(CODE) ?? []);
  return new Set(named.filter((code) => code !== EXAMPLE));
}

function usedCodes(): ReadonlySet<string> {
  const sources = filesOf(root, 'src/**/*.ts').filter((file) => !file.startsWith('src/std/faults/'));
  return codesIn([...sources, 'bin/lifesign', 'bin/relay.cjs', 'scripts/bootstrap.mjs']);
}

describe('the error codes', () => {
  it('in docs/ERRORS.md are those of the source, word for word (else run npm run docs)', () => {
    expect(readFileSync(path.join(root, 'docs/ERRORS.md'), 'utf8')).toBe(errorsPage());
  });

  it('are all listed on the page, and the page lists no other', () => {
    expect([...codesIn(['docs/ERRORS.md'])].sort()).toEqual([...catalogued].sort());
  });

  it('that the source names are all in the catalogue', () => {
    expect([...usedCodes()].filter((code) => !catalogued.includes(code))).toEqual([]);
  });

  it('in the catalogue are all used', () => {
    const used = usedCodes();
    expect(catalogued.filter((code) => !used.has(code))).toEqual([]);
  });

  it('have an exit code of the documented ones, an HTTP error status and one line of advice', () => {
    const kinds: readonly (readonly [string, FaultKind])[] = Object.entries(faultCatalogue);
    const odd = kinds.filter(
      ([code, kind]) =>
        !EXITS.includes(kind.exit) ||
        // Neither done nor refused: it waits for an operator.
        (kind.http < 400 && (code !== 'LS_ENROLL_PENDING' || kind.http !== 202)) ||
        kind.http > 599 ||
        !/^[^\n]{5,160}[^.\n]$/.test(kind.advice),
    );
    expect(odd).toEqual([]);
  });

  it('are unique over all areas', () => {
    const files = filesOf(root, 'src/std/faults/*.ts');
    const keys = files.flatMap(
      (file) => readFileSync(path.join(root, file), 'utf8').match(/^ {2}LS_\w+(?=:)/gm) ?? [],
    );
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    expect(keys).toHaveLength(catalogued.length);
  });
});
