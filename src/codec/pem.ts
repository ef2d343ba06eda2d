import { err, fault, ok, type Fault, type Result } from '../std/index.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';

/** Longest text that {@link decodePem} looks at. */
export const MAX_PEM_CHARACTERS = 1024 * 1024;
/** Most blocks in one text. */
export const MAX_PEM_BLOCKS = 64;
const LINE = 64;
const LABEL = /^[!-,.-~]+(?:[- ][!-,.-~]+)*$/;
const BOUNDARY = /^-----(BEGIN|END) (.*)-----$/;

export interface PemBlock {
  /** CERTIFICATE, CERTIFICATE REQUEST, X509 CRL, ENCRYPTED PRIVATE KEY … */
  readonly label: string;
  readonly der: Uint8Array;
}

/** One block with 64 characters a line and a final newline. Source: RFC 7468 §3 (stricttextualmsg). */
export function encodePem(label: string, der: Uint8Array): string {
  if (!LABEL.test(label)) throw new RangeError(`not a PEM label: ${label}`);
  const text = encodeBase64(der);
  const lines: string[] = [];
  for (let i = 0; i < text.length; i += LINE) lines.push(text.slice(i, i + LINE));
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * The blocks of a PEM text in their order, at least one. Text outside of blocks is ignored (RFC 7468 §2);
 * inside, only the strict form is read: full lines of 64 characters, canonical base64, no headers.
 * Lines end in LF or CR LF.
 * Errors: LS_PEM_TOO_LARGE, LS_PEM_NONE, LS_PEM_BOUNDARY, LS_PEM_BASE64.
 * Source: RFC 7468 §3.
 */
export function decodePem(text: string): Result<readonly PemBlock[], Fault> {
  if (text.length > MAX_PEM_CHARACTERS) {
    return err(
      fault('LS_PEM_TOO_LARGE', `${text.length} characters of PEM, at most ${MAX_PEM_CHARACTERS} are read`),
    );
  }
  const lines = text.split(/\r?\n/);
  const blocks: PemBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (!(lines[at] ?? '').startsWith('-----')) continue;
    if (blocks.length === MAX_PEM_BLOCKS) {
      return err(fault('LS_PEM_TOO_LARGE', `more than ${MAX_PEM_BLOCKS} PEM blocks`));
    }
    const block = readBlock(lines, at);
    if (!block.ok) return block;
    blocks.push(block.value);
    at = lines.indexOf(`-----END ${block.value.label}-----`, at);
  }
  return blocks.length > 0 ? ok(blocks) : err(fault('LS_PEM_NONE', 'the text holds no PEM block'));
}

/** The DER of every block; refuses a text with blocks of another label (LS_PEM_LABEL). */
export function decodePemOf(label: string, text: string): Result<readonly Uint8Array[], Fault> {
  const blocks = decodePem(text);
  if (!blocks.ok) return blocks;
  const other = blocks.value.find((block) => block.label !== label);
  if (other !== undefined)
    return err(fault('LS_PEM_LABEL', `PEM block "${other.label}" where "${label}" belongs`));
  return ok(blocks.value.map((block) => block.der));
}

function readBlock(lines: readonly string[], begin: number): Result<PemBlock, Fault> {
  const [, kind, label = ''] = BOUNDARY.exec(lines[begin] ?? '') ?? [];
  if (kind !== 'BEGIN' || !LABEL.test(label)) {
    return err(fault('LS_PEM_BOUNDARY', `line ${begin + 1} is not a PEM boundary that can stand here`));
  }
  let end = begin + 1;
  while (end < lines.length && !(lines[end] ?? '').startsWith('-')) end++;
  if (lines[end] !== `-----END ${label}-----`) {
    return err(
      fault('LS_PEM_BOUNDARY', `the PEM block "${label}" of line ${begin + 1} has no END of its own`),
    );
  }
  const body = lines.slice(begin + 1, end);
  const wellFormed = body.every((line, at) =>
    at < body.length - 1 ? line.length === LINE : isLastLine(line),
  );
  const der = wellFormed && body.length > 0 ? decodeBase64(body.join('')) : undefined;
  if (der === undefined)
    return err(fault('LS_PEM_BASE64', `the PEM block "${label}" of line ${begin + 1} is malformed`));
  return ok({ label, der });
}

function isLastLine(line: string): boolean {
  return line.length > 0 && line.length <= LINE;
}
