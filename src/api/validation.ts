import { Ajv } from 'ajv';
import type { FastifyInstance, FastifyTypeProvider, RawServerBase } from 'fastify';
import type { XStatic } from 'typebox/schema';

/** Lets handlers see bodies, queries and parameters with the types of their JSON Schemas, written `as const`. */
export interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: XStatic<this['schema']>;
  readonly serializer: XStatic<this['schema']>;
}

/**
 * Validates with ajv: bodies strictly, never changed or coerced; queries and parameters, which are text on the
 * wire, coerced to the type the schema names.
 */
export function validateWithSchemas<Server extends RawServerBase>(app: FastifyInstance<Server>): void {
  const ours = { strict: true, validateSchema: false };
  const exact = new Ajv(ours);
  const coercing = new Ajv({ ...ours, coerceTypes: true, useDefaults: true });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? exact : coercing).compile(schema as object),
  );
}
