import { CaClient } from '../../io/ca-client/index.ts';
import { LsError } from '../../std/index.ts';
import type { TrustBundle, TrustMaterial } from '../../trust/index.ts';
import type { Log } from '../log.ts';
import type { NodeConfig } from '../node-config.ts';
import type { NodeCredentials } from './credentials.ts';

/** A start does not wait longer for a CA that may be away. */
const FETCH_LIMIT_MS = 2_000;

/** Trust data as the CA sent it. */
export interface FetchedTrust {
  readonly crls: readonly Uint8Array[];
  readonly rosters: readonly Uint8Array[];
}

/** How this node reaches its CA, with the credentials it has now. */
export class CaAccess {
  readonly #urls: readonly string[];
  readonly #bundle: TrustBundle;
  /** Replaced by a renewal. */
  credentials: NodeCredentials;
  /** Set once the node holds CRLs that count: from then on the CA's server is judged by them too. */
  trust: (() => TrustMaterial) | undefined;

  constructor(config: NodeConfig, bundle: TrustBundle, credentials: NodeCredentials) {
    this.#urls = config.ca.urls;
    this.#bundle = bundle;
    this.credentials = credentials;
  }

  get roots(): readonly Uint8Array[] {
    return this.#bundle.anchors.map((anchor) => anchor.der);
  }

  /** A client of the next URL in turn. */
  client(attempt: number): CaClient {
    const { key, chain } = this.credentials;
    const url = this.#urls[attempt % this.#urls.length] ?? '';
    return new CaClient({ url, bundle: this.#bundle, client: { key: key.key, chain }, trust: this.trust });
  }

  /** What the CA has now; nothing of it is verified yet. Empty when it does not answer in time. */
  async fetchTrust(log: Log): Promise<FetchedTrust> {
    const client = this.client(0);
    try {
      const signal = AbortSignal.timeout(FETCH_LIMIT_MS);
      const [crls, roster] = await Promise.all([client.crl(signal), client.roster(signal)]);
      return {
        crls: [crls.root, crls.full, crls.delta].filter((der) => der !== null),
        rosters: [roster.record],
      };
    } catch (cause) {
      const detail = cause instanceof LsError ? `${cause.code} ${cause.fault.detail}` : String(cause);
      log.warn(
        { event: 'ca-fetch', detail },
        'the CA does not answer: starting with the CRLs and the roster at hand',
      );
      return { crls: [], rosters: [] };
    } finally {
      client.close();
    }
  }
}
