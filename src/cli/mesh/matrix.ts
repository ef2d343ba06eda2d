import type { Command } from 'commander';
import type { MatrixJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatDuration } from '../format.ts';

/** A wider one fits no terminal: then only those are listed that do not hear each other. */
const MAX_COLUMNS = 40;
const SIGNS = { heard: '+', silent: 'x', unknown: '?' } as const;
const NOT_OBSERVED = '.';

type MatrixMember = MatrixJson['members'][number];

export function registerMatrix(mesh: Command, ctx: CliContext): void {
  withExample(mesh.command('matrix'), 'lifesign mesh matrix')
    .description('show who observes whom, and who does not hear whom though both are alive')
    .action(async () => {
      const { queryNode } = await import('../../app/index.ts');
      const call = { method: 'GET', path: '/v1/matrix' } as const;
      const matrix = (await queryNode(ctx.home('node'), call)) as MatrixJson;
      ctx.report(matrix, () => linesOf(matrix, ctx));
    });
}

function linesOf({ members, silentEdges }: MatrixJson, { style }: CliContext): readonly string[] {
  if (members.length === 0) return ['no active members yet: enroll and start a node'];
  const silent = members.flatMap((subject) =>
    subject.observers
      .filter(({ hears }) => hears === 'silent')
      .map(({ name, silentForMs }) => {
        const since = silentForMs === null ? '' : ` for ${formatDuration(silentForMs)}`;
        return style.red(`${name} has not heard ${subject.name}${since}, though both are alive`);
      }),
  );
  return [
    ...(members.length <= MAX_COLUMNS ? gridOf(members) : []),
    ...(silentEdges === 0
      ? [style.green('every observer hears those that it observes and that are alive')]
      : silent),
  ];
}

function gridOf(members: readonly MatrixMember[]): readonly string[] {
  const width = Math.max('OBSERVER'.length, ...members.map(({ name }) => name.length));
  const digits = String(members.length).length;
  const cell = (text: string): string => text.padStart(digits + 1);
  const numbers = members.map((_, i) => cell(String(i + 1))).join('');
  const rows = members.map((observer, i) => {
    const signs = members.map((subject) => {
      const found = subject.observers.find(({ name }) => name === observer.name);
      return cell(found === undefined ? NOT_OBSERVED : SIGNS[found.hears]);
    });
    return `${cell(String(i + 1))} ${observer.name.padEnd(width)} ${signs.join('')}`;
  });
  return [
    `${cell('')} ${'OBSERVER'.padEnd(width)} ${numbers}`,
    ...rows,
    `${SIGNS.heard} hears, ${SIGNS.silent} does not hear, ${SIGNS.unknown} one of the two is not alive, ${NOT_OBSERVED} does not observe`,
    '',
  ];
}
