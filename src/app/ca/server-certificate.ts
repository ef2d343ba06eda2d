import type { Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Authority } from '../../authority/index.ts';
import { equalBytes, type UnixMs } from '../../std/index.ts';
import type { Log } from '../log.ts';
import { schedule } from './schedule.ts';
import { makeServerIdentity, type ServerIdentity } from './server-identity.ts';

const USED_UP = 2 / 3;
const RETRY_MS = 60_000;

/** The certificate that the CA issues to its own server: renewed in time, and below the issuing CA that is active. */
export class ServerCertificate {
  readonly #authority: Authority;
  readonly #hosts: readonly string[];
  readonly #now: () => UnixMs;
  readonly #log: Log;
  #identity: ServerIdentity;
  #server: TlsServer | undefined;
  #stop: () => void = () => undefined;

  private constructor(
    authority: Authority,
    hosts: readonly string[],
    now: () => UnixMs,
    log: Log,
    first: ServerIdentity,
  ) {
    this.#authority = authority;
    this.#hosts = hosts;
    this.#now = now;
    this.#log = log;
    this.#identity = first;
  }

  /** Throws the authority's fault when it can't be issued. */
  static async issue(
    authority: Authority,
    hosts: readonly string[],
    now: () => UnixMs,
    log: Log,
  ): Promise<ServerCertificate> {
    const first = await makeServerIdentity(authority, hosts, now());
    return new ServerCertificate(authority, hosts, now, log, first);
  }

  /** What a TLS server begins with. A client certificate is asked for and judged call by call, since anybody may enroll. */
  get options() {
    return { ...this.#identity.tls, requestCert: true, rejectUnauthorized: false };
  }

  /** Has `server` present what is newest from now on. */
  keepFresh(server: Server): void {
    if (server instanceof TlsServer) this.#server = server;
    this.#schedule();
  }

  /** Issues another one if the CAs of the domain are no longer those that this one was made with. */
  async follow(): Promise<void> {
    const { roots, issuing } = this.#authority.bundle();
    const now = [...roots, ...issuing];
    const made = this.#identity.authorities;
    if (now.length === made.length && now.every((der, at) => equalBytes(der, made[at] ?? der))) return;
    await this.#renew();
    this.#schedule();
  }

  close(): void {
    this.#stop();
  }

  async #renew(): Promise<void> {
    this.#identity = await makeServerIdentity(this.#authority, this.#hosts, this.#now());
    this.#server?.setSecureContext(this.options);
    const { serial } = this.#identity;
    this.#log.info({ event: 'server-certificate', serial }, 'server certificate renewed');
  }

  #schedule(): void {
    this.#stop();
    const renewal = {
      retryMs: RETRY_MS,
      run: async () => {
        await this.#renew();
        return dueAt(this.#identity);
      },
      onError: (cause: unknown) =>
        this.#log.error(
          { event: 'server-certificate', err: cause },
          'server certificate could not be renewed',
        ),
    };
    this.#stop = schedule(renewal, dueAt(this.#identity), this.#now);
  }
}

function dueAt({ notBefore, notAfter }: ServerIdentity): number {
  return notBefore + (notAfter - notBefore) * USED_UP;
}
