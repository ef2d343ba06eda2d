import { equalBytes, toHex } from '../std/index.ts';
import type { UnixMs } from '../std/index.ts';
import {
  decodeEpochStart,
  decodeHeartbeat,
  decodeKeyChange,
  decodeSuccessor,
  HEARTBEAT_FLAGS,
  verifyKeyChangeProof,
  type EpochStart,
  type Heartbeat,
  type KeyChange,
} from '../heartbeat/index.ts';
import { logOrigin, openCheckpoint, type LedgerEntry } from '../ledger/index.ts';
import { decodeLeave } from '../membership/index.ts';
import { parseCertificate } from '../x509/index.ts';
import type { KnownCertificate } from './certificate-book.ts';
import { checkAccusation, checkDownCertificate, checkRoster } from './cluster-check.ts';
import type { Evidence } from './evidence.ts';
import type { HomeState } from './home-state.ts';
import {
  checkRecord,
  checkSharedRecord,
  decoded,
  enterHistory,
  reasonFor,
  signerOf,
  type NumberedBody,
} from './record-check.ts';
import type { Place } from './report.ts';
import type { SequenceVerdict } from './sequence.ts';

type HistoricEntryType =
  'heartbeat-sent' | 'heartbeat-received' | 'epoch-start' | 'key-change' | 'leave' | 'gap';
type OtherEntry = Exclude<LedgerEntry, { readonly type: HistoricEntryType }>;

/** Logs by the node they are of. */
export type HomesByOwner = ReadonlyMap<string, HomeState>;

/** Checks single entries: what each says by itself, and against all that was read before. */
export class EntryCheck {
  readonly #evidence: Evidence;
  readonly #homes: HomesByOwner;

  constructor(evidence: Evidence, homes: HomesByOwner) {
    this.#evidence = evidence;
    this.#homes = homes;
  }

  check(home: HomeState, place: Place, entry: LedgerEntry, at: UnixMs): void {
    switch (entry.type) {
      case 'heartbeat-sent':
      case 'heartbeat-received':
        this.#heartbeat(home, place, entry.record, entry.type === 'heartbeat-sent', at);
        return;
      case 'epoch-start':
        this.#epochStart(home, place, entry.record);
        return;
      case 'key-change':
        this.#keyChange(home, place, entry.record);
        return;
      case 'leave':
        this.#leave(home, place, entry.record);
        return;
      case 'gap':
        home.gap(entry.count);
        this.#evidence.findings.add('LS_AUDIT_GAP', place, {
          node: home.ownerName,
          found: `${String(entry.count)} records lost: ${entry.reason}`,
        });
        return;
      default:
        this.#checkOther(home, place, entry);
    }
  }

  /** What has no place in a node's history. */
  #checkOther(home: HomeState, place: Place, entry: OtherEntry): void {
    const evidence = this.#evidence;
    switch (entry.type) {
      case 'successor':
        this.#successor(home, place, entry.record);
        return;
      case 'log-key':
        evidence.findings.add('LS_AUDIT_OWNER', place, {
          node: home.ownerName,
          found: 'the log key of a CA',
        });
        return;
      case 'accusation':
        home.signatures += checkAccusation(evidence, home, place, entry.record);
        return;
      case 'down-certificate':
        home.signatures += checkDownCertificate(evidence, home, place, entry.certificate);
        return;
      case 'roster':
        home.signatures += checkRoster(evidence, home, place, entry.record);
        return;
      case 'crl':
        this.#crl(home, place, entry.der);
        return;
      case 'certificate-event':
        this.#certificateEvent(home, place, entry.der);
        return;
      case 'checkpoint-received':
        this.#checkpoint(home, place, entry);
        return;
      case 'miss':
      case 'state-change':
        return;
    }
  }

  #epochStart(home: HomeState, place: Place, bytes: Uint8Array): void {
    const evidence = this.#evidence;
    const record = decoded(evidence, place, decodeEpochStart(bytes), home.ownerName);
    if (record === undefined) return;
    const { body } = record;
    const signer = this.#judgeChain(home, place, body, body.epoch, null);
    if (signer === undefined) return;
    const checked = checkRecord(evidence, place, record, signer);
    if (checked === undefined) return;
    home.signatures += 1;
    const { nodeId } = signer.key;
    this.#bindLogKey(place, body, signer);
    const successor = evidence.keys.startEpoch(nodeId, body.epoch, signer.key, body.succession);
    if (!successor.ok) {
      const found = reasonFor(successor.error);
      evidence.findings.add('LS_AUDIT_SUCCESSOR', place, {
        node: signer.name,
        epoch: body.epoch,
        seq: 0,
        found,
      });
    }
    this.#place(home, place, { ...body, seq: 0 }, signer);
    enterHistory(evidence, place, nodeId, { epoch: body.epoch, seq: 0, prev: undefined }, checked.record);
  }

  #keyChange(home: HomeState, place: Place, bytes: Uint8Array): void {
    const evidence = this.#evidence;
    const record = decoded(evidence, place, decodeKeyChange(bytes), home.ownerName);
    const signer = record && signerOf(evidence, place, record.body);
    if (record === undefined || signer === undefined) return;
    const { body } = record;
    const { epoch, seq } = body;
    const checked = checkRecord(evidence, place, record, signer);
    if (checked === undefined) return;
    home.signatures += 1;
    const next = this.#judgeChain(home, place, body, epoch, seq);
    if (next !== undefined) {
      const { crypto, bundle, findings } = evidence;
      const proof = verifyKeyChangeProof(crypto, bundle.domainId, checked.record, next.key);
      const wrong =
        next.key.nodeId === signer.key.nodeId
          ? proof.ok
            ? undefined
            : reasonFor(proof.error)
          : `the new certificate is of ${next.name}`;
      if (wrong === undefined) evidence.keys.handOver(signer.key.nodeId, epoch, next.key);
      else findings.add('LS_AUDIT_SUCCESSOR', place, { node: signer.name, epoch, seq, found: wrong });
    }
    this.#place(home, place, body, signer);
    enterHistory(evidence, place, signer.key.nodeId, body, checked.record);
  }

  #heartbeat(home: HomeState, place: Place, bytes: Uint8Array, sent: boolean, at: UnixMs): void {
    const evidence = this.#evidence;
    const record = decoded(evidence, place, decodeHeartbeat(bytes), home.ownerName);
    const signer = record && signerOf(evidence, place, record.body);
    if (record === undefined || signer === undefined) return;
    const { body } = record;
    const { epoch, seq } = body;
    const established = checkSharedRecord(evidence, place, record, signer, at);
    if (established === undefined) return;
    home.signatures += 1;
    const { nodeId } = signer.key;
    if (sent) home.inferOwner(nodeId);
    if (sent !== (nodeId === home.owner)) {
      const expected = sent ? `a heartbeat of ${home.ownerName ?? 'the owner'}` : 'a heartbeat of a peer';
      evidence.findings.add('LS_AUDIT_OWNER', place, {
        node: signer.name,
        epoch,
        seq,
        expected,
        found: signer.name,
      });
    }
    this.#place(home, place, body, signer);
    enterHistory(evidence, place, nodeId, body, established);
    if (!sent && (body.flags & HEARTBEAT_FLAGS.unlogged) === 0) {
      this.#homes.get(nodeId)?.heardElsewhere({ epoch, seq, place });
    }
    this.#claims(home, place, body, signer);
  }

  #leave(home: HomeState, place: Place, bytes: Uint8Array): void {
    const evidence = this.#evidence;
    const record = decoded(evidence, place, decodeLeave(bytes), home.ownerName);
    const signer = record && signerOf(evidence, place, record.body);
    if (record === undefined || signer === undefined) return;
    const established = checkSharedRecord(evidence, place, record, signer, record.body.tMs);
    if (established === undefined) return;
    home.signatures += 1;
    evidence.cannotObserve.add(signer.key.nodeId);
    this.#place(home, place, record.body, signer);
    enterHistory(evidence, place, signer.key.nodeId, record.body, established);
  }

  #successor(home: HomeState, place: Place, bytes: Uint8Array): void {
    const evidence = this.#evidence;
    const record = decoded(evidence, place, decodeSuccessor(bytes), home.ownerName);
    const signer = record && signerOf(evidence, place, record.body);
    if (record === undefined || signer === undefined) return;
    if (checkRecord(evidence, place, record, signer) !== undefined) home.signatures += 1;
  }

  #crl(home: HomeState, place: Place, der: Uint8Array): void {
    const verdict = this.#evidence.revocations.take(der);
    if (verdict.ok) home.signatures += 1;
    else this.#evidence.findings.add('LS_AUDIT_CRL', place, { found: reasonFor(verdict.error) });
  }

  #certificateEvent(home: HomeState, place: Place, der: Uint8Array): void {
    const certificate = parseCertificate(der);
    if (certificate.ok) return;
    const found = reasonFor(certificate.error);
    this.#evidence.findings.add('LS_AUDIT_CERTIFICATE', place, { node: home.ownerName, found });
  }

  #checkpoint(
    home: HomeState,
    place: Place,
    entry: Extract<LedgerEntry, { type: 'checkpoint-received' }>,
  ): void {
    const { logKeys, bundle, crypto, findings, certificates } = this.#evidence;
    const node = certificates.nameOf(entry.nodeId);
    const key = logKeys.get(entry.nodeId);
    if (key === undefined) {
      findings.add('LS_AUDIT_NO_LOG_KEY', place, { node });
      return;
    }
    const origin = logOrigin(bundle.trustDomain, entry.nodeId);
    const checkpoint = openCheckpoint(entry.note, origin, key, crypto);
    if (!checkpoint.ok) {
      findings.add('LS_AUDIT_CHECKPOINT', place, { node, found: reasonFor(checkpoint.error) });
      return;
    }
    home.signatures += 1;
    const claim = { ...checkpoint.value, place, node, epoch: null, seq: null };
    this.#homes.get(entry.nodeId)?.tree.claim(claim, 'LS_AUDIT_FORK');
  }

  /** The chain that an epoch-start or key-change brings along; what it signs with, or will sign with, is its leaf. */
  #judgeChain(
    home: HomeState,
    place: Place,
    body: EpochStart | KeyChange,
    epoch: number,
    seq: number | null,
  ): KnownCertificate | undefined {
    const { certificates, findings } = this.#evidence;
    const verdict = certificates.judge(body.chain, body.tMs);
    if (verdict.ok) return verdict.value;
    const { error } = verdict;
    const code = error.code === 'LS_AUDIT_LIMIT' ? error.code : 'LS_AUDIT_CERTIFICATE';
    findings.add(code, place, { node: home.ownerName, epoch, seq: seq ?? 0, found: reasonFor(error) });
    return undefined;
  }

  #bindLogKey(place: Place, body: EpochStart, signer: KnownCertificate): void {
    const { logKeys, findings } = this.#evidence;
    const { nodeId } = signer.key;
    const known = logKeys.get(nodeId);
    if (known === undefined) logKeys.set(nodeId, body.logKey);
    else if (!equalBytes(known, body.logKey)) {
      const details = { expected: `key ${toHex(known)}`, found: `key ${toHex(body.logKey)}` };
      findings.add('LS_AUDIT_LOG_KEY', place, { node: signer.name, epoch: body.epoch, seq: 0, ...details });
    }
  }

  /** The record's place in the order of this one log. */
  #place(
    home: HomeState,
    place: Place,
    { epoch, seq }: Pick<NumberedBody, 'epoch' | 'seq'>,
    signer: KnownCertificate,
  ): void {
    const own = signer.key.nodeId === home.owner;
    const verdict = own ? home.own.next({ epoch, seq }) : home.peers.next(signer.key.nodeId, { epoch, seq });
    if (own && seq === 0) home.ownEpochBegan();
    if (own && seq > 0) home.ownEpochGoesOn();
    this.#report(home, place, verdict, own, { node: signer.name, epoch, seq, found: `seq ${String(seq)}` });
  }

  #report(
    home: HomeState,
    place: Place,
    verdict: SequenceVerdict,
    own: boolean,
    about: { readonly node: string; readonly epoch: number; readonly seq: number; readonly found: string },
  ): void {
    if (verdict.kind === 'in-order') return;
    if (verdict.kind === 'jump') {
      const details = { ...about, expected: `seq ${String(verdict.expected)}` };
      home.jump(verdict.missing, { code: 'LS_AUDIT_SEQUENCE', place, details });
      return;
    }
    const code = verdict.kind === 'sequence' ? 'LS_AUDIT_SEQUENCE' : 'LS_AUDIT_EPOCH_ORDER';
    const details = {
      ...about,
      expected: verdict.expected,
      found: `epoch ${String(about.epoch)}, ${about.found}`,
    };
    if (own) this.#evidence.findings.add(code, place, details);
    else home.doubt({ code, place, details });
  }

  /** What a heartbeat says of logs: its sender's own head, and the newest records of others. */
  #claims(home: HomeState, place: Place, body: Heartbeat, signer: KnownCertificate): void {
    const { epoch, seq, checkpoint, heads } = body;
    if (checkpoint !== null) {
      const own = signer.key.nodeId === home.owner;
      const claim = { ...checkpoint, place, node: signer.name, epoch, seq };
      this.#homes.get(signer.key.nodeId)?.tree.claim(claim, own ? 'LS_AUDIT_ROOT' : 'LS_AUDIT_FORK');
    }
    for (const head of heads ?? []) {
      const known = this.#evidence.history.find(head.nodeId, head.epoch, head.seq);
      if (known === undefined || equalBytes(known.structureHash, head.hash)) continue;
      const node = this.#evidence.certificates.nameOf(head.nodeId);
      this.#evidence.findings.add('LS_AUDIT_FORK', place, {
        node,
        epoch: head.epoch,
        seq: head.seq,
        expected: `record ${toHex(known.structureHash)}`,
        found: `${signer.name} was shown ${toHex(head.hash)}`,
      });
    }
  }
}
