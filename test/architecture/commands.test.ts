import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cliPage, helpPages } from '../../scripts/cli-page.ts';
import { projectRoot } from '../../scripts/project.ts';

describe('every command', () => {
  it.each(helpPages())('%s has a description and an example in its help', (name, help) => {
    expect(help).toContain(`Usage: ${name}`);
    expect(help).toMatch(/^Usage: .*\n(?: .*\n)*\n[^\s:]+ [^\n]+\n/);
    expect(help).toMatch(new RegExp(`\nExample:\n(?: {2}.*\n)* {2}\\$ (?:.*\\| )?${name}`));
  });

  it('is in docs/CLI.md as --help prints it (else run npm run docs)', () => {
    expect(readFileSync(path.join(projectRoot(), 'docs/CLI.md'), 'utf8')).toBe(cliPage());
  });
});
