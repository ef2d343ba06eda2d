import { programPath, startProgram, type Ending, type ProcessOptions } from './process.ts';

/** `nobody` of every Debian. */
export const NOBODY = 65_534;

/** Runs lifesign to its end as a user without rights. Requires: root. */
export function lifesignAsNobody(args: readonly string[], options: ProcessOptions = {}): Promise<Ending> {
  const id = String(NOBODY);
  const drop = [`--reuid=${id}`, `--regid=${id}`, '--clear-groups'];
  return startProgram('setpriv', [...drop, process.execPath, programPath(), ...args], options).ended;
}
