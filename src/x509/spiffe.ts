/** A SPIFFE ID. Source: SPIFFE-ID §2. */
export interface SpiffeId {
  readonly uri: string;
  readonly trustDomain: string;
  /** Without the leading slash: `node/alpha`. */
  readonly path: string;
}

/** Longest SPIFFE ID, in characters (all are ASCII). Source: SPIFFE-ID §2.3. */
const MAX_SPIFFE_ID_LENGTH = 2048;
const MAX_TRUST_DOMAIN_LENGTH = 255;
const TRUST_DOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/;
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9.-]+)\/([A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*)$/;

/** True for a dotted lower-case DNS name: lifesign's trust domains are a subset of what SPIFFE allows. */
export function isTrustDomain(text: string): boolean {
  return text.length <= MAX_TRUST_DOMAIN_LENGTH && TRUST_DOMAIN.test(text);
}

/** Undefined unless the text is a SPIFFE ID with a path, in a trust domain of lifesign's form. */
export function parseSpiffeId(uri: string): SpiffeId | undefined {
  if (uri.length > MAX_SPIFFE_ID_LENGTH) return undefined;
  const [, trustDomain = '', path = ''] = SPIFFE_ID.exec(uri) ?? [];
  const segments = path.split('/');
  if (!isTrustDomain(trustDomain) || segments.includes('.') || segments.includes('..')) return undefined;
  return { uri, trustDomain, path };
}

/** Requires: a trust domain and segments that {@link parseSpiffeId} reads; throws RangeError otherwise. */
export function spiffeUri(trustDomain: string, ...segments: readonly string[]): string {
  const uri = `spiffe://${trustDomain}/${segments.join('/')}`;
  if (parseSpiffeId(uri) === undefined) throw new RangeError(`not a SPIFFE ID: ${uri}`);
  return uri;
}
