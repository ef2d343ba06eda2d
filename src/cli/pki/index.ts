import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerBackup } from './backup.ts';
import { registerConfig } from './config.ts';
import { registerCrl } from './crl.ts';
import { registerExport } from './export.ts';
import { registerImport } from './import.ts';
import { registerInit } from './init.ts';
import { registerDestroyKey, registerKey } from './key.ts';
import { registerList } from './list.ts';
import { registerOperator } from './operator.ts';
import { registerOcsp } from './ocsp.ts';
import { registerRelease } from './release.ts';
import { registerRemove } from './remove.ts';
import { registerRequests } from './requests.ts';
import { registerRestore } from './restore.ts';
import { registerRevoke } from './revoke.ts';
import { registerRollover } from './rollover.ts';
import { registerRoot } from './root.ts';
import { registerServe } from './serve.ts';
import { registerShow } from './show.ts';
import { registerToken } from './token.ts';

/** `lifesign pki …`: the certificate authority. */
export function registerPki(program: Command, ctx: CliContext): void {
  const pki = program.command('pki').description('run and administer the certificate authority');
  registerInit(pki, ctx);
  registerRoot(pki, ctx);
  registerImport(pki, ctx);
  registerServe(pki, ctx);
  registerToken(pki, ctx);
  registerRequests(pki, ctx);
  registerList(pki, ctx);
  registerShow(pki, ctx);
  registerRevoke(pki, ctx);
  registerRelease(pki, ctx);
  registerRemove(pki, ctx);
  registerCrl(pki, ctx);
  registerOperator(pki, ctx);
  registerExport(pki, ctx);
  registerConfig(pki, ctx);
  registerOcsp(pki, ctx);
  registerKey(pki, ctx);
  registerDestroyKey(pki, ctx);
  registerRollover(pki, ctx);
  registerBackup(pki, ctx);
  registerRestore(pki, ctx);
}
