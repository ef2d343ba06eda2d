import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { NodeStatusJson, PeerStatusJson } from '../../app/index.ts';
import { fault, LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatDuration, formatRelative, formatTable } from '../format.ts';

interface StatusOptions {
  readonly watch?: boolean;
  readonly all?: boolean;
  readonly require?: string;
}

const WATCH_EVERY_MS = 1_000;
const CLEAR_SCREEN = '\u001b[2J\u001b[H';
/** States of members that are gone for good: shown with --all. */
const GONE = ['removed'];

export function registerStatus(mesh: Command, ctx: CliContext): void {
  withExample(
    mesh.command('status'),
    'lifesign mesh status --watch',
    'lifesign mesh status --require quorate && echo safe to write',
  )
    .description('show every peer, its state and why')
    .option('--watch', 'show it again every second until Ctrl-C')
    .option('--all', 'also members that the CA has removed')
    .option('--require <name|quorate>', 'exit 1 unless this peer is alive, or this node is quorate')
    .action(async (options: StatusOptions) => {
      const { queryNode } = await import('../../app/index.ts');
      const home = ctx.home('node');
      const read = async (): Promise<NodeStatusJson> =>
        (await queryNode(home, { method: 'GET', path: '/v1/status' })) as NodeStatusJson;
      if (options.watch === true) {
        await watch(ctx, read, options);
        return;
      }
      const status = await read();
      show(ctx, status, options);
      if (options.require !== undefined && !holds(status, options.require)) ctx.answer(1);
    });
}

async function watch(
  ctx: CliContext,
  read: () => Promise<NodeStatusJson>,
  options: StatusOptions,
): Promise<void> {
  const signal = ctx.interruption.signal();
  while (!signal.aborted) {
    const status = await read();
    if (ctx.stdout.isTTY && !ctx.json) ctx.stdout.write(CLEAR_SCREEN);
    show(ctx, status, options);
    await delay(WATCH_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function show(ctx: CliContext, status: NodeStatusJson, { all = false }: StatusOptions): void {
  const peers = status.peers.filter((peer) => all || !GONE.includes(peer.state));
  ctx.report({ ...status, peers }, () => [
    ...summary(ctx, status),
    ...(peers.length === 0
      ? ['no other members yet: enroll and start another node']
      : formatTable(
          ['PEER', 'STATE', 'WHY', 'SINCE', 'EPOCH', 'LAST HEARTBEAT', 'FLAGS'],
          peers.map((peer) => cells(ctx, peer)),
        )),
  ]);
}

function summary(ctx: CliContext, status: NodeStatusJson): readonly string[] {
  const { style } = ctx;
  const alive = status.peers.filter((peer) => peer.alive).length;
  const quorate = status.quorate ? style.green('quorate') : style.red('NOT QUORATE');
  const lines = [
    `${style.bold(status.self)} is ${[status.state, ...status.flags].join(', ')}, epoch ${status.epoch}, ${quorate}: ` +
      `${alive} of ${Math.max(0, status.members - 1)} peers alive ` +
      `(CRL ${status.crlNumber}, roster ${status.rosterNumber}; ` +
      `${status.accusersNeeded} of ${status.observers} observers make a peer down)`,
  ];
  if (status.viewStale && status.peers.some((peer) => peer.reason === 'view-stale'))
    lines.push(
      style.yellow(
        'too few neighbours agree with what this node knows of peers that others observe: see view-stale',
      ),
    );
  if (!status.ledgerHealthy)
    lines.push(style.yellow('records are being lost: look at the disk of this home'));
  return lines;
}

function cells(ctx: CliContext, peer: PeerStatusJson): string[] {
  const { style } = ctx;
  const paint = peer.state === 'alive' ? style.green : peer.alive ? style.yellow : style.red;
  const { lastHeartbeatAgoMs: ago, since } = peer;
  return [
    peer.name,
    paint(peer.state),
    peer.reason,
    since === null ? '-' : formatRelative(Date.parse(since), ctx.clock.now().wall),
    peer.epoch === 0 ? '-' : String(peer.epoch),
    ago === null ? '-' : `${formatDuration(ago)} ago`,
    peer.flags.join(','),
  ];
}

function holds(status: NodeStatusJson, what: string): boolean {
  if (what === 'quorate') return status.quorate;
  if (what === status.self) return status.state === 'active';
  const peer = status.peers.find((each) => each.name === what || each.nodeId === what);
  if (peer === undefined) {
    throw new LsError(
      fault('LS_NODE_UNKNOWN_PEER', `the roster lists nobody called ${JSON.stringify(what)}`),
    );
  }
  return peer.alive;
}
