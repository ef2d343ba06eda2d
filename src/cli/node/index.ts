import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerCheck } from './check.ts';
import { registerEnroll } from './enroll.ts';
import { registerLeave } from './leave.ts';
import { registerModes } from './modes.ts';
import { registerReload } from './reload.ts';
import { registerRenew } from './renew.ts';
import { registerRun } from './run.ts';

/** `lifesign node …`: one member of the mesh. */
export function registerNode(program: Command, ctx: CliContext): void {
  const node = program.command('node').description('enroll, run and check one member of the mesh');
  registerEnroll(node, ctx);
  registerRun(node, ctx);
  registerCheck(node, ctx);
  registerRenew(node, ctx);
  registerReload(node, ctx);
  registerModes(node, ctx);
  registerLeave(node, ctx);
}
