import { fromHex } from '../../std/index.ts';
import { jsonCheck } from '../json/index.ts';
import { bytesOf, checked, known } from './reading.ts';

/** Certificates of each kind that a CA may name at once, and the characters of one: 4 KiB in base64. */
export const MAX_NAMED_ROOTS = 8;
export const MAX_NAMED_CROSSES = 16;
export const MAX_NAMED_ISSUING = 8;
export const MAX_CERTIFICATE_CHARS = 5_464;
/** A CA hurries its nodes for a month at most. */
export const MAX_RENEW_WITHIN_MS = 30 * 86_400_000;

/** Which CAs there are. DER. Nothing of it is to be believed: each certificate is judged up to a pinned root. */
export interface AuthoritiesAnswer {
  readonly roots: readonly Uint8Array[];
  readonly crossCertificates: readonly Uint8Array[];
  /** Those in use. */
  readonly issuing: readonly Uint8Array[];
  /** SHA-256 of the certificate of the one that issues now; null when none does. */
  readonly active: Uint8Array | null;
  readonly renewWithinMs: number | null;
}

const certificate = { type: 'string', minLength: 4, maxLength: MAX_CERTIFICATE_CHARS } as const;
export const issuingSchema = { type: 'array', items: certificate, maxItems: MAX_NAMED_ISSUING } as const;
export const crossesSchema = { type: 'array', items: certificate, maxItems: MAX_NAMED_CROSSES } as const;

const isAuthorities = jsonCheck({
  type: 'object',
  required: ['roots', 'crossCertificates', 'issuing', 'active', 'renewWithinMs'],
  properties: {
    roots: { type: 'array', items: certificate, minItems: 1, maxItems: MAX_NAMED_ROOTS },
    crossCertificates: crossesSchema,
    issuing: issuingSchema,
    active: { anyOf: [{ type: 'string', pattern: '^[0-9a-f]{64}$' }, { type: 'null' }] },
    renewWithinMs: {
      anyOf: [{ type: 'integer', minimum: 0, maximum: MAX_RENEW_WITHIN_MS }, { type: 'null' }],
    },
  },
});

/** Throws LS_API_RESPONSE. */
export function readAuthorities(body: unknown): AuthoritiesAnswer {
  const { roots, crossCertificates, issuing, active, renewWithinMs } = checked(isAuthorities, body);
  return {
    roots: roots.map(bytesOf),
    crossCertificates: crossCertificates.map(bytesOf),
    issuing: issuing.map(bytesOf),
    active: active === null ? null : known(fromHex(active), 'active'),
    renewWithinMs,
  };
}
