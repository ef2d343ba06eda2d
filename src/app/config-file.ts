import { readFile } from 'node:fs/promises';
import { Ajv, type ErrorObject } from 'ajv';
import type { XStatic } from 'typebox/schema';
import { parseDocument } from 'yaml';
import { fault, LsError } from '../std/index.ts';
import type { Overridden } from './config-env.ts';
import { nearestWord } from './nearest-word.ts';

/** Far above any real configuration; keeps a wrong path (a disk image, say) from being read into memory. */
export const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_KEY_CHARS = 80;

/**
 * Reads a YAML file against its schema. Defaults are filled in, unknown keys refused.
 * `override` may change what the file says before it is checked.
 * Throws LsError: LS_CONFIG_MISSING, LS_CONFIG_UNREADABLE, LS_CONFIG_SYNTAX, LS_CONFIG_UNKNOWN_KEY, LS_CONFIG_INVALID.
 */
export async function readConfigFile<const S extends object>(
  path: string,
  schema: S,
  override?: (value: unknown) => Overridden,
): Promise<XStatic<S>> {
  const value = parseYaml(await readText(path), path);
  const { value: overridden, variables } = override?.(value) ?? { value, variables: [] };
  return checkConfig(overridden, schema, [path, ...variables].join(' with '));
}

/** The value of a YAML file of which nothing else is known. Throws as {@link readConfigFile} up to LS_CONFIG_SYNTAX. */
export async function readYamlFile(path: string): Promise<unknown> {
  return parseYaml(await readText(path), path);
}

/** As {@link readConfigFile}, of text already read; `origin` names it in errors. */
export function parseConfig<const S extends object>(text: string, schema: S, origin: string): XStatic<S> {
  return checkConfig(parseYaml(text, origin), schema, origin);
}

function checkConfig<const S extends object>(value: unknown, schema: S, origin: string): XStatic<S> {
  const validate = new Ajv({ useDefaults: true, verbose: true, validateSchema: false }).compile<XStatic<S>>(
    schema,
  );
  if (validate(value)) return value;
  throw new LsError(refusal(validate.errors?.[0], origin));
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= MAX_CONFIG_BYTES) return bytes.toString('utf8');
  } catch (cause) {
    const missing = errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR';
    const detail = missing ? `${path} does not exist` : `${path} cannot be read (${errnoOf(cause)})`;
    throw new LsError(fault(missing ? 'LS_CONFIG_MISSING' : 'LS_CONFIG_UNREADABLE', detail), { cause });
  }
  throw new LsError(fault('LS_CONFIG_UNREADABLE', `${path} is larger than ${MAX_CONFIG_BYTES} bytes`));
}

function parseYaml(text: string, origin: string): unknown {
  const document = parseDocument(text, {
    schema: 'core',
    prettyErrors: true,
    uniqueKeys: true,
    merge: false,
  });
  const problem = document.errors[0];
  if (problem === undefined) return document.toJS({ maxAliasCount: 0 }) ?? {};
  const line = problem.linePos?.[0].line;
  const what = problem.message.split('\n')[0] ?? 'not YAML';
  throw new LsError(
    fault('LS_CONFIG_SYNTAX', `${origin}${line === undefined ? '' : ` line ${line}`}: ${what}`),
  );
}

function refusal(error: ErrorObject | undefined, origin: string) {
  const where = error?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  if (error?.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty']).slice(0, MAX_KEY_CHARS);
    const nearest = nearestWord(key, Object.keys(propertiesOf(error.parentSchema)));
    const hint = nearest === undefined ? '' : `, did you mean "${nearest}"?`;
    const path = where === '' ? key : `${where}.${key}`;
    return fault('LS_CONFIG_UNKNOWN_KEY', `${origin} has an unknown key "${path}"${hint}`);
  }
  const subject = where === '' ? origin : `${origin}: "${where}"`;
  return fault('LS_CONFIG_INVALID', `${subject} ${reasonOf(error)}`);
}

function reasonOf(error: ErrorObject | undefined): string {
  if (error?.keyword === 'enum') return `must be one of ${JSON.stringify(error.schema)}`;
  if (error?.keyword === 'anyOf') return 'has none of the values allowed here';
  return error?.message ?? 'is not valid';
}

function propertiesOf(schema: unknown): object {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return {};
  return typeof schema.properties === 'object' && schema.properties !== null ? schema.properties : {};
}

function errnoOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
