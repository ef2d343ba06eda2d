import { makeCsr } from '../../io/ca-client/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { systemClock } from '../../io/system/index.ts';
import type { MeshTransport } from '../../io/transport/index.ts';
import { MAX_SUCCESSION, signSuccessor } from '../../heartbeat/index.ts';
import type { NodeEvent } from '../../mesh/index.ts';
import { LsError } from '../../std/index.ts';
import { certIdOfCertificate, parseCertificate } from '../../x509/index.ts';
import type { Log } from '../log.ts';
import type { NodeConfig, NodeHome } from '../node-config.ts';
import type { CaAccess } from './ca-access.ts';
import { keepRenewal, nextKey } from './credentials.ts';

export interface RenewerOptions {
  readonly home: NodeHome;
  readonly config: NodeConfig;
  readonly access: CaAccess;
  readonly transport: MeshTransport;
  readonly log: Log;
  readonly feed: (event: NodeEvent) => void;
}

/** Gets a new certificate for a new key from the CA and puts it into force: on disk, in TLS, in the core. */
export class Renewer {
  readonly #options: RenewerOptions;
  #running = false;

  constructor(options: RenewerOptions) {
    this.#options = options;
  }

  /** Starts a renewal unless one is under way; the core asks again when it fails. */
  renew(): void {
    if (this.#running) return;
    this.#running = true;
    this.#renew()
      .catch((cause: unknown) => {
        const detail = cause instanceof LsError ? `${cause.code} ${cause.fault.detail}` : String(cause);
        this.#options.log.warn(
          { event: 'renewal', detail },
          'the certificate could not be renewed; trying again later',
        );
      })
      .finally(() => {
        this.#running = false;
      });
  }

  async #renew(): Promise<void> {
    const { home, config, access, transport, log, feed } = this.#options;
    const { credentials } = access;
    const next = await nextKey(home);
    const successor = this.#statement(next.signer.spki);
    const csr = await makeCsr({ name: config.name, key: next.key });
    const client = access.client(0);
    const issued = await client.reenroll({ csr, successor }).finally(() => {
      client.close();
    });
    const succession = [...credentials.succession, successor].slice(-MAX_SUCCESSION);
    await keepRenewal(home, issued.chain, succession);
    access.credentials = { key: next, chain: issued.chain, succession };
    transport.replaceCredentials({ key: next.key, chain: issued.chain, roots: access.roots });
    feed({ kind: 'renewed', chain: issued.chain, signer: next.signer, successor });
    log.info({ event: 'renewal', serial: issued.serial }, 'certificate renewed');
  }

  /** The old key hands over to the new one. */
  #statement(newSpki: Uint8Array): Uint8Array {
    const { config, access } = this.#options;
    const { key, chain } = access.credentials;
    const leaf = parseCertificate(chain[0] ?? new Uint8Array());
    if (!leaf.ok) throw new LsError(leaf.error);
    const body = {
      certId: certIdOfCertificate(leaf.value, nodeCrypto),
      nodeId: config.nodeId,
      oldSpkiHash: nodeCrypto.sha256(key.signer.spki),
      newSpki,
      tMs: systemClock.now().wall,
      ext: new Map(),
    };
    return signSuccessor(body, key.signer, config.domainId, nodeCrypto).bytes;
  }
}
