/** Says which Node.js and lifesign the bootstrap has made ready. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './project.ts';

const { version } = JSON.parse(readFileSync(path.join(projectRoot(), 'package.json'), 'utf8')) as {
  version: string;
};
process.stdout.write(`lifesign ${version} on Node.js ${process.versions.node}\n`);
