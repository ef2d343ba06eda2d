import { decodePem, type PemBlock } from '../codec/index.ts';
import { readFileCapped } from '../io/files/index.ts';
import { fault, fromUtf8, LsError } from '../std/index.ts';

const PEM_START = '-----BEGIN';
/** Base64 and its lines. */
const PEM_OVERHEAD = 1.5;

/** The PEM blocks of a file; undefined when it does not begin like one, with its bytes then. Throws LS_FILE_*, LS_PEM_*. */
export async function readBlocks(
  path: string,
  maxBytes: number,
): Promise<{ readonly blocks: readonly PemBlock[] | undefined; readonly bytes: Uint8Array }> {
  const bytes = await readFileCapped(path, Math.ceil(maxBytes * PEM_OVERHEAD) + 1_024);
  const text = fromUtf8(bytes);
  if (text?.includes(PEM_START) !== true) return { blocks: undefined, bytes };
  const blocks = decodePem(text);
  if (blocks.ok) return { blocks: blocks.value, bytes };
  throw new LsError({ ...blocks.error, detail: `${path}: ${blocks.error.detail}` });
}

/** The DER of a file, as it is or as the one PEM block of `label`. Throws LS_FILE_*, LS_PEM_*. */
export async function readDerOrPem(path: string, label: string, maxBytes: number): Promise<Uint8Array> {
  const { blocks, bytes } = await readBlocks(path, maxBytes);
  if (blocks === undefined) return bytes;
  const [block, ...others] = blocks;
  if (block?.label === label && others.length === 0) return block.der;
  throw new LsError(fault('LS_PEM_LABEL', `${path} does not hold one ${label} and nothing else`));
}
