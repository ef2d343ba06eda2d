import type { NodeModes } from '../../mesh/index.ts';
import { LsError } from '../../std/index.ts';
import { queryNode } from './control.ts';
import type { ModesChange } from './modes-file.ts';

/**
 * Changes the modes of a node: of the running one over its control socket, else in its home for the next start.
 * Answers the modes afterwards, and whether it runs. Throws as queryNode and changeStoredModes.
 */
export async function setModes(
  home: string,
  change: ModesChange,
): Promise<{ readonly modes: NodeModes; readonly running: boolean }> {
  try {
    const modes = (await queryNode(home, { method: 'POST', path: '/v1/modes', body: change })) as NodeModes;
    return { modes, running: true };
  } catch (cause) {
    if (!(cause instanceof LsError) || cause.code !== 'LS_NODE_NOT_RUNNING') throw cause;
    const { changeStoredModes } = await import('./modes-file.ts');
    return { modes: await changeStoredModes(home, change), running: false };
  }
}
