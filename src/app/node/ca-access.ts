import { CaClient, type IssuingCrlAnswer } from '../../io/ca-client/index.ts';
import { LsError } from '../../std/index.ts';
import type { TrustBundle, TrustMaterial } from '../../trust/index.ts';
import type { Log } from '../log.ts';
import type { NodeConfig } from '../node-config.ts';
import type { NodeCredentials } from './credentials.ts';

/** A start does not wait longer for a CA that may be away. */
const FETCH_LIMIT_MS = 2_000;

/** Trust data as the CA sent it. */
export interface FetchedTrust {
  readonly roots: readonly Uint8Array[];
  readonly crossCertificates: readonly Uint8Array[];
  readonly issuing: readonly Uint8Array[];
  /** Of the roots, by generation. */
  readonly rootCrls: readonly Uint8Array[];
  /** Of the issuing CAs. */
  readonly crls: readonly Uint8Array[];
  readonly rosters: readonly Uint8Array[];
}

/** How this node reaches its CA, with the credentials it has now. */
export class CaAccess {
  readonly #urls: readonly string[];
  /** Replaced when a root is pinned. */
  bundle: TrustBundle;
  /** Replaced by a renewal. */
  credentials: NodeCredentials;
  /** Set once the node holds CRLs that count: from then on the CA's server is judged by them too. */
  trust: (() => TrustMaterial) | undefined;

  constructor(config: NodeConfig, bundle: TrustBundle, credentials: NodeCredentials) {
    this.#urls = config.ca.urls;
    this.bundle = bundle;
    this.credentials = credentials;
  }

  get roots(): readonly Uint8Array[] {
    return this.bundle.anchors.map((anchor) => anchor.der);
  }

  /** A client of the next URL in turn. */
  client(attempt: number): CaClient {
    return this.#clientOf(attempt, this.trust);
  }

  #clientOf(attempt: number, trust: (() => TrustMaterial) | undefined): CaClient {
    const { key, chain } = this.credentials;
    const url = this.#urls[attempt % this.#urls.length] ?? '';
    return new CaClient({ url, bundle: this.bundle, client: { key: key.key, chain }, trust });
  }

  /**
   * What the CA has now; nothing of it is verified yet. Empty when it does not answer in time. The server is judged
   * without revocation data, as at enrollment: a CA whose certificate a new issuing CA has made could not show what it is
   * judged by otherwise, and all that it answers is signed by others.
   */
  async fetchTrust(log: Log, attempt = 0): Promise<FetchedTrust> {
    const client = this.#clientOf(attempt, undefined);
    try {
      const signal = AbortSignal.timeout(FETCH_LIMIT_MS);
      const [bundle, crls, roster] = await Promise.all([
        client.bundle(signal),
        client.crl(signal),
        client.roster(signal),
      ]);
      const { roots, crossCertificates, issuing } = bundle;
      return {
        roots,
        crossCertificates,
        issuing,
        rootCrls: crls.roots,
        crls: [crls, ...crls.others].flatMap(inOrder),
        rosters: [roster.record],
      };
    } catch (cause) {
      const detail = cause instanceof LsError ? `${cause.code} ${cause.fault.detail}` : String(cause);
      log.warn(
        { event: 'ca-fetch', detail },
        'the CA does not answer: starting with the CRLs and the roster at hand',
      );
      return { roots: [], crossCertificates: [], issuing: [], rootCrls: [], crls: [], rosters: [] };
    } finally {
      client.close();
    }
  }
}

function inOrder({ full, delta }: IssuingCrlAnswer): readonly Uint8Array[] {
  return delta === null ? [full] : [full, delta];
}
