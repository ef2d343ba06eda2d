import type { Command } from 'commander';
import type { NodeJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { query, segment } from './admin.ts';

export function registerShow(pki: Command, ctx: CliContext): void {
  withExample(pki.command('show'), 'lifesign pki show alpha')
    .description('show a node and all its certificates')
    .argument('<name|serial>', 'name of a node, or serial number of one of its certificates')
    .action(async (subject: string) => {
      const node = await query<NodeJson>(ctx, { method: 'GET', path: `/v1/nodes/${segment(subject)}` });
      ctx.report(node, () => lines(node));
    });
}

function lines(node: NodeJson): readonly string[] {
  const { name, nodeId, state, reason, dns, ip, address, enrolledAt, activatedAt, endedAt } = node;
  return [
    `${name} is ${state}${reason === null ? '' : ` (${reason})`}`,
    `  node id    ${nodeId}`,
    ...([...dns, ...ip].length === 0 ? [] : [`  certified  ${[...dns, ...ip].join(', ')}`]),
    ...(address === null ? [] : [`  address    ${address}`]),
    `  enrolled   ${enrolledAt}`,
    ...(activatedAt === null ? [] : [`  active     ${activatedAt}`]),
    ...(endedAt === null ? [] : [`  ended      ${endedAt}`]),
    ...node.certificates.map(
      (certificate) =>
        `  serial ${certificate.serial}  ${certificate.status}  ${certificate.notBefore} to ${certificate.notAfter}`,
    ),
  ];
}
