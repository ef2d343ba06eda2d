import { CrlChecker } from '../../io/crl-check/index.ts';
import type { Ledger } from '../../io/ledger/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { MeshTransport, type StapleFor, type TlsCredentials } from '../../io/transport/index.ts';
import type { Explanation, Matrix, NodeCore, NodeEvent, NodeStatus } from '../../mesh/index.ts';
import { fault, type Fault } from '../../std/index.ts';
import type { TrustBundle } from '../../trust/index.ts';
import type { Log } from '../log.ts';
import type { NodeHome } from '../node-config.ts';
import type { NodeCredentials } from './credentials.ts';
import { EffectRunner } from './effect-runner.ts';
import { TransitionLog } from './event-log.ts';
import { Reporter } from './reporter.ts';

/** Longest time a leave may take before the node ends without having said goodbye to everyone. */
const LEAVE_LIMIT_MS = 3_000;

/** What the agent tells and asks the CA. */
export interface CaSide {
  acknowledge(crlNumber: number, rosterNumber: number): void;
  renew(): void;
}

/** What this node's TLS stands on, now. */
export interface OwnTls {
  bundle: TrustBundle;
  readonly credentials: NodeCredentials;
}

/** OCSP answers about the node's own certificate. */
export interface StapleSide {
  readonly stapleFor: StapleFor;
  revoked(): void;
}

export interface AgentOptions {
  readonly core: NodeCore;
  readonly home: NodeHome;
  /** The roots and credentials of this node: replaced as it renews and pins roots. */
  readonly own: OwnTls;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly ca: CaSide;
  readonly staples: StapleSide;
}

/** The shell of one node: every event of the world goes into the core here, and every effect comes out. */
export class Agent {
  readonly transport: MeshTransport;
  readonly transitions = new TransitionLog();
  /** Settles when the core has ended: undefined after a leave, else why it had to. */
  readonly ended: Promise<Fault | undefined>;
  readonly #core: NodeCore;
  readonly #log: Log;
  readonly #runner: EffectRunner;
  readonly #end: (reason: Fault | undefined) => void;

  constructor({ core, home, own, ledger, log, ca, staples }: AgentOptions) {
    this.#core = core;
    this.#log = log;
    const ended = Promise.withResolvers<Fault | undefined>();
    this.ended = ended.promise;
    this.#end = ended.resolve;
    const feed = (event: NodeEvent): void => {
      this.feed(event);
    };
    const reporter = new Reporter(log, systemClock, (nodeId) => core.nameOf(nodeId));
    this.transport = new MeshTransport({
      credentials: tlsOf(own),
      stapleFor: staples.stapleFor,
      onEvent: (event) => {
        if (event.kind === 'inbound-refused') reporter.refusedConnection(event.fault, event.address);
        else feed(event);
      },
    });
    this.#runner = new EffectRunner({
      home,
      bundle: () => own.bundle,
      ownIssuer: () => own.credentials.chain[1],
      believe: (roots) => {
        if (roots.length === own.bundle.anchors.length) return;
        own.bundle = core.trustMaterial.bundle;
        this.transport.replaceCredentials(tlsOf(own));
      },
      transport: this.transport,
      ledger,
      crlChecker: new CrlChecker(),
      clock: systemClock,
      log,
      transitions: this.transitions,
      reporter,
      acknowledge: (crlNumber, rosterNumber) => {
        ca.acknowledge(crlNumber, rosterNumber);
      },
      renew: () => {
        ca.renew();
      },
      ended: () => {
        staples.revoked();
      },
      stopped: (reason) => {
        this.#end(reason);
      },
      feed,
    });
  }

  /** Puts one event into the core and carries out what follows. */
  feed(event: NodeEvent): void {
    try {
      this.#runner.run(this.#core.handle(event, systemClock.now()));
    } catch (cause) {
      if (event.kind !== 'received') throw cause;
      // A bug that a peer can reach must cost that peer its link, not everyone this node.
      this.#log.error(
        { err: cause, code: 'LS_NODE_INTERNAL', event: event.kind },
        'a peer’s bytes led to a bug',
      );
      this.transport.close(event.connection);
    }
  }

  status(): NodeStatus {
    return this.#core.status(systemClock.now());
  }

  explain(name: string): Explanation | undefined {
    return this.#core.explain(name, systemClock.now());
  }

  matrix(): Matrix {
    return this.#core.matrix(systemClock.now());
  }

  /** Says goodbye to everyone, within a bounded time. */
  async leave(reason: string): Promise<void> {
    this.feed({ kind: 'leave', reason });
    const late = fault('LS_NODE_LEAVE_SLOW', `leaving took longer than ${LEAVE_LIMIT_MS} ms`);
    const timer = setTimeout(() => {
      this.#end(late);
    }, LEAVE_LIMIT_MS);
    await this.ended;
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    await this.#runner.close();
    await this.transport.stop();
  }
}

function tlsOf({ bundle, credentials: { key, chain } }: OwnTls): TlsCredentials {
  return { key: key.key, chain, roots: bundle.anchors.map(({ der }) => der) };
}
