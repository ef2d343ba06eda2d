import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerVerify } from './verify.ts';

/** `lifesign audit …`: what the ledgers prove. */
export function registerAudit(program: Command, ctx: CliContext): void {
  const audit = program.command('audit').description('verify ledgers, with nothing but the root certificate');
  registerVerify(audit, ctx);
}
