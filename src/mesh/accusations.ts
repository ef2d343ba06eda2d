import {
  decodeAccusation,
  decodeDownCertificate,
  embeddedCertId,
  verifyAccusation,
  verifyDownCertificate,
  type DownCertificate,
  type Member,
  type VerifiedAccusation,
  type VerifiedDownCertificate,
} from '../membership/index.ts';
import { err, fault, ok, type CertId, type Fault, type NodeId, type Result } from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import type { Beater } from './beater.ts';
import { trustedNow, type Core } from './core.ts';
import type { Epochs } from './epochs.ts';
import type { Judge } from './judge.ts';

/** What others say about silence: who may say it, of whom, and what it leads to. */
export class Accusations {
  readonly #core: Core;
  readonly #judge: Judge;
  readonly #beater: Beater;
  readonly #epochs: Epochs;

  constructor(core: Core, judge: Judge, beater: Beater, epochs: Epochs) {
    this.#core = core;
    this.#judge = judge;
    this.#beater = beater;
    this.#epochs = epochs;
  }

  /** Takes one accusation; an entitled one of ourselves is answered at once. */
  take(bytes: Uint8Array): Result<{ readonly forward: boolean }, Fault> {
    const verified = this.#verify(bytes);
    if (!verified.ok) return verified;
    const { accusation, last } = verified.value;
    const { subject, epoch, rosterNumber, ring } = accusation.body;
    const accuser = accusation.key.nodeId;
    const { table, now, own, journal } = this.#core;
    if (table.ringOf(accuser, subject, rosterNumber, now.mono) !== ring) {
      const detail = `${accuser} does not observe ${subject} on ring ${ring} of roster ${rosterNumber}`;
      return err(fault('LS_ACCUSATION_NOT_OBSERVER', detail));
    }
    if (subject === own.nodeId) {
      if (epoch !== own.epoch)
        return err(fault('LS_ACCUSATION_EPOCH', `our epoch is ${own.epoch}, not ${epoch}`));
      journal.record({ type: 'accusation', record: bytes }, now.wall);
      this.#beater.rebut(accusation.id);
      return ok({ forward: false });
    }
    const member = table.get(subject);
    if (member?.epoch !== epoch)
      return err(fault('LS_ACCUSATION_EPOCH', `${subject} is not in epoch ${epoch}`));
    const lastSeq = last.type === 'heartbeat' ? last.record.body.seq : 0;
    const held = { id: accusation.id, accuser, rosterNumber, bytes, lastSeq };
    if (!member.book.stands(held)) {
      return err(
        fault('LS_MESH_REBUTTED', `${member.name} has answered with seq ${member.book.rebuttedSeq}`),
      );
    }
    if (this.#judge.admit(member, held)) journal.record({ type: 'accusation', record: bytes }, now.wall);
    return ok({ forward: true });
  }

  /** Takes a down certificate; one for our own epoch makes us start the next. */
  takeDown(bytes: Uint8Array, from: NodeId): Result<true, Fault> {
    const decoded = decodeDownCertificate(bytes);
    if (!decoded.ok) return decoded;
    const { subject, epoch } = decoded.value;
    const { own, table, journal, now } = this.#core;
    const known = subject === own.nodeId ? own.epoch : table.get(subject)?.epoch;
    if (known !== epoch) return err(fault('LS_ACCUSATION_EPOCH', `${subject} is not in epoch ${epoch}`));
    if (table.get(subject)?.downCertificate !== undefined) return ok(true);
    const verified = this.#verifyDown(decoded.value);
    if (!verified.ok) return verified;
    const member = table.get(subject);
    if (member === undefined) {
      journal.record({ type: 'down-certificate', certificate: bytes }, now.wall);
      this.#core.out.report('warn', fault('LS_MESH_DECLARED_DOWN', `our epoch ${epoch} was declared down`));
      this.#epochs.begin();
      return ok(true);
    }
    const answered = this.#answered(member, verified.value);
    if (answered !== undefined) return err(answered);
    this.#judge.bury(member, bytes, from);
    return ok(true);
  }

  /** Real accusations that were answered must not be collected into a death. */
  #answered(member: Member, { accusations }: VerifiedDownCertificate): Fault | undefined {
    for (const { accusation, last } of accusations) {
      const lastSeq = last.type === 'heartbeat' ? last.record.body.seq : 0;
      if (!member.book.stands({ id: accusation.id, lastSeq })) {
        return fault('LS_MESH_REBUTTED', `${member.name} has answered with seq ${member.book.rebuttedSeq}`);
      }
    }
    return undefined;
  }

  #verify(bytes: Uint8Array): Result<VerifiedAccusation, Fault> {
    const decoded = decodeAccusation(bytes);
    if (!decoded.ok) return decoded;
    const { body } = decoded.value;
    const accuser = this.#signer(body.certId);
    if (!accuser.ok) return accuser;
    const evidence = embeddedCertId(body.last);
    if (!evidence.ok) return evidence;
    const subject = this.#core.directory.byCertId(evidence.value);
    if (subject === undefined) {
      return err(fault('LS_ACCUSATION_UNKNOWN_KEY', `certificate ${evidence.value} is not known`));
    }
    const { crypto, domainId } = this.#core;
    return verifyAccusation(crypto, domainId, decoded.value, accuser.value.key, subject.key);
  }

  #verifyDown(certificate: DownCertificate): Result<VerifiedDownCertificate, Fault> {
    const { crypto, domainId, table, directory } = this.#core;
    const { subject, rosterNumber } = certificate;
    const roster = table.rosterView(rosterNumber);
    const subjectPeer = directory.current(subject);
    if (roster === undefined || subjectPeer === undefined) {
      return err(fault('LS_MESH_UNKNOWN_ROSTER', `roster ${rosterNumber} or member ${subject} is not known`));
    }
    return verifyDownCertificate(certificate, {
      crypto,
      domainId,
      h: table.quorumOf(rosterNumber),
      isObserver: (accuser, ring) => roster.observers.ringOf(accuser, subject) === ring,
      keyOf: (certId) => {
        const signer = this.#signer(certId);
        return signer.ok ? signer.value.key : undefined;
      },
      subjectKey: subjectPeer.key,
    });
  }

  /** A certificate whose holder may speak now: known, valid and not revoked. */
  #signer(certId: CertId): Result<VerifiedPeer, Fault> {
    const known = this.#core.directory.byCertId(certId);
    if (known === undefined)
      return err(fault('LS_ACCUSATION_UNKNOWN_KEY', `certificate ${certId} is not known`));
    return this.#core.directory.recheck(known, trustedNow(this.#core));
  }
}
