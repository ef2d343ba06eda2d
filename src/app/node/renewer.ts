import { RetryLater, type IssuedAnswer } from '../../io/ca-client/index.ts';
import type { MeshTransport } from '../../io/transport/index.ts';
import type { NodeEvent } from '../../mesh/index.ts';
import { LsError } from '../../std/index.ts';
import type { Log } from '../log.ts';
import type { NodeConfig, NodeHome } from '../node-config.ts';
import type { CaAccess } from './ca-access.ts';
import { renewCertificate } from './renewal.ts';

export interface RenewerOptions {
  readonly home: NodeHome;
  readonly config: NodeConfig;
  readonly access: CaAccess;
  readonly transport: MeshTransport;
  readonly log: Log;
  readonly feed: (event: NodeEvent) => void;
  /** The chain (DER, leaf first) that is presented from now on. */
  readonly presented: (chain: readonly Uint8Array[]) => void;
}

/** Gets a new certificate for a new key from the CA and puts it into force: on disk, in TLS, in the core. */
export class Renewer {
  readonly #options: RenewerOptions;
  #running: Promise<IssuedAnswer> | undefined;

  constructor(options: RenewerOptions) {
    this.#options = options;
  }

  /** Starts a renewal unless one is under way; the core asks again when it fails. */
  renew(): void {
    if (this.#running !== undefined) return;
    this.renewNow().catch((cause: unknown) => {
      const detail = cause instanceof LsError ? `${cause.code} ${cause.fault.detail}` : String(cause);
      this.#options.log.warn(
        { event: 'renewal', detail },
        'the certificate could not be renewed; trying again later',
      );
      if (cause instanceof RetryLater) {
        this.#options.feed({ kind: 'renewal-deferred', afterMs: cause.retryAfterMs });
      }
    });
  }

  /** The same, for somebody who waits for the outcome; joins a renewal that is under way. */
  renewNow(): Promise<IssuedAnswer> {
    this.#running ??= this.#renew().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #renew(): Promise<IssuedAnswer> {
    const { home, config, access, transport, log, feed, presented } = this.#options;
    const { issued, credentials, successor } = await renewCertificate({ home, config, access });
    const { key, chain } = credentials;
    transport.replaceCredentials({ key: key.key, chain, roots: access.roots });
    presented(chain);
    feed({ kind: 'renewed', chain, signer: key.signer, successor });
    log.info({ event: 'renewal', serial: issued.serial }, 'certificate renewed');
    return issued;
  }
}
