import { parseOcspRequest, type OcspRequest } from '../../x509/index.ts';

export const GET_PREFIX = '/ocsp/';
/** Paths remembered at once; the one that came first is forgotten first. */
export const MAX_REMEMBERED_PATHS = 5_000;
/** Longer ones ask about more than one certificate, or more than its name. */
export const MAX_REMEMBERED_PATH = 320;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const NOTHING = new Uint8Array();

/**
 * What was asked in the paths of late. Clients ask about the same few certificates again and again; to decode and parse what
 * they ask costs as much as all the rest of an answer.
 */
export class AskedInPaths {
  readonly #known = new Map<string, OcspRequest>();

  get size(): number {
    return this.#known.size;
  }

  /** The bytes where they are no request: why not is for the responder to say. */
  read(url: string): OcspRequest | Uint8Array {
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const bytes = requestInPath(url);
    const parsed = parseOcspRequest(bytes);
    if (!parsed.ok) return bytes;
    // A nonce is for one answer alone.
    if (url.length <= MAX_REMEMBERED_PATH && parsed.value.nonce === undefined) this.#put(url, parsed.value);
    return parsed.value;
  }

  #put(url: string, request: OcspRequest): void {
    if (this.#known.size >= MAX_REMEMBERED_PATHS) {
      const oldest = this.#known.keys().next();
      if (oldest.done !== true) this.#known.delete(oldest.value);
    }
    this.#known.set(url, request);
  }
}

/** The base64 after the prefix, percent-encoded or not; nothing where it is no base64. */
function requestInPath(url: string): Uint8Array {
  const end = url.indexOf('?');
  const raw = url.slice(GET_PREFIX.length, end === -1 ? undefined : end);
  const text = raw.includes('%') ? decoded(raw) : raw;
  // A copy: what is remembered must not keep the pool alive that a small buffer is a part of.
  return BASE64.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : NOTHING;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
