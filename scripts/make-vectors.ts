/**
 * Writes the golden vectors of docs/FORMATS.md into test/vectors/. Running it again changes nothing: Ed25519 is
 * deterministic and ES256 signatures, once made, are kept in test/vectors/es256-signatures.json.
 *
 * Usage: node scripts/make-vectors.ts
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VectorKeys } from '../test/support/vector-keys.ts';
import { buildVectors, encodeVectorFile, RECORDED_FILE } from '../test/support/vectors.ts';

const directory = join(import.meta.dirname, '..', 'test', 'vectors');
const recordedFile = join(directory, RECORDED_FILE);

mkdirSync(directory, { recursive: true });
const recorded = new Map<string, string>(
  existsSync(recordedFile) ? Object.entries(JSON.parse(readFileSync(recordedFile, 'utf8')) as object) : [],
);
const keys = new VectorKeys(recorded, true);
for (const [name, file] of buildVectors(keys)) writeFileSync(join(directory, name), encodeVectorFile(file));
writeFileSync(recordedFile, encodeVectorFile(Object.fromEntries(recorded)));
