import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerEvents } from './events.ts';
import { registerExplain } from './explain.ts';
import { registerMatrix } from './matrix.ts';
import { registerStatus } from './status.ts';

/** `lifesign mesh …`: what a running node sees of the others. */
export function registerMesh(program: Command, ctx: CliContext): void {
  const mesh = program.command('mesh').description('see the mesh as a running node sees it');
  registerStatus(mesh, ctx);
  registerEvents(mesh, ctx);
  registerMatrix(mesh, ctx);
  registerExplain(mesh, ctx);
}
