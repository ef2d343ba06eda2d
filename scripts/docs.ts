/** `npm run docs`: writes the pages of docs/ that are generated from the source. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { cliPage } from './cli-page.ts';
import { errorsPage } from './errors-page.ts';
import { projectRoot } from './project.ts';

const pages = { 'docs/ERRORS.md': errorsPage(), 'docs/CLI.md': cliPage() };
for (const [file, text] of Object.entries(pages)) writeFileSync(path.join(projectRoot(), file), text);
