import { Ajv, type ValidateFunction } from 'ajv';
import type { XStatic } from 'typebox/schema';

/**
 * A check of parsed JSON against a JSON Schema of ours (written `as const`), which is compiled at its first use.
 * Values are never changed.
 */
export function jsonCheck<const S extends object>(schema: S): (value: unknown) => value is XStatic<S> {
  let compiled: ValidateFunction<XStatic<S>> | undefined;
  return (value): value is XStatic<S> => {
    compiled ??= new Ajv({ strict: true, validateSchema: false }).compile<XStatic<S>>(schema);
    return compiled(value);
  };
}
