import type { TreeHead } from '../heartbeat/index.ts';
import { MemberTable, type AssignObservers } from '../membership/index.ts';
import {
  fault,
  LsError,
  type CryptoPort,
  type Instant,
  type NodeId,
  type NodeName,
  type Random,
  type Signer,
} from '../std/index.ts';
import type { TrustMaterial } from '../trust/index.ts';
import { Affected } from './affected.ts';
import type { CoreConfig } from './config.ts';
import { askedNow, type Core } from './core.ts';
import { Directory } from './directory.ts';
import type { PersistentState } from './effects.ts';
import { Issuers, type AskedAt } from './issuers.ts';
import { Journal } from './journal.ts';
import { Keeper } from './keeper.ts';
import type { NodeModes } from './modes.ts';
import { Outbox } from './outbox.ts';
import { OwnIdentity } from './own-identity.ts';
import { TrustState } from './trust-state.ts';

/** What a node starts from. */
export interface NodeCoreOptions {
  readonly nodeId: NodeId;
  readonly name: NodeName;
  /** DER, leaf first, without the root. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
  /** Successor statements of earlier keys, oldest first. */
  readonly succession: readonly Uint8Array[];
  /** Raw Ed25519 public key of the ledger. 32 bytes. */
  readonly logKey: Uint8Array;
  /** Where peers reach this node. */
  readonly addresses: readonly string[];
  readonly trust: TrustMaterial;
  /** DER of issuing certificates learned earlier, beside the one in `chain`; judged again here. */
  readonly issuing?: readonly Uint8Array[];
  readonly persisted: PersistentState;
  /** The ledger's durable head, when it has one. */
  readonly treeHead: TreeHead | null;
  readonly config: CoreConfig;
  /** Default: none. */
  readonly modes?: NodeModes;
  /** How observers are assigned; see MemberTableOptions. */
  readonly assign?: AssignObservers;
  readonly crypto: CryptoPort;
  readonly random: Random;
  readonly now: Instant;
}

/** The shared state of a node's parts. Throws LsError LS_SELF_CERTIFICATE when its own certificate is not good. */
export function assemble(options: NodeCoreOptions): Core {
  const { crypto, random, now, config, nodeId, name, logKey, addresses, chain, signer, succession } = options;
  const out = new Outbox();
  const keeper = new Keeper(out, options.persisted);
  const trust = new TrustState(options.trust);
  // A CRL fetched before the start is evidence of the time as well: the next start must not forget it.
  if (trust.newestThisUpdate !== undefined) keeper.advanceTime(trust.newestThisUpdate);
  const directory = new Directory(trust, keeper, crypto);
  const issuers = new Issuers(trust);
  const at = askedNow({ now, keeper });
  const time = at.now;
  const own = directory.admit(chain, time);
  if (!own.ok)
    throw new LsError(fault('LS_SELF_CERTIFICATE', `the certificate of ${name} is not good`, own.error));
  if (own.value.nodeId !== nodeId || own.value.name !== name) {
    throw new LsError(
      fault('LS_SELF_CERTIFICATE', `the certificate is of ${own.value.name}, not of ${name}`),
    );
  }
  const adopted = directory.adopt(own.value, options.persisted.epoch, succession);
  if (!adopted.ok) throw new LsError(adopted.error);
  const issuer = issuers.learn(chain.slice(1), at);
  if (!issuer.ok) throw new LsError(fault('LS_SELF_CERTIFICATE', 'the issuing CA is not good', issuer.error));
  issuers.follow(chain[1]);
  learnAgain(issuers, options.issuing ?? [], at, out);
  const { notBefore, notAfter, key } = own.value;
  const { modes } = options;
  const credential = { signer, certId: key.certId, chain, notBefore, notAfter };
  return {
    config,
    crypto,
    random,
    domainId: trust.bundle.domainId,
    out,
    journal: new Journal(out, options.treeHead),
    keeper,
    own: new OwnIdentity({
      nodeId,
      name,
      logKey,
      addresses,
      credential,
      succession,
      bootedAt: now.mono,
      modes,
    }),
    table: new MemberTable(nodeId, crypto, { judgement: config.judgement, assign: options.assign }),
    trust,
    issuers,
    directory,
    affected: new Affected(),
    now,
  };
}

/** What an earlier process knew; what ended meanwhile is left out. */
function learnAgain(issuers: Issuers, certificates: readonly Uint8Array[], at: AskedAt, out: Outbox): void {
  for (const der of certificates) {
    const learned = issuers.learn([der], at);
    if (!learned.ok) out.report('info', learned.error);
  }
}
