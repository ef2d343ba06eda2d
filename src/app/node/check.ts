import { lookup } from 'node:dns/promises';
import { statfs, unlink } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { encodePem } from '../../codec/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { writeFileDurably } from '../../io/files/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { MeshTransport, parseAddress } from '../../io/transport/index.ts';
import { fault, LsError, parseNodeId, unixMs, type Fault, type UnixMs } from '../../std/index.ts';
import { issuerKeyOf, judgeCertificate, type RevocationState, type TrustBundle } from '../../trust/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import { nodeHome, readNodeConfig, type NodeConfig, type NodeHome } from '../node-config.ts';
import { readCredentials, type NodeCredentials } from './credentials.ts';
import { SeedsFile } from './seeds-file.ts';
import { readState } from './state-file.ts';
import { issuerChainsOf, readBundle, readIssuers, readRevocation } from './trust-files.ts';

/** One thing that was looked at and found good. */
export interface CheckedStep {
  readonly step: 'home' | 'clock' | 'chain' | 'crl' | 'disk' | 'dns' | 'tcp' | 'tls';
  readonly detail: string;
}

export interface CheckRequest {
  readonly home: string;
  /** HOST:PORT of a peer; default: every address that the home knows. */
  readonly peer?: string;
  /** Told of every step as it is done. */
  readonly passed: (step: CheckedStep) => void;
}

interface CheckedHome {
  readonly home: NodeHome;
  readonly config: NodeConfig;
  readonly credentials: NodeCredentials;
  readonly bundle: TrustBundle;
  readonly revocation: RevocationState;
  readonly now: UnixMs;
}

/** A clock this far off the CA's will make certificates invalid sooner or later. */
const MAX_SKEW_MS = 30_000;
/** A ledger needs room: what a busy node writes in some hours. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const ANSWER_LIMIT_MS = 5_000;
const PROBE_BYTES = 4_096;

/**
 * Looks at what a node needs, in the order in which things depend on each other: clock, chain, CRL freshness, disk,
 * DNS, TCP, TLS. Throws the fault of the first thing that is wrong. Nothing is changed, and a running node is not
 * disturbed: connections end before any hello.
 */
export async function checkNode({ home: path, peer, passed }: CheckRequest): Promise<void> {
  const checked = await openHome(path);
  passed({ step: 'home', detail: `${checked.config.name} of ${checked.config.trustDomain}` });
  passed({ step: 'clock', detail: await checkClock(checked) });
  passed({ step: 'chain', detail: checkChain(checked) });
  passed({ step: 'crl', detail: checkFreshness(checked) });
  passed({ step: 'disk', detail: await checkDisk(checked.home) });
  const addresses = peer === undefined ? await knownAddresses(checked) : [peer];
  for (const address of addresses) await checkPeer(checked, address, passed);
  if (addresses.length === 0) passed({ step: 'tcp', detail: 'no peer is known yet; name one with --peer' });
}

async function openHome(path: string): Promise<CheckedHome> {
  const home = nodeHome(path);
  const config = await readNodeConfig(home.home);
  const credentials = await readCredentials(home);
  const bundle = await readBundle(home, config);
  const { trustedTimeMs } = await readState(home.state);
  const now = unixMs(Math.max(systemClock.now().wall, trustedTimeMs));
  const issuerChains = issuerChainsOf(credentials.chain, await readIssuers(home));
  const { state } = await readRevocation(home, { bundle, issuerChains, now });
  return { home, config, credentials, bundle, revocation: state, now };
}

/** Of all other members: as the CA told them last, else at enrollment. */
async function knownAddresses({ home, config }: CheckedHome): Promise<readonly string[]> {
  const file = new SeedsFile(home.seeds, () => undefined);
  const seeds = new Map([...config.seeds, ...(await file.read())].map((seed) => [seed.nodeId, seed.address]));
  seeds.delete(config.nodeId);
  return [...seeds.values()];
}

async function checkClock({ config, bundle, revocation }: CheckedHome): Promise<string> {
  const here = systemClock.now().wall;
  const newest = revocation.newestThisUpdate;
  if (newest !== undefined && here < newest - MAX_SKEW_MS) {
    const behindMs = newest - here;
    throw new LsError(fault('LS_CHECK_CLOCK', `the clock is ${behindMs} ms behind the newest CRL of the CA`));
  }
  const url = config.ca.urls[0] ?? '';
  const there = await caTime(url, bundle).catch(() => undefined);
  if (there === undefined) return `not compared: ${url} does not answer`;
  const skewMs = here - there;
  if (Math.abs(skewMs) > MAX_SKEW_MS) {
    throw new LsError(fault('LS_CHECK_CLOCK', `the clock differs by ${skewMs} ms from that of ${url}`));
  }
  return `within ${MAX_SKEW_MS / 1_000} s of the CA's`;
}

/** The Date of the CA's answer; its resolution is a second. */
function caTime(url: string, bundle: TrustBundle): Promise<number | undefined> {
  const ca = bundle.anchors.map(({ der }) => encodePem('CERTIFICATE', der));
  return new Promise((resolve, reject) => {
    const sent = request(new URL('/healthz', url), { ca, timeout: ANSWER_LIMIT_MS }, (response) => {
      response.resume();
      const time = Date.parse(response.headers.date ?? '');
      resolve(Number.isNaN(time) ? undefined : time);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.end();
  });
}

function checkChain({ config, credentials, bundle, revocation, now }: CheckedHome): string {
  const { onStale, graceMs } = config.revocation;
  const material = { bundle, revocation, crypto: nodeCrypto, onStale, graceMs };
  const judged = judgeCertificate(material, credentials.chain, 'node', now);
  if (!judged.ok) throw new LsError(judged.error);
  const { serial, notAfter } = judged.value;
  return `certificate ${serial} is good until ${new Date(notAfter).toISOString()}`;
}

function checkFreshness({ credentials, revocation, now }: CheckedHome): string {
  const issuer = parseCertificate(credentials.chain[1] ?? new Uint8Array());
  const key = issuer.ok ? issuerKeyOf(issuer.value) : undefined;
  const held = key === undefined ? undefined : revocation.issuer(key);
  if (held === undefined)
    throw new LsError(fault('LS_TRUST_NO_REVOCATION', 'the home holds no CRL of its CA'));
  const until = new Date(held.nextUpdate).toISOString();
  if (held.nextUpdate < now) {
    throw new LsError(
      fault('LS_TRUST_STALE_REVOCATION', `CRL ${held.crlNumber} should have been replaced ${until}`),
    );
  }
  return `CRL ${held.crlNumber} is current until ${until}`;
}

async function checkDisk(home: NodeHome): Promise<string> {
  const probe = join(home.home, 'check.probe');
  await writeFileDurably(probe, new Uint8Array(PROBE_BYTES));
  await unlink(probe);
  const { bavail, bsize } = await statfs(home.home);
  const free = bavail * bsize;
  if (free < MIN_FREE_BYTES) {
    throw new LsError(
      fault('LS_DISK_FULL', `${home.home} has ${free} bytes left, ${MIN_FREE_BYTES} are wanted`),
    );
  }
  return `writable, ${Math.floor(free / 2 ** 20)} MiB free`;
}

async function checkPeer(
  { credentials, bundle }: CheckedHome,
  address: string,
  passed: CheckRequest['passed'],
): Promise<void> {
  const { host, port } = parseAddress(address);
  const found = await lookup(host).catch((cause: unknown) => {
    throw new LsError(fault('LS_NET_UNREACHABLE', `${address}: the name is unknown`), { cause });
  });
  passed({ step: 'dns', detail: `${host} is ${found.address}` });
  await connectTcp(found.address, port, address);
  passed({ step: 'tcp', detail: `${address} takes connections` });
  const refusal = await shakeHands(credentials, bundle, address);
  if (refusal !== undefined) throw new LsError(refusal);
  passed({ step: 'tls', detail: `${address} and this node accept each other's certificates` });
}

function connectTcp(host: string, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: ANSWER_LIMIT_MS });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    const refuse = (why: string): void => {
      socket.destroy();
      reject(new LsError(fault('LS_NET_REFUSED', `${address}: ${why}`)));
    };
    socket.once('timeout', () => {
      refuse('no answer in time');
    });
    socket.once('error', (cause) => {
      refuse(cause.message);
    });
  });
}

/** A TLS handshake as this node, ended before any hello: undefined when both sides accepted it. */
async function shakeHands(
  { key, chain }: NodeCredentials,
  bundle: TrustBundle,
  address: string,
): Promise<Fault | undefined> {
  const roots = bundle.anchors.map(({ der }) => der);
  const done = Promise.withResolvers<Fault | undefined>();
  const transport = new MeshTransport({
    credentials: { key: key.key, chain, roots },
    onEvent: (event) => {
      if (event.kind === 'dial-failed') done.resolve(event.fault);
      else if (event.kind === 'connected') done.resolve(undefined);
    },
  });
  const nobody = parseNodeId('0'.repeat(32));
  if (nobody !== undefined) transport.dial(nobody, address);
  const result = await done.promise;
  await transport.stop();
  return result;
}
