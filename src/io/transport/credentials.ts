import { constants, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { encodePem } from '../../codec/index.ts';

/** What a node presents and whom it believes. DER; the key stays in memory. */
export interface TlsCredentials {
  readonly key: KeyObject;
  /** Leaf first, then intermediates, without the root. */
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
}

export const MESH_ALPN = 'lifesign/1';

/** Key exchange in order of preference: hybrid post-quantum first, where the runtime has it. */
const HYBRID_GROUPS = 'X25519MLKEM768:X25519:P-256';
const CLASSICAL_GROUPS = 'X25519:P-256';

/** Whether this runtime's OpenSSL knows the hybrid group (3.5 and newer). */
export const HAS_HYBRID_KEY_EXCHANGE = knowsGroups(HYBRID_GROUPS);

/** The settings that every TLS endpoint of lifesign shares: TLS 1.3 only, no session tickets. */
export const TLS_BASE: SecureContextOptions = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ecdhCurve: HAS_HYBRID_KEY_EXCHANGE ? HYBRID_GROUPS : CLASSICAL_GROUPS,
  secureOptions: constants.SSL_OP_NO_TICKET,
};

export function contextOptions({ key, chain, roots }: TlsCredentials): SecureContextOptions {
  return {
    ...TLS_BASE,
    key: key.export({ format: 'pem', type: 'pkcs8' }),
    cert: chain.map((der) => encodePem('CERTIFICATE', der)).join(''),
    ca: roots.map((der) => encodePem('CERTIFICATE', der)),
  };
}

function knowsGroups(groups: string): boolean {
  try {
    createSecureContext({ ecdhCurve: groups });
    return true;
  } catch {
    return false;
  }
}
