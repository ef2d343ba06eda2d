import { MAX_REASON_LENGTH } from '../../authority/index.ts';

/** Caps on what a call may bring. The authority holds its own, tighter ones. */
export const MAX_BODY_BYTES = 64 * 1024;
/** CRLs that a restored CA takes over: two of the largest ones. */
export const MAX_MERGED_BODY_BYTES = 192 * 1024 * 1024;
/** A root revokes a handful of CAs in its life. */
export const MAX_ROOT_CRL_BODY_BYTES = 1024 * 1024;
const MAX_CRLS = 64;
const MAX_CSR_CHARS = 24 * 1024;
const MAX_SUCCESSOR_CHARS = 2 * 1024;
const MAX_ADDRESS_CHARS = 262;
const MAX_NAME_CHARS = 253;
const MAX_GRANTED_NAMES = 32;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

const strict = { type: 'object', additionalProperties: false } as const;
const base64 = <const N extends number>(maxLength: N) =>
  ({ type: 'string', maxLength, pattern: '^[A-Za-z0-9+/]*={0,2}$' }) as const;
const hexId = { type: 'string', pattern: '^[0-9a-f]{32}$' } as const;
const address = { type: 'string', minLength: 3, maxLength: MAX_ADDRESS_CHARS } as const;
const count = { type: 'integer', minimum: 0, maximum: MAX_COUNT } as const;
const name = { type: 'string', minLength: 1, maxLength: MAX_NAME_CHARS } as const;
const csr = base64(MAX_CSR_CHARS);

/** Redeems a token. `secret` is 32 bytes; `csr` DER PKCS#10 whose challengePassword binds its key to the token. */
export const enrollBody = {
  ...strict,
  required: ['tokenId', 'secret', 'csr'],
  properties: { tokenId: hexId, secret: base64(44), csr, advertise: address },
} as const;

/** `successor` is the statement by the caller's present key that names the new one. */
export const reenrollBody = {
  ...strict,
  required: ['csr', 'successor'],
  properties: { csr, successor: base64(MAX_SUCCESSOR_CHARS) },
} as const;

/** `address` null keeps the one the CA knows. */
export const activateBody = {
  ...strict,
  required: ['address'],
  properties: { address: { anyOf: [address, { type: 'null' }] } },
} as const;

export const ackBody = {
  ...strict,
  required: ['crlNumber', 'rosterNumber'],
  properties: { crlNumber: count, rosterNumber: count },
} as const;

export const feedQuery = {
  ...strict,
  required: ['crlNumber', 'rosterNumber'],
  properties: { crlNumber: { ...count, default: 0 }, rosterNumber: { ...count, default: 0 } },
} as const;

export const operatorBody = { ...strict, required: ['name', 'csr'], properties: { name, csr } } as const;

/** CRLs of this CA that are newer than what was restored. */
export const acceptLossBody = {
  ...strict,
  required: ['crls'],
  properties: { crls: { type: 'array', items: base64(MAX_MERGED_BODY_BYTES), maxItems: MAX_CRLS } },
} as const;

export const configBody = {
  ...strict,
  required: ['key', 'value'],
  properties: { key: { type: 'string', maxLength: 64 }, value: { type: 'string', maxLength: 2_048 } },
} as const;

export const exportBody = { ...strict, required: ['serial'], properties: { serial: hexId } } as const;

/** A CRL of the root. */
export const rootCrlBody = {
  ...strict,
  required: ['crl'],
  properties: { crl: base64(MAX_ROOT_CRL_BODY_BYTES) },
} as const;

const generation = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;
const MAX_RENEW_WITHIN_MS = 30 * 24 * 60 * 60_000;

/** What an offline root has made; nothing where the root's key is at hand. */
export const rolloverPrepareBody = {
  ...strict,
  properties: { certificate: base64(MAX_CSR_CHARS), rootCrl: base64(MAX_ROOT_CRL_BODY_BYTES) },
} as const;

/** A root that was made elsewhere; nothing where it is to be made here. */
export const rolloverRootBody = {
  ...strict,
  properties: {
    made: {
      ...strict,
      required: ['certificate', 'cross', 'rootCrl'],
      properties: {
        certificate: base64(MAX_CSR_CHARS),
        cross: base64(MAX_CSR_CHARS),
        rootCrl: base64(MAX_ROOT_CRL_BODY_BYTES),
      },
    },
  },
} as const;

/** `force` true: whoever has not adopted it yet. */
export const rolloverActivateBody = {
  ...strict,
  properties: {
    generation,
    renewWithinMs: { type: 'integer', minimum: 0, maximum: MAX_RENEW_WITHIN_MS },
    force: { type: 'boolean' },
  },
} as const;

export const rolloverGenerationBody = { ...strict, properties: { generation } } as const;
export const rolloverRevokeBody = { ...rolloverGenerationBody, required: ['generation'] } as const;

export const tokenBody = {
  ...strict,
  required: ['name'],
  properties: {
    name,
    dns: { type: 'array', items: name, maxItems: MAX_GRANTED_NAMES },
    ip: { type: 'array', items: { type: 'string', maxLength: 45 }, maxItems: MAX_GRANTED_NAMES },
    ttlMs: { type: 'integer', minimum: 1, maximum: MAX_COUNT },
    replace: { type: 'boolean' },
    approval: { type: 'boolean' },
    est: { type: 'boolean' },
  },
} as const;

export const tokenParams = { ...strict, required: ['tokenId'], properties: { tokenId: hexId } } as const;

export const certificatesQuery = { ...strict, properties: { name, expiringMs: count } } as const;

export const nodeParams = { ...strict, required: ['name'], properties: { name } } as const;

/** `wait` true holds the answer until every active member enforces it, or a bound passes. */
export const revokeBody = {
  ...strict,
  properties: {
    reason: {
      enum: [
        'unspecified',
        'keyCompromise',
        'affiliationChanged',
        'superseded',
        'cessationOfOperation',
        'privilegeWithdrawn',
        'certificateHold',
      ],
    },
    onlySerial: hexId,
    wait: { type: 'boolean' },
  },
} as const;

/** `all` true lists those that are over too. */
export const requestsQuery = { ...strict, properties: { all: { type: 'boolean', default: false } } } as const;

export const requestParams = {
  ...strict,
  required: ['requestId'],
  properties: { requestId: hexId },
} as const;

export const decisionBody = {
  ...strict,
  properties: { reason: { type: 'string', maxLength: MAX_REASON_LENGTH } },
} as const;
