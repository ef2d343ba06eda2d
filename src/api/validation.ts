import { Ajv } from 'ajv';
import type { FastifyInstance, FastifyTypeProvider, RawServerBase } from 'fastify';
import type { Static, TSchema } from 'typebox';

/** Lets handlers see bodies, queries and parameters with the types of their typebox schemas. */
export interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  readonly serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

/**
 * Validates with ajv: bodies strictly, never changed or coerced; queries and parameters, which are text on the
 * wire, coerced to the type the schema names.
 */
export function validateWithSchemas<Server extends RawServerBase>(app: FastifyInstance<Server>): void {
  const exact = new Ajv({ strict: true });
  const coercing = new Ajv({ strict: true, coerceTypes: true, useDefaults: true });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? exact : coercing).compile(schema as TSchema),
  );
}
