import type { TreeHead } from '../heartbeat/index.ts';
import { MemberTable, type RecoveryConfig } from '../membership/index.ts';
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
import type { CoreConfig } from './config.ts';
import { trustedNow, type Core } from './core.ts';
import { Directory } from './directory.ts';
import type { PersistentState } from './effects.ts';
import { Journal } from './journal.ts';
import { Keeper } from './keeper.ts';
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
  readonly persisted: PersistentState;
  /** The ledger's durable head, when it has one. */
  readonly treeHead: TreeHead | null;
  readonly config: CoreConfig;
  readonly recovery?: RecoveryConfig;
  readonly crypto: CryptoPort;
  readonly random: Random;
  readonly now: Instant;
}

/** The shared state of a node's parts. Throws LsError LS_SELF_CERTIFICATE when its own certificate is not good. */
export function assemble(options: NodeCoreOptions): Core {
  const { crypto, random, now, config, nodeId, name, logKey, addresses, chain, signer, succession } = options;
  const out = new Outbox();
  const keeper = new Keeper(out, options.persisted);
  const trust = new TrustState(options.trust, chain.slice(1));
  // A CRL fetched before the start is evidence of the time as well: the next start must not forget it.
  if (trust.newestThisUpdate !== undefined) keeper.advanceTime(trust.newestThisUpdate);
  const directory = new Directory(trust, keeper, crypto);
  const time = trustedNow({ now, keeper });
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
  const issuer = directory.trustIssuer(chain.slice(1), time);
  if (!issuer.ok) throw new LsError(fault('LS_SELF_CERTIFICATE', 'the issuing CA is not good', issuer.error));
  const { notBefore, notAfter, key } = own.value;
  const credential = { signer, certId: key.certId, chain, notBefore, notAfter };
  return {
    config,
    crypto,
    random,
    domainId: trust.bundle.domainId,
    out,
    journal: new Journal(out, options.treeHead),
    keeper,
    own: new OwnIdentity({ nodeId, name, logKey, addresses, credential, succession, bootedAt: now.mono }),
    table: new MemberTable(nodeId, crypto, options.recovery),
    trust,
    directory,
    now,
  };
}
