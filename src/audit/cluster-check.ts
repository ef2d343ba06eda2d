import { equalBytes } from '../std/index.ts';
import {
  decodeAccusation,
  decodeDownCertificate,
  decodeRoster,
  embeddedCertId,
  verifyAccusation,
  verifyDownCertificate,
  verifyRoster,
} from '../membership/index.ts';
import type { Evidence } from './evidence.ts';
import type { HomeState } from './home-state.ts';
import { checkRecord, decoded, reasonFor, signerOf } from './record-check.ts';
import type { Place } from './report.ts';

/* Statements about the cluster. Each check reports what is wrong and answers how many signatures it found good. */

/** An accusation and the record it embeds, each by its own key. */
export function checkAccusation(
  evidence: Evidence,
  home: HomeState,
  place: Place,
  bytes: Uint8Array,
): number {
  const accusation = decoded(evidence, place, decodeAccusation(bytes), home.ownerName);
  const accuser = accusation && signerOf(evidence, place, accusation.body);
  if (accusation === undefined || accuser === undefined) return 0;
  const certId = embeddedCertId(accusation.body.last);
  const { findings, certificates, crypto, bundle } = evidence;
  const details = { node: accuser.name, epoch: accusation.body.epoch };
  if (!certId.ok) {
    findings.add('LS_AUDIT_ACCUSATION', place, { ...details, found: reasonFor(certId.error) });
    return 0;
  }
  const subject = certificates.node(certId.value);
  if (subject === undefined) {
    findings.add('LS_AUDIT_UNKNOWN_CERTIFICATE', place, { ...details, found: `certificate ${certId.value}` });
    return 0;
  }
  if (checkRecord(evidence, place, accusation, accuser) === undefined) return 0;
  const verified = verifyAccusation(crypto, bundle.domainId, accusation, accuser.key, subject.key);
  if (verified.ok) return 2;
  findings.add('LS_AUDIT_ACCUSATION', place, { ...details, found: reasonFor(verified.error) });
  return 1;
}

/** A down certificate against the roster that it names. */
export function checkDownCertificate(
  evidence: Evidence,
  home: HomeState,
  place: Place,
  bytes: Uint8Array,
): number {
  const certificate = decoded(evidence, place, decodeDownCertificate(bytes), home.ownerName);
  if (certificate === undefined) return 0;
  const { findings, certificates, crypto, bundle } = evidence;
  const { subject, epoch, rosterNumber, accusations } = certificate;
  const details = { node: certificates.nameOf(subject), epoch };
  const known = evidence.roster(rosterNumber);
  if (known === undefined) {
    findings.add('LS_AUDIT_UNKNOWN_ROSTER', place, { ...details, found: `roster ${String(rosterNumber)}` });
    return 0;
  }
  const subjectKey = keyOfSubject(evidence, accusations);
  if (subjectKey === undefined) {
    findings.add('LS_AUDIT_UNKNOWN_CERTIFICATE', place, {
      ...details,
      found: 'the certificate of the accused',
    });
    return 0;
  }
  const verdict = verifyDownCertificate(certificate, {
    crypto,
    domainId: bundle.domainId,
    h: known.roster.h,
    isObserver: (accuser, ring) =>
      known.assignment().mayObserve(accuser, subject, ring, evidence.cannotObserve),
    keyOf: (certId) => certificates.node(certId)?.key,
    subjectKey,
  });
  if (verdict.ok) {
    evidence.cannotObserve.add(subject);
    return 2 * accusations.length;
  }
  const { error } = verdict;
  const code =
    error.code === 'LS_ACCUSATION_UNKNOWN_KEY' ? 'LS_AUDIT_UNKNOWN_CERTIFICATE' : 'LS_AUDIT_DOWN_CERTIFICATE';
  findings.add(code, place, { ...details, found: reasonFor(error) });
  return 0;
}

/** A roster by the issuing CA, and one content only under each number. */
export function checkRoster(evidence: Evidence, home: HomeState, place: Place, bytes: Uint8Array): number {
  const roster = decoded(evidence, place, decodeRoster(bytes), home.ownerName);
  if (roster === undefined) return 0;
  const { findings, certificates, crypto, bundle } = evidence;
  const { certId, number } = roster.body;
  const issuer = certificates.issuer(certId);
  if (issuer === undefined) {
    findings.add('LS_AUDIT_UNKNOWN_CERTIFICATE', place, { found: `CA certificate ${certId}` });
    return 0;
  }
  const verified = verifyRoster(crypto, bundle.domainId, roster, issuer.key);
  if (!verified.ok) {
    findings.add('LS_AUDIT_ROSTER', place, { found: reasonFor(verified.error) });
    return 0;
  }
  const { structureHash } = verified.value;
  evidence.keepRoster(roster.body, structureHash);
  const kept = evidence.roster(number);
  if (kept !== undefined && !equalBytes(kept.structureHash, structureHash)) {
    const expected = `one roster ${String(number)}`;
    findings.add('LS_AUDIT_EQUIVOCATION', place, {
      node: 'CA',
      expected,
      found: 'another one, signed as well',
    });
  }
  return 1;
}

/** Takes a roster in without a word: for passes before the verdicts, and for rosters from outside the logs. */
export function learnRoster(evidence: Evidence, bytes: Uint8Array): void {
  const roster = decodeRoster(bytes);
  if (!roster.ok) return;
  const issuer = evidence.certificates.issuer(roster.value.body.certId);
  if (issuer === undefined) return;
  const verified = verifyRoster(evidence.crypto, evidence.bundle.domainId, roster.value, issuer.key);
  if (verified.ok) evidence.keepRoster(roster.value.body, verified.value.structureHash);
}

function keyOfSubject({ certificates }: Evidence, accusations: readonly Uint8Array[]) {
  for (const bytes of accusations) {
    const accusation = decodeAccusation(bytes);
    const certId = accusation.ok ? embeddedCertId(accusation.value.body.last) : accusation;
    const key = certId.ok ? certificates.node(certId.value)?.key : undefined;
    if (key !== undefined) return key;
  }
  return undefined;
}
