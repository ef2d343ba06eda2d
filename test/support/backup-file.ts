import { createHash } from 'node:crypto';
import {
  BACKUP_SALT_BYTES,
  ChunkSealer,
  makeHeader,
  PartWriter,
  readParts,
  type BackupPart,
  type BackupSummary,
  type Unlock,
} from '../../src/io/index.ts';
import { concatBytes, LsError, unixMs, utf8 } from '../../src/std/index.ts';

/** Stands for a passphrase without its rounds of derivation: those are tested once, not a thousand times. */
export function quickUnlock(secret: string): Unlock {
  return ({ iterations, salt }) =>
    Promise.resolve(createHash('sha256').update(`${secret} ${iterations} `).update(salt).digest());
}

export const SECRET = quickUnlock('secret');
export const SUMMARY: BackupSummary = {
  madeAt: unixMs(1_700_000_000_123),
  trustDomain: 'mesh.internal',
  rootSha256: new Uint8Array(32).fill(7),
  crlNumber: 12,
  rosterNumber: 5,
};

export interface NamedContent {
  /** Null for the store. */
  readonly path: string | null;
  readonly content: Uint8Array;
  readonly mode?: number;
}

export function piecesOf(...pieces: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      for (const piece of pieces) yield await Promise.resolve(piece);
    },
  };
}

/** A whole backup file as the program writes it. */
export async function sealedFile(parts: readonly NamedContent[], summary = SUMMARY): Promise<Uint8Array> {
  return sealed(async (sealer) => {
    const writer = new PartWriter(sealer);
    for (const { path, content, mode = 0o600 } of parts) {
      await writer.add({ path, mode, size: content.length }, piecesOf(content));
    }
    await writer.finish(summary);
  });
}

/** A backup file whose authenticated text is anything. */
export async function sealedText(text: Uint8Array): Promise<Uint8Array> {
  return sealed(async (sealer) => {
    await sealer.write(text);
    await sealer.finish();
  });
}

async function sealed(fill: (sealer: ChunkSealer) => Promise<void>): Promise<Uint8Array> {
  const written: Uint8Array[] = [];
  const header = await makeHeader(new Uint8Array(BACKUP_SALT_BYTES).fill(3), SECRET);
  const sealer = await ChunkSealer.start(header, (bytes) => {
    written.push(bytes.slice());
    return Promise.resolve();
  });
  await fill(sealer);
  return concatBytes(...written);
}

export interface ReadBack {
  readonly parts: readonly (BackupPart & { readonly content: Uint8Array })[];
  readonly summary: BackupSummary & { readonly files: number };
}

export async function readBack(file: Uint8Array, unlock = SECRET): Promise<ReadBack> {
  const parts: (BackupPart & { content: Uint8Array })[] = [];
  const summary = await readParts(piecesOf(file), unlock, async (part, content) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece.slice());
    parts.push({ ...part, content: concatBytes(...pieces) });
  });
  return { parts, summary };
}

/** The code with which reading is refused; 'read' when it is not. */
export async function codeOfReading(file: Uint8Array, unlock = SECRET): Promise<string> {
  try {
    await readBack(file, unlock);
    return 'read';
  } catch (error) {
    if (error instanceof LsError) return error.code;
    throw error;
  }
}

export const SMALL_PARTS: readonly NamedContent[] = [
  { path: 'ca.yaml', content: utf8('trust_domain: mesh.internal\n'), mode: 0o600 },
  { path: 'keys/issuing.key.pem', content: utf8('sealed'), mode: 0o600 },
  { path: null, content: utf8('SQLite format 3') },
];
