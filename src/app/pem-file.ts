import { decodePemOf, encodePem } from '../codec/index.ts';
import { readFileCapped } from '../io/files/index.ts';
import { fault, fromUtf8, LsError } from '../std/index.ts';

const MAX_PEM_FILE_BYTES = 256 * 1024;
const CERTIFICATE = 'CERTIFICATE';

/** The text of a PEM file with these DER certificates, in this order. */
export function certificatesPem(ders: readonly Uint8Array[]): string {
  return ders.map((der) => encodePem(CERTIFICATE, der)).join('');
}

/** DER of the certificates in a PEM file. Throws LS_FILE_*, LS_PEM_*. */
export async function readCertificatesPem(path: string): Promise<readonly Uint8Array[]> {
  const text = fromUtf8(await readFileCapped(path, MAX_PEM_FILE_BYTES));
  if (text === undefined) throw new LsError(fault('LS_FILE_UNREADABLE', `${path} is no PEM file`));
  const ders = decodePemOf(CERTIFICATE, text);
  if (ders.ok) return ders.value;
  throw new LsError({ ...ders.error, detail: `${path}: ${ders.error.detail}` });
}
