import type { Unverified } from '../heartbeat/index.ts';
import {
  decodeAccusation,
  decodeDownCertificate,
  embeddedCertId,
  verifyAccusation,
  verifyDownCertificate,
  type Accusation,
  type DownCertificate,
  type Member,
  type VerifiedAccusation,
  type VerifiedDownCertificate,
  type VerifiedLast,
} from '../membership/index.ts';
import { err, fault, ok, type CertId, type Fault, type NodeId, type Result } from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import type { Beater } from './beater.ts';
import { trustedNow, type Core } from './core.ts';
import type { Epochs } from './epochs.ts';
import type { Judge } from './judge.ts';

/**
 * A death of our own that only keys vouch for whose certificates ended since is answered with a new epoch at most this
 * often: those keys may be in anyone's hands.
 */
export const WEAK_DEATH_SPACING_MS = 10_000;

/** What others say about silence: who may say it, of whom, and what it leads to. */
export class Accusations {
  readonly #core: Core;
  readonly #judge: Judge;
  readonly #beater: Beater;
  readonly #epochs: Epochs;
  #weakDeathAt = -Infinity;

  constructor(core: Core, judge: Judge, beater: Beater, epochs: Epochs) {
    this.#core = core;
    this.#judge = judge;
    this.#beater = beater;
    this.#epochs = epochs;
  }

  /** Takes one accusation; an entitled one of ourselves is answered at once. */
  take(bytes: Uint8Array): Result<{ readonly forward: boolean }, Fault> {
    const decoded = decodeAccusation(bytes);
    if (!decoded.ok) return decoded;
    if (this.#isNoNews(decoded.value.body)) return ok({ forward: false });
    const verified = this.#verify(decoded.value);
    if (!verified.ok) return verified;
    const { accusation, last } = verified.value;
    const { subject, epoch, rosterNumber, ring } = accusation.body;
    const accuser = accusation.key.nodeId;
    const { table, now, own, journal } = this.#core;
    if (!this.#mayAccuse(accuser, subject, ring, rosterNumber)) {
      const detail = `${accuser} does not observe ${subject} on ring ${ring} of roster ${rosterNumber}`;
      return err(fault('LS_ACCUSATION_NOT_OBSERVER', detail));
    }
    if (subject === own.nodeId) {
      if (epoch !== own.epoch)
        return err(fault('LS_ACCUSATION_EPOCH', `our epoch is ${own.epoch}, not ${epoch}`));
      journal.later({ type: 'accusation', record: bytes }, now);
      this.#beater.rebut(accusation.id);
      return ok({ forward: false });
    }
    const member = table.get(subject);
    if (member?.epoch !== epoch)
      return err(fault('LS_ACCUSATION_EPOCH', `${subject} is not in epoch ${epoch}`));
    const lastSeq = seqOf(last);
    const held = { id: accusation.id, accuser, rosterNumber, ring, bytes, lastSeq };
    if (!member.book.stands(held)) {
      return err(rebutted(member));
    }
    // One of each observer at a time: what the book has no use for is not passed on either.
    const admitted = this.#judge.admit(member, held);
    if (admitted) journal.later({ type: 'accusation', record: bytes }, now);
    return ok({ forward: admitted });
  }

  /**
   * Takes a down certificate; one for our own epoch makes us start the next. Whoever made it may not have waited for
   * an answer, so it counts only once we have. Answers the accusations that the subject may have to hear of.
   */
  takeDown(bytes: Uint8Array): Result<readonly Uint8Array[], Fault> {
    const decoded = decodeDownCertificate(bytes);
    if (!decoded.ok) return decoded;
    const { subject, epoch, rosterNumber } = decoded.value;
    const { own, table, journal, now } = this.#core;
    const known = subject === own.nodeId ? own.epoch : table.get(subject)?.epoch;
    if (known !== epoch) return err(fault('LS_ACCUSATION_EPOCH', `${subject} is not in epoch ${epoch}`));
    if (table.get(subject)?.downCertificate !== undefined) return ok([]);
    const strict = this.#verifyDown(decoded.value, table.quorumOf(rosterNumber), (certId) =>
      this.#signer(certId),
    );
    const verified = strict.ok || subject !== own.nodeId ? strict : this.#verifyWeakly(decoded.value, strict);
    if (!verified.ok) return verified;
    const member = table.get(subject);
    if (member === undefined) {
      journal.record({ type: 'down-certificate', certificate: bytes }, now.wall);
      this.#core.out.report('warn', fault('LS_MESH_DECLARED_DOWN', `our epoch ${epoch} was declared down`));
      this.#epochs.begin();
      return ok([]);
    }
    const evidence = verified.value.accusations.map(({ accusation, last }) => ({
      id: accusation.id,
      lastSeq: seqOf(last),
    }));
    // Real accusations that were answered must not be collected into a death.
    if (!evidence.every((accusation) => member.book.stands(accusation))) return err(rebutted(member));
    this.#judge.weigh(member, bytes, evidence);
    return ok(decoded.value.accusations);
  }

  /**
   * Whatever it proves would change nothing: its subject is down in that epoch, or its accuser has accused already. In a
   * mesh in trouble most are of this kind, and each would cost two signature checks.
   */
  #isNoNews({ certId, subject, epoch, rosterNumber }: Accusation): boolean {
    const { table, directory } = this.#core;
    const member = table.get(subject);
    const accuser = directory.byCertId(certId)?.nodeId;
    if (member?.epoch !== epoch || accuser === undefined) return false;
    return member.downCertificate !== undefined || member.book.accusedBy(accuser, rosterNumber);
  }

  #verify(decoded: Unverified<Accusation>): Result<VerifiedAccusation, Fault> {
    const { body } = decoded;
    const accuser = this.#signer(body.certId);
    if (!accuser.ok) return accuser;
    const evidence = embeddedCertId(body.last);
    if (!evidence.ok) return evidence;
    const subject = this.#core.directory.byCertId(evidence.value);
    if (subject === undefined) {
      return err(fault('LS_ACCUSATION_UNKNOWN_KEY', `certificate ${evidence.value} is not known`));
    }
    const { crypto, domainId } = this.#core;
    return verifyAccusation(crypto, domainId, decoded, accuser.value.key, subject.key);
  }

  /**
   * Of our own death: accusers that were revoked since, or whose certificates have ended, and as many as were enough
   * then, still prove that others took us for dead. They will not take that back, and we cannot be alive to them before
   * a new epoch.
   */
  #verifyWeakly(
    certificate: DownCertificate,
    refusal: Result<VerifiedDownCertificate, Fault>,
  ): Result<VerifiedDownCertificate, Fault> {
    const { now, directory, table } = this.#core;
    const roster = table.rosterView(certificate.rosterNumber);
    if (roster === undefined || now.mono - this.#weakDeathAt < WEAK_DEATH_SPACING_MS) return refusal;
    const verified = this.#verifyDown(certificate, roster.h, (certId) => {
      const known = directory.byCertId(certId);
      return known === undefined ? unknownKey(certId) : ok(known);
    });
    if (verified.ok) this.#weakDeathAt = now.mono;
    return verified;
  }

  /** Whoever says so of ourselves has an answer: it may have seen another take a place of which we know nothing. */
  #mayAccuse(accuser: NodeId, subject: NodeId, ring: number, rosterNumber: number): boolean {
    const { table, own, now } = this.#core;
    if (subject !== own.nodeId) return table.mayAccuse(accuser, subject, ring, rosterNumber, now.mono);
    return table.isActive(accuser) && table.rosterView(rosterNumber) !== undefined;
  }

  #verifyDown(
    certificate: DownCertificate,
    h: number,
    signer: (certId: CertId) => Result<VerifiedPeer, Fault>,
  ): Result<VerifiedDownCertificate, Fault> {
    const { crypto, domainId, table, directory, own } = this.#core;
    const { subject, rosterNumber } = certificate;
    const roster = table.rosterView(rosterNumber);
    const subjectPeer = directory.current(subject);
    if (roster === undefined || subjectPeer === undefined) {
      return err(fault('LS_MESH_UNKNOWN_ROSTER', `roster ${rosterNumber} or member ${subject} is not known`));
    }
    return verifyDownCertificate(certificate, {
      crypto,
      domainId,
      h,
      isObserver: (accuser, ring) =>
        subject === own.nodeId
          ? roster.observers.isMember(accuser)
          : table.mayHaveAccused(accuser, subject, ring, rosterNumber),
      keyOf: (certId) => {
        const found = signer(certId);
        return found.ok ? found.value.key : undefined;
      },
      subjectKey: subjectPeer.key,
    });
  }

  /** A certificate whose holder may speak now: known, valid and not revoked. */
  #signer(certId: CertId): Result<VerifiedPeer, Fault> {
    const known = this.#core.directory.byCertId(certId);
    if (known === undefined) return unknownKey(certId);
    return this.#core.directory.recheck(known, trustedNow(this.#core));
  }
}

function unknownKey(certId: CertId): Result<never, Fault> {
  return err(fault('LS_ACCUSATION_UNKNOWN_KEY', `certificate ${certId} is not known`));
}

function seqOf(last: VerifiedLast): number {
  return last.type === 'heartbeat' ? last.record.body.seq : 0;
}

function rebutted(member: Member): Fault {
  return fault('LS_MESH_REBUTTED', `${member.name} has answered with seq ${member.book.rebuttedSeq}`);
}
