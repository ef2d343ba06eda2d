import { err, fault, ok } from '../../std/index.ts';
import type { Brand, CertId, CryptoPort, DomainId, Fault, NodeId, Result } from '../../std/index.ts';
import type { RecordKey, Unverified } from '../../heartbeat/index.ts';
import { decodeAccusation } from './accusation.ts';
import type { Accusation } from './accusation.ts';
import type { DownCertificate } from './down-certificate.ts';
import { embeddedCertId, verifyAccusation } from './verify-accusation.ts';
import type { VerifiedAccusation } from './verify-accusation.ts';

/** What a down certificate is judged against: the roster it names, and the keys of its members. */
export interface DownCertificateContext {
  readonly crypto: CryptoPort;
  readonly domainId: DomainId;
  /** H of roster `rosterNumber`. */
  readonly h: number;
  /** Whether `accuser` observes the subject on `ring` under that roster. */
  isObserver(accuser: NodeId, ring: number): boolean;
  /** The key of a validated member certificate. */
  keyOf(certId: CertId): RecordKey | undefined;
  /** The subject's present key; earlier ones that evidence names are asked of `keyOf`. */
  readonly subjectKey: RecordKey;
}

/** A down certificate that convinces. Only verifyDownCertificate makes one. */
export type VerifiedDownCertificate = Brand<DownEvidence, 'VerifiedDownCertificate'>;

interface DownEvidence {
  readonly certificate: DownCertificate;
  readonly accusations: readonly VerifiedAccusation[];
}

/**
 * Whether at least H distinct members, each the subject's observer on the ring it names, accused the same epoch of the
 * subject under the same roster. One accusation that does not hold spoils the certificate: who assembles one has
 * checked them all. Rebuttals and waiting times are not looked at: they were the assembler's matter.
 *
 * Errors: LS_DOWN_CERTIFICATE_TOO_FEW, LS_DOWN_CERTIFICATE_MISMATCH, LS_DOWN_CERTIFICATE_DUPLICATE,
 * LS_ACCUSATION_NOT_OBSERVER, LS_ACCUSATION_UNKNOWN_KEY, and those of decodeAccusation and verifyAccusation.
 */
export function verifyDownCertificate(
  certificate: DownCertificate,
  context: DownCertificateContext,
): Result<VerifiedDownCertificate, Fault> {
  const { h } = context;
  const count = certificate.accusations.length;
  if (h < 1 || count < h) {
    return err(fault('LS_DOWN_CERTIFICATE_TOO_FEW', `${String(count)} accusations, ${String(h)} needed`));
  }
  const accusers = new Set<NodeId>();
  const accusations: VerifiedAccusation[] = [];
  for (const bytes of certificate.accusations) {
    const one = verifyOne(bytes, certificate, context);
    if (!one.ok) return one;
    const accuser = one.value.accusation.key.nodeId;
    if (accusers.has(accuser)) {
      return err(fault('LS_DOWN_CERTIFICATE_DUPLICATE', `two accusations by node ${accuser}`));
    }
    accusers.add(accuser);
    accusations.push(one.value);
  }
  const evidence: DownEvidence = { certificate, accusations };
  return ok(evidence as VerifiedDownCertificate);
}

function verifyOne(
  bytes: Uint8Array,
  certificate: DownCertificate,
  context: DownCertificateContext,
): Result<VerifiedAccusation, Fault> {
  const decoded = decodeAccusation(bytes);
  if (!decoded.ok) return decoded;
  const { body } = decoded.value;
  if (!isAbout(body, certificate)) {
    const detail = `an accusation of ${body.subject}, epoch ${String(body.epoch)}, roster ${String(body.rosterNumber)}`;
    return err(fault('LS_DOWN_CERTIFICATE_MISMATCH', detail));
  }
  const keys = lookUpKeys(decoded.value, context);
  if (!keys.ok) return keys;
  const { accuser, subject } = keys.value;
  if (!context.isObserver(accuser.nodeId, body.ring)) {
    const detail = `node ${accuser.nodeId} does not observe ${body.subject} on ring ${String(body.ring)}`;
    return err(fault('LS_ACCUSATION_NOT_OBSERVER', detail));
  }
  return verifyAccusation(context.crypto, context.domainId, decoded.value, accuser, subject);
}

function isAbout(body: Accusation, { subject, epoch, rosterNumber }: DownCertificate): boolean {
  return body.subject === subject && body.epoch === epoch && body.rosterNumber === rosterNumber;
}

function lookUpKeys(
  { body }: Unverified<Accusation>,
  context: DownCertificateContext,
): Result<{ accuser: RecordKey; subject: RecordKey }, Fault> {
  const evidence = embeddedCertId(body.last);
  if (!evidence.ok) return evidence;
  const accuser = context.keyOf(body.certId);
  const { subjectKey } = context;
  const subject = evidence.value === subjectKey.certId ? subjectKey : context.keyOf(evidence.value);
  if (accuser === undefined || subject === undefined) {
    const missing = accuser === undefined ? body.certId : evidence.value;
    return err(fault('LS_ACCUSATION_UNKNOWN_KEY', `certificate ${missing} is not known`));
  }
  return ok({ accuser, subject });
}
