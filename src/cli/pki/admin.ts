import type { AdminCall } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { sourcesOf, type PassphraseOption } from './passphrase.ts';

/** Calls the CA for what needs none of its keys. `T` is the JSON that the call answers. */
export async function query<T>(ctx: CliContext, call: AdminCall): Promise<T> {
  const { administerCa } = await import('../../app/index.ts');
  return (await administerCa({ home: ctx.home('ca'), call })) as T;
}

/** Calls the CA for what it signs: without a server, the keys are unlocked here. */
export async function command<T>(ctx: CliContext, options: PassphraseOption, call: AdminCall): Promise<T> {
  const { administerCa } = await import('../../app/index.ts');
  const passphrase = await sourcesOf(ctx, options);
  return (await administerCa({ home: ctx.home('ca'), call, passphrase })) as T;
}

/** A name or serial as one segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}
