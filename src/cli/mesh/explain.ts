import type { Command } from 'commander';
import type { ExplanationJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatDuration, formatRelative } from '../format.ts';

export function registerExplain(mesh: Command, ctx: CliContext): void {
  withExample(mesh.command('explain'), 'lifesign mesh explain bravo')
    .description('say why a peer is in its state: the evidence this node holds')
    .argument('<name>', 'name or nodeId of the peer')
    .action(async (name: string) => {
      const { queryNode } = await import('../../app/index.ts');
      const path = `/v1/explain/${encodeURIComponent(name)}`;
      const explanation = (await queryNode(ctx.home('node'), { method: 'GET', path })) as ExplanationJson;
      ctx.report(explanation, () => linesOf(explanation, ctx.clock.now().wall));
    });
}

function linesOf(explanation: ExplanationJson, now: number): readonly string[] {
  const { peer, roster, link, accusations, accusationsNeeded, downCertificate, inquorate } = explanation;
  const { observers } = explanation;
  const since = peer.since === null ? '' : `, since ${formatRelative(Date.parse(peer.since), now)}`;
  return [
    `${peer.name} is ${peer.state} (${peer.reason})${since}; it ${peer.alive ? 'counts' : 'does not count'} as alive`,
    `  roster ${roster.number}: ${roster.state}`,
    `  certificate: ${certificateText(explanation, now)}`,
    `  epoch ${peer.epoch || '-'}, last heartbeat ${peer.seq || '-'}${heardText(explanation)}`,
    ...(observers.length === 0 ? [] : [`  observed by ${observers.join(', ')}`]),
    `  link: ${link.up ? `up, round trip ${formatDuration(link.roundTripMs ?? 0)}` : 'none'}`,
    `  accusations: ${accusations.length} of the ${accusationsNeeded} that make it down` +
      accusations.map((each) => `\n    by ${each.accuser}, after its heartbeat ${each.lastSeq}`).join(''),
    ...(downCertificate ? ['  a down certificate is held: final for this epoch'] : []),
    ...(explanation.viewStale && !peer.observed
      ? [
          '  too few neighbours have lately agreed with the view of this node, which does not observe it itself',
        ]
      : []),
    ...(inquorate ? ['  this node has lost half of the roster and judges nobody it does not hear'] : []),
  ];
}

function certificateText({ certificate }: ExplanationJson, now: number): string {
  if (certificate === null) return 'none seen: its epoch-start is not held';
  const { verdict, serial, notAfter, crlNumber } = certificate;
  return `${verdict} by CRL ${crlNumber}, serial ${serial}, ends ${formatRelative(Date.parse(notAfter), now)}`;
}

function heardText({ peer, deadlineInMs }: ExplanationJson): string {
  if (!peer.observed && peer.epoch > 0) return ', heard by its observers only';
  const heard =
    peer.lastHeartbeatAgoMs === null
      ? ', never heard'
      : ` heard ${formatDuration(peer.lastHeartbeatAgoMs)} ago`;
  if (deadlineInMs === null) return heard;
  return deadlineInMs > 0
    ? `${heard}, silence counts in ${formatDuration(deadlineInMs)}`
    : `${heard}, silent for ${formatDuration(-deadlineInMs)} longer than it may be`;
}
