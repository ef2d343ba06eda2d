import { Type } from 'typebox';

/** Caps on what a call may bring. The authority holds its own, tighter ones. */
export const MAX_BODY_BYTES = 64 * 1024;
const MAX_CSR_CHARS = 24 * 1024;
const MAX_SUCCESSOR_CHARS = 2 * 1024;
const MAX_ADDRESS_CHARS = 262;
const MAX_NAME_CHARS = 253;
const MAX_GRANTED_NAMES = 32;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

const strict = { additionalProperties: false };
const base64 = (maxLength: number) => Type.String({ maxLength, pattern: '^[A-Za-z0-9+/]*={0,2}$' });
const hexId = Type.String({ pattern: '^[0-9a-f]{32}$' });
const address = Type.String({ minLength: 3, maxLength: MAX_ADDRESS_CHARS });
const count = Type.Integer({ minimum: 0, maximum: MAX_COUNT });
const name = Type.String({ minLength: 1, maxLength: MAX_NAME_CHARS });
const csr = base64(MAX_CSR_CHARS);

/** Redeems a token. `secret` is 32 bytes; `csr` DER PKCS#10 whose challengePassword binds its key to the token. */
export const enrollBody = Type.Object(
  { tokenId: hexId, secret: base64(44), csr, advertise: Type.Optional(address) },
  strict,
);

/** `successor` is the statement by the caller's present key that names the new one. */
export const reenrollBody = Type.Object({ csr, successor: base64(MAX_SUCCESSOR_CHARS) }, strict);

/** `address` null keeps the one the CA knows. */
export const activateBody = Type.Object({ address: Type.Union([address, Type.Null()]) }, strict);

export const ackBody = Type.Object({ crlNumber: count, rosterNumber: count }, strict);

export const feedQuery = Type.Object(
  {
    crlNumber: Type.Integer({ minimum: 0, maximum: MAX_COUNT, default: 0 }),
    rosterNumber: Type.Integer({ minimum: 0, maximum: MAX_COUNT, default: 0 }),
  },
  strict,
);

export const tokenBody = Type.Object(
  {
    name,
    dns: Type.Optional(Type.Array(name, { maxItems: MAX_GRANTED_NAMES })),
    ip: Type.Optional(Type.Array(Type.String({ maxLength: 45 }), { maxItems: MAX_GRANTED_NAMES })),
    ttlMs: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_COUNT })),
    replace: Type.Optional(Type.Boolean()),
  },
  strict,
);

export const tokenParams = Type.Object({ tokenId: hexId }, strict);

export const certificatesQuery = Type.Object(
  { name: Type.Optional(name), expiringMs: Type.Optional(count) },
  strict,
);

export const nodeParams = Type.Object({ name }, strict);

/** `wait` true holds the answer until every active member enforces it, or a bound passes. */
export const revokeBody = Type.Object(
  {
    reason: Type.Optional(
      Type.Enum([
        'unspecified',
        'keyCompromise',
        'affiliationChanged',
        'superseded',
        'cessationOfOperation',
        'privilegeWithdrawn',
      ]),
    ),
    onlySerial: Type.Optional(hexId),
    wait: Type.Optional(Type.Boolean()),
  },
  strict,
);
