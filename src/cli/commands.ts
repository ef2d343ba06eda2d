import type { Command } from 'commander';
import { registerAudit } from './audit/index.ts';
import type { CliContext } from './context.ts';
import { registerDemo } from './demo.ts';
import { registerMesh } from './mesh/index.ts';
import { registerNode } from './node/index.ts';
import { registerPki } from './pki/index.ts';
import { registerSim } from './sim.ts';

/** Adds one area's commands below the program. */
export type RegisterCommands = (program: Command, ctx: CliContext) => void;

/** Every area, in the order `lifesign --help` shows them. */
export const areas: readonly RegisterCommands[] = [
  registerDemo,
  registerPki,
  registerNode,
  registerMesh,
  registerAudit,
  registerSim,
];
