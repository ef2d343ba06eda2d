import { err, fault, fromUtf8, ok, toHex, utf8, type Fault, type Result } from '../../std/index.ts';

/** Which token holds the keys, and how to reach it. */
export interface TokenAddress {
  /** Absolute path of the PKCS#11 library. */
  readonly modulePath: string;
  /** What the token must be; at least one of them is there. */
  readonly token: string | undefined;
  readonly serial: string | undefined;
  readonly manufacturer: string | undefined;
  readonly model: string | undefined;
  /** Absolute path of a file whose first line is the PIN. */
  readonly pinSource: string | undefined;
  /** What the labels of keys made there begin with. */
  readonly object: string | undefined;
}

/** One key on a token: private and public object have the same label and id. */
export interface KeyAddress {
  readonly object: string;
  readonly id: Uint8Array;
}

export const MAX_URI_CHARACTERS = 2_048;
/** CK_TOKEN_INFO holds no longer ones. Source: PKCS #11 v2.40 §3.2. */
const MAX_BYTES = { token: 32, manufacturer: 32, model: 16, serial: 16, object: 128, id: 64 } as const;
const SCHEME = 'pkcs11:';

type Named = ReadonlyMap<string, Uint8Array>;

/**
 * Reads `pkcs11:token=NAME[;serial=…][;object=PREFIX]?module-path=/LIB.so[&pin-source=file:/FILE]`. Source: RFC 7512 §2.
 * Error: LS_CONFIG_KEY_STORE for another form, for what is said twice, for an attribute that would be ignored, and
 * for a PIN in the URI, which would be in ca.yaml, in shell histories and in the list of processes.
 */
export function parseTokenUri(text: string): Result<TokenAddress, Fault> {
  const parts = splitUri(
    text,
    ['token', 'serial', 'manufacturer', 'model', 'object'],
    ['module-path', 'pin-source'],
  );
  if (!parts.ok) return parts;
  const named = texts(parts.value);
  if (!named.ok) return named;
  const read = (name: string): string | undefined => named.value.get(name);
  const modulePath = read('module-path');
  if (modulePath === undefined) return refuse('has no module-path: which PKCS#11 library reaches the token?');
  if (!modulePath.startsWith('/')) return refuse('names a module-path that is not absolute');
  const [token, serial] = [read('token'), read('serial')];
  if (token === undefined && serial === undefined) return refuse('names neither token nor serial');
  const source = read('pin-source');
  const pinSource = source === undefined ? undefined : pathOf(source);
  if (source !== undefined && pinSource === undefined)
    return refuse('has a pin-source that is not file:/PATH');
  const [manufacturer, model, object] = [read('manufacturer'), read('model'), read('object')];
  return ok({ modulePath, token, serial, manufacturer, model, pinSource, object });
}

/** The one line of a key's `.uri` file. */
export function formatKeyUri({ object, id }: KeyAddress): string {
  const bytes = toHex(id).replaceAll(/../g, '%$&');
  return `${SCHEME}object=${escaped(object)};id=${bytes};type=private`;
}

/** Reads what {@link formatKeyUri} wrote. Error: LS_CONFIG_KEY_STORE. */
export function parseKeyUri(text: string): Result<KeyAddress, Fault> {
  const parts = splitUri(text, ['object', 'id', 'type'], []);
  if (!parts.ok) return parts;
  const id = parts.value.get('id');
  const object = fromUtf8(parts.value.get('object') ?? new Uint8Array());
  const type = fromUtf8(parts.value.get('type') ?? new Uint8Array());
  if (id === undefined || object === undefined || object === '' || type !== 'private')
    return refuse('names no private key by object and id');
  return ok({ object, id });
}

function splitUri(
  text: string,
  pathNames: readonly string[],
  queryNames: readonly string[],
): Result<Named, Fault> {
  if (text.length > MAX_URI_CHARACTERS) return refuse(`is longer than ${MAX_URI_CHARACTERS} characters`);
  if (!text.startsWith(SCHEME)) return refuse('does not begin with pkcs11:');
  const [path = '', query, ...more] = text.slice(SCHEME.length).split('?');
  if (more.length > 0) return refuse('has two question marks');
  const found = new Map<string, Uint8Array>();
  const problem =
    takeAll(found, path.split(';'), pathNames) ??
    (query === undefined ? undefined : takeAll(found, query.split('&'), queryNames));
  return problem === undefined ? ok(found) : refuse(problem);
}

function takeAll(
  found: Map<string, Uint8Array>,
  pairs: readonly string[],
  known: readonly string[],
): string | undefined {
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = at === -1 ? pair : pair.slice(0, at);
    if (name === 'pin-value') return 'holds the PIN itself: put it into a file and name that as pin-source';
    if (!known.includes(name))
      return `has ${JSON.stringify(name.slice(0, 32))}, allowed are ${known.join(', ')}`;
    if (found.has(name)) return `says ${name} twice`;
    const value = at === -1 ? undefined : unescaped(pair.slice(at + 1));
    if (value === undefined || value.length === 0) return `has a ${name} that is empty or wrongly escaped`;
    const most = Object.hasOwn(MAX_BYTES, name)
      ? MAX_BYTES[name as keyof typeof MAX_BYTES]
      : MAX_URI_CHARACTERS;
    if (value.length > most) return `has a ${name} of more than ${most} bytes`;
    found.set(name, value);
  }
  return undefined;
}

function texts(named: Named): Result<ReadonlyMap<string, string>, Fault> {
  const read = new Map<string, string>();
  for (const [name, bytes] of named) {
    const value = fromUtf8(bytes);
    if (value === undefined || value.includes('\u0000')) return refuse(`has a ${name} that is no text`);
    read.set(name, value);
  }
  return ok(read);
}

/** `file:/PATH`, `file:///PATH` or `/PATH`; a command (`|…`) is never run. */
function pathOf(source: string): string | undefined {
  const path = source.replace(/^file:(?:\/\/(?=\/))?/, '');
  return path.startsWith('/') && !path.startsWith('//') ? path : undefined;
}

/** Characters that stand for themselves. Source: RFC 7512 §2.3, pk11-pchar and pk11-qchar without the separators. */
const PLAIN = /^[A-Za-z0-9\-._~:[\]@!$'()*+,/]$/;

function unescaped(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '%') {
      const pair = text.slice(at + 1, at + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(pair)) return undefined;
      bytes.push(Number.parseInt(pair, 16));
      at += 2;
    } else if (PLAIN.test(character)) bytes.push(character.charCodeAt(0));
    else return undefined;
  }
  return Uint8Array.from(bytes);
}

function escaped(text: string): string {
  return [...utf8(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return PLAIN.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}

/** The URI itself is not shown: somebody may have put a PIN into it. */
function refuse(problem: string): Result<never, Fault> {
  return err(fault('LS_CONFIG_KEY_STORE', `the PKCS#11 URI ${problem}`));
}
