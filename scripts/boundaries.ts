/**
 * `npm run boundaries [DIRECTORY]`: checks the import rules of .dependency-cruiser.mjs and that they were put to
 * every source file. A check that has looked at nothing has not passed.
 */
import path from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType, type ICruiseOptions } from 'dependency-cruiser';
import { filesOf, projectRoot } from './project.ts';

const root = path.resolve(process.argv[2] ?? projectRoot());
process.chdir(root);
const configuration = (
  (await import(path.join(root, '.dependency-cruiser.mjs'))) as {
    default: { forbidden: IForbiddenRuleType[]; options: ICruiseOptions };
  }
).default;

const { output } = await cruise(['src'], {
  ...configuration.options,
  ruleSet: configuration,
  validate: true,
});
const result = typeof output === 'string' ? (JSON.parse(output) as ICruiseResult) : output;
const looked = new Set(result.modules.map((module) => module.source));
const missed = filesOf(root, 'src/**/*.ts').filter((file) => !looked.has(file));
const faults = [
  ...result.summary.violations.map(({ rule, from, to }) => `${from} → ${to}: ${rule.name}`),
  ...missed.map((file) => `${file}: not looked at`),
  ...(looked.size === 0 ? ['src: no module was looked at'] : []),
];

for (const line of faults) process.stderr.write(`boundaries: ${line}\n`);
if (faults.length > 0) process.exitCode = 1;
else
  process.stdout.write(`boundaries: ${looked.size} modules keep ${configuration.forbidden.length} rules\n`);
