import type { EnrollmentAnswer } from '../../io/ca-client/index.ts';
import { controlSocketPath, ensurePrivateDir, writeFileDurably } from '../../io/files/index.ts';
import type { TrustBundle } from '../../trust/index.ts';
import { keepCrl, keepRoster } from '../node/trust-files.ts';
import {
  DEFAULT_GRACE_MS,
  DEFAULT_INTERVAL_MS,
  formatNodeConfig,
  nodeHome,
  type NodeConfig,
} from '../node-config.ts';
import { certificatesPem } from '../pem-file.ts';

export interface NodeHomeContent {
  /** What the directory will be called once it is complete. */
  readonly home: string;
  /** Verified. */
  readonly answer: EnrollmentAnswer;
  readonly bundle: TrustBundle;
  readonly caUrls: readonly string[];
  readonly listen: string;
  readonly advertise: string;
}

const PUBLIC_FILE = { mode: 0o644 };

/** Writes all files of a node home into `directory`, but for the key, which is there. node.yaml comes last. */
export async function writeNodeHome(directory: string, content: NodeHomeContent): Promise<void> {
  const { answer, bundle } = content;
  const { issuing } = answer;
  const roots = bundle.anchors.map(({ der }) => der);
  const paths = nodeHome(directory);
  const [leaf = new Uint8Array(), ...issuers] = answer.chain;
  await writeFileDurably(paths.cert, certificatesPem([leaf]), PUBLIC_FILE);
  await writeFileDurably(paths.chain, certificatesPem(issuers), PUBLIC_FILE);
  await writeFileDurably(paths.root, certificatesPem(roots), PUBLIC_FILE);
  if (issuing.length > 1) await writeFileDurably(paths.issuers, certificatesPem(issuing), PUBLIC_FILE);
  await ensurePrivateDir(paths.crlDir);
  for (const der of answer.crls) await keepCrl(paths, der, bundle, issuers[0]);
  await keepRoster(paths, answer.roster);
  await writeFileDurably(paths.config, formatNodeConfig(configOf(content)));
}

function configOf({
  home,
  answer,
  bundle,
  caUrls,
  listen,
  advertise,
}: NodeHomeContent): Omit<NodeConfig, 'tuning'> {
  const place = controlSocketPath(home, process.env, process.getuid?.() ?? 0);
  return {
    name: answer.name,
    nodeId: answer.nodeId,
    trustDomain: bundle.trustDomain,
    domainId: bundle.domainId,
    ca: { urls: caUrls },
    listen,
    advertise,
    seeds: answer.seeds.filter(({ nodeId }) => nodeId !== answer.nodeId),
    intervalMs: DEFAULT_INTERVAL_MS,
    revocation: { onStale: 'deny', graceMs: DEFAULT_GRACE_MS },
    ...(place.moved ? { controlSocket: place.path } : {}),
  };
}
