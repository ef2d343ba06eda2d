import { readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import { parseJson } from '../../io/json/index.ts';
import { fromUtf8, LsError } from '../../std/index.ts';
import type { CaHome } from './home.ts';

/** What `pki rollover compromised` goes on with when it is run again. */
export interface CompromiseNote {
  /** The issuing CA that is to be revoked. */
  readonly generation: number;
  /** The one that follows it; null until that is prepared. */
  readonly successor: number | null;
}

const MAX_NOTE_BYTES = 1_024;

/** Undefined when there is none that can be read. */
export async function readCompromiseNote({
  compromiseNote,
}: Pick<CaHome, 'compromiseNote'>): Promise<CompromiseNote | undefined> {
  try {
    return noteIn(parseJson(fromUtf8(await readFileCapped(compromiseNote, MAX_NOTE_BYTES)) ?? ''));
  } catch (cause) {
    if (cause instanceof LsError && cause.code === 'LS_FILE_NOT_FOUND') return undefined;
    throw cause;
  }
}

export async function writeCompromiseNote(
  { compromiseNote }: Pick<CaHome, 'compromiseNote'>,
  note: CompromiseNote,
): Promise<void> {
  await writeFileDurably(compromiseNote, `${JSON.stringify(note)}\n`, { mode: 0o600 });
}

function noteIn(value: unknown): CompromiseNote | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('generation' in value) || !('successor' in value)) return undefined;
  const { generation, successor } = value;
  if (!isGeneration(generation) || (successor !== null && !isGeneration(successor))) return undefined;
  return { generation, successor };
}

function isGeneration(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
