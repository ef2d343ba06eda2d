import { nodeCrypto } from '../../io/crypto/index.ts';
import { HomeLock } from '../../io/files/index.ts';
import { postOcsp } from '../../io/ocsp-client/index.ts';
import { openLedger, type Ledger } from '../../io/ledger/index.ts';
import { systemClock, systemRandom } from '../../io/system/index.ts';
import { formatAddress, parseAddress } from '../../io/transport/index.ts';
import { logOrigin, logKeyOfSpki } from '../../ledger/index.ts';
import { NodeCore, type NodeModes, type NodeStatus } from '../../mesh/index.ts';
import { fault, LsError, type Fault } from '../../std/index.ts';
import type { TrustBundle } from '../../trust/index.ts';
import { Closers } from '../closers.ts';
import type { Log } from '../log.ts';
import { coreConfigOf, nodeHome, readNodeSettings, type NodeConfig, type NodeHome } from '../node-config.ts';
import { adoptRoots, judgesOf } from './adopt-roots.ts';
import { Agent } from './agent.ts';
import { CaAccess, type FetchedTrust } from './ca-access.ts';
import { CaLink } from './ca-link.ts';
import { logKey, readCredentials, type NodeCredentials } from './credentials.ts';
import { ownIntervalFault, Reloader } from './reloader.ts';
import { Renewer } from './renewer.ts';
import { Stapler } from './stapler.ts';
import { SeedsFile } from './seeds-file.ts';
import { readModes } from './modes-file.ts';
import { openControl } from './open-control.ts';
import { readState } from './state-file.ts';
import { addFetched, readBundle, readIssuers, readRevocation, readRoster } from './trust-files.ts';

export interface RunNodeRequest {
  readonly home: string;
  readonly log: Log;
}

/** A node that runs. */
export interface RunningNode {
  readonly home: string;
  readonly name: string;
  readonly nodeId: string;
  readonly trustDomain: string;
  readonly listening: string;
  readonly controlSocket: string;
  status(): NodeStatus;
  /** Settles when the node has ended by itself: undefined after a leave, else why it had to. */
  readonly ended: Promise<Fault | undefined>;
  /** Reads node.yaml again; what it says, or why it is refused, is in the log. */
  reload(): Promise<void>;
  /** Leaves the mesh, then closes everything. Further calls do nothing. */
  close(): Promise<void>;
}

/**
 * Opens a node's home and runs it: links, ledger, feed of the CA, control socket.
 * Throws LS_HOME_LOCKED, LS_NODE_*, LS_CONFIG_*, LS_LEDGER_*, LS_SELF_CERTIFICATE, LS_PORT_IN_USE; nothing is left
 * open then.
 */
export async function runNode({ home: path, log }: RunNodeRequest): Promise<RunningNode> {
  const closers = new Closers();
  try {
    const home = nodeHome(path);
    const read = await readNodeSettings(home.home);
    const lock = HomeLock.acquire(home.home);
    closers.add(() => {
      lock.release();
    });
    return await start(home, read, log, closers);
  } catch (cause) {
    await closers.close();
    throw cause;
  }
}

async function start(
  home: NodeHome,
  { config, settings }: Awaited<ReturnType<typeof readNodeSettings>>,
  log: Log,
  closers: Closers,
): Promise<RunningNode> {
  const credentials = await readCredentials(home);
  const pinned = await readBundle(home, config);
  const access = new CaAccess(config, pinned, credentials);
  const fetched = await access.fetchTrust(log);
  const bundle = await adoptRoots(home, config, fetched, await judgesOf(home, pinned, credentials, fetched));
  access.bundle = bundle;
  const shared = { home, config, log, closers };
  const { core, ledger, modes } = await openCore({ ...shared, credentials, bundle, fetched });
  const seeds = new SeedsFile(home.seeds, (reason) => {
    log.warn({ code: reason.code, detail: reason.detail }, 'addresses of members were not kept');
  });
  closers.add(() => seeds.close());
  const staples = openStapler(shared);
  const { agent, link, renewer } = connectParts({ ...shared, seeds, staples, access, core, ledger });
  const reloader = new Reloader({
    read: () => readNodeSettings(home.home),
    bounds: () => core.intervalBounds(),
    apply: (changed) => {
      agent.feed({ kind: 'configure', config: changed });
    },
    log,
    settings,
  });
  const controlSocket = await openControl({ ...shared, agent, renewer, reloader, modes });
  const place = await agent.transport.listen(parseAddress(config.listen));
  // Its CRLs are in use already.
  tellTrust(agent, { ...fetched, rootCrls: [], crls: [] });
  for (const bytes of [await readRoster(home), ...fetched.rosters]) agent.feed({ kind: 'roster', bytes });
  const refused = ownIntervalFault(config.intervalMs, core.intervalBounds());
  if (refused !== undefined) throw new LsError(refused);
  agent.feed({ kind: 'seeds', seeds: [...config.seeds, ...(await seeds.read())] });
  agent.feed({ kind: 'start' });
  link.start();
  staples.present(credentials.chain);
  return {
    home: home.home,
    name: config.name,
    nodeId: config.nodeId,
    trustDomain: config.trustDomain,
    listening: formatAddress(place.host, place.port),
    controlSocket,
    status: () => agent.status(),
    ended: agent.ended,
    reload: () => reloader.reloadOnSignal(),
    close: async () => {
      await agent.leave('shutdown');
      await closers.close();
    },
  };
}

function openStapler({ home, log, closers }: Pick<ConnectedParts, 'home' | 'log' | 'closers'>): Stapler {
  const staples = new Stapler({
    file: home.ocsp,
    ask: postOcsp,
    now: () => systemClock.now().wall,
    share: Math.random,
    log,
  });
  closers.add(() => {
    staples.close();
  });
  return staples;
}

/** The CRL of a root that is not known yet waits for it. */
function tellTrust(agent: Agent, { rootCrls, crls, ...authorities }: FetchedTrust): void {
  for (const der of rootCrls) agent.feed({ kind: 'crl', der });
  agent.feed({ kind: 'authorities', ...authorities, active: null, renewWithinMs: null });
  for (const der of crls) agent.feed({ kind: 'crl', der });
}

interface ConnectedParts {
  readonly seeds: SeedsFile;
  readonly staples: Stapler;
  readonly home: NodeHome;
  readonly config: NodeConfig;
  readonly access: CaAccess;
  readonly core: NodeCore;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly closers: Closers;
}

/** The agent and what it talks to the CA through: each needs the other, so they are made together. */
function connectParts(parts: ConnectedParts): {
  readonly agent: Agent;
  readonly link: CaLink;
  readonly renewer: Renewer;
} {
  const { seeds, staples, home, config, access, core, ledger, log, closers } = parts;
  access.trust = () => core.trustMaterial;
  const agent: Agent = new Agent({
    core,
    home,
    own: access,
    ledger,
    log,
    ca: {
      acknowledge: (crlNumber, rosterNumber) => {
        link.acknowledge(crlNumber, rosterNumber);
      },
      renew: () => {
        renewer.renew();
      },
    },
    staples,
  });
  closers.add(() => agent.close());
  const renewer = new Renewer({
    home,
    config,
    access,
    log,
    feed: (event) => {
      agent.feed(event);
    },
    transport: agent.transport,
    presented: (chain) => {
      staples.present(chain);
    },
  });
  const link = new CaLink({
    connect: (attempt) => access.client(attempt),
    address: config.advertise,
    held: () => agent.status(),
    feed: (event) => {
      if (event.kind === 'seeds') seeds.keep(event.seeds);
      agent.feed(event);
    },
    catchUp: async (attempt) => {
      tellTrust(agent, await access.fetchTrust(log, attempt));
    },
    log,
    share: Math.random,
  });
  closers.add(() => link.close());
  return { agent, link, renewer };
}

interface CoreParts {
  readonly home: NodeHome;
  readonly config: NodeConfig;
  readonly credentials: NodeCredentials;
  readonly bundle: TrustBundle;
  readonly fetched: FetchedTrust;
  readonly log: Log;
  readonly closers: Closers;
}

async function openCore(parts: CoreParts): Promise<{
  readonly core: NodeCore;
  readonly ledger: Ledger;
  readonly modes: NodeModes;
}> {
  const { home, config, credentials, bundle, fetched, log, closers } = parts;
  const persisted = await readState(home.state);
  const modes = await readModes(home.modes);
  const issuing = await readIssuers(home);
  const judges = await judgesOf(home, bundle, credentials, fetched);
  const crls = [...fetched.rootCrls, ...fetched.crls];
  const revocation = await addFetched(home, await readRevocation(home, judges), crls, judges);
  for (const reason of revocation.refused)
    log.warn({ code: reason.code }, `a CRL is not used: ${reason.detail}`);
  const ledgerKey = await logKey(home);
  const logPublicKey = logKeyOfSpki(ledgerKey.signer.spki);
  if (logPublicKey === undefined) {
    throw new LsError(fault('LS_NODE_HOME_INCOMPLETE', `${home.logKey} is not an Ed25519 key`));
  }
  const origin = logOrigin(config.trustDomain, config.nodeId);
  const ledger = await openLedger({ dir: home.ledger, signer: ledgerKey.signer, origin });
  closers.add(() => ledger.close());
  const core = new NodeCore({
    nodeId: config.nodeId,
    name: config.name,
    chain: credentials.chain,
    signer: credentials.key.signer,
    succession: credentials.succession,
    logKey: logPublicKey,
    addresses: [config.advertise],
    trust: {
      bundle,
      revocation: revocation.state,
      crypto: nodeCrypto,
      onStale: config.revocation.onStale,
      graceMs: config.revocation.graceMs,
    },
    issuing,
    persisted,
    treeHead: ledger.head().size === 0 ? null : ledger.head(),
    config: coreConfigOf(config),
    modes,
    crypto: nodeCrypto,
    random: systemRandom,
    now: systemClock.now(),
  });
  return { core, ledger, modes };
}
