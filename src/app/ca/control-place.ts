import { rm } from 'node:fs/promises';
import {
  controlSocketPath,
  readFileCapped,
  writeFileDurably,
  type ControlSocketPlace,
} from '../../io/files/index.ts';
import { fromUtf8, LsError } from '../../std/index.ts';
import type { CaHome } from './home.ts';

const MAX_NOTE_BYTES = 4_096;

/** Records a control socket that is not in the home, for commands whose environment names another place. */
export async function noteControlSocket(home: CaHome, place: ControlSocketPlace): Promise<void> {
  if (place.moved) await writeFileDurably(home.socketNote, `${place.path}\n`);
  else await rm(home.socketNote, { force: true });
}

/** Where the server of this home has its control socket, if one runs. */
export async function findControlSocket(home: CaHome): Promise<string> {
  const place = controlSocketPath(home.home, process.env, process.getuid?.() ?? 0);
  return place.moved ? ((await readNote(home.socketNote)) ?? place.path) : place.path;
}

async function readNote(path: string): Promise<string | undefined> {
  try {
    return fromUtf8(await readFileCapped(path, MAX_NOTE_BYTES))?.trim();
  } catch (cause) {
    if (cause instanceof LsError && cause.code === 'LS_FILE_NOT_FOUND') return undefined;
    throw cause;
  }
}
