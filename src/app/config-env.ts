import { fault, LsError } from '../std/index.ts';
import { nearestWord } from './nearest-word.ts';

/** A JSON Schema, as far as it is looked at here. */
interface SchemaNode {
  readonly type?: unknown;
  readonly enum?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment changed. */
export interface Overridden {
  readonly value: unknown;
  /** Names of the variables that were used. */
  readonly variables: readonly string[];
}

/**
 * Values of single keys from the environment, which go before those of the file: PREFIX and the path of the key in
 * capitals, `detector.floor_intervals` as LIFESIGN_NODE_DETECTOR_FLOOR_INTERVALS. Lists cannot be given so, nor the
 * keys in `fixed`. Throws LsError LS_CONFIG_UNKNOWN_KEY for a variable with that prefix that is no key.
 */
export function overrideFromEnv(
  value: unknown,
  schema: object,
  env: Environment,
  { prefix, fixed }: { readonly prefix: string; readonly fixed: readonly string[] },
): Overridden {
  const keys = leaves(schema as SchemaNode).filter(({ path }) => !fixed.includes(path.join('.')));
  const byVariable = new Map(keys.map((key) => [`${prefix}${key.path.join('_').toUpperCase()}`, key]));
  const variables = Object.keys(env).filter((name) => name.startsWith(prefix) && env[name] !== undefined);
  let changed = value;
  for (const variable of variables) {
    const key = byVariable.get(variable);
    if (key === undefined) throw unknown(variable, [...byVariable.keys()]);
    changed = withValue(changed, key.path, read(env[variable] ?? '', key.schema));
  }
  return { value: changed, variables };
}

interface Leaf {
  readonly path: readonly string[];
  readonly schema: SchemaNode;
}

function leaves(schema: SchemaNode, path: readonly string[] = []): readonly Leaf[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const at = [...path, key];
    if (property.properties !== undefined) return leaves(property, at);
    return property.type === 'array' ? [] : [{ path: at, schema: property }];
  });
}

/** What is no number stays a text, which the schema refuses. */
function read(text: string, { type }: SchemaNode): unknown {
  const isNumeric = type === 'integer' || type === 'number';
  return isNumeric && /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
}

function withValue(tree: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const object = typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? tree : undefined;
  // What is no section is refused by the schema, as it stands in the file.
  if (object === undefined && tree !== undefined) return tree;
  const inner = (object as Record<string, unknown> | undefined)?.[key];
  return { ...object, [key]: rest.length === 0 ? value : withValue(inner, rest, value) };
}

function unknown(variable: string, known: readonly string[]): LsError {
  const nearest = nearestWord(variable, known);
  const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`;
  return new LsError(fault('LS_CONFIG_UNKNOWN_KEY', `no key is set by ${variable}${hint}`));
}
