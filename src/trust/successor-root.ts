import {
  equalBytes,
  err,
  fault,
  ok,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../std/index.ts';
import { checkValidityAt, parseCertificate, parseCrlHeading, type Certificate } from '../x509/index.ts';
import { MAX_ANCHORS, readAnchor, type TrustBundle } from './bundle.ts';
import { judgeCertificate, type TrustMaterial } from './judge.ts';
import { judgePast } from './past.ts';
import { applyCrl } from './revocation/apply.ts';
import type { RevocationState } from './revocation/state.ts';

/** A root that is to be pinned beside those that are. DER. */
export interface SuccessorRoot {
  /** Self-signed. */
  readonly root: Uint8Array;
  /** For the same name and key, signed by a root that is pinned already. */
  readonly cross: Uint8Array;
}

/**
 * The bundle with one more root, which a pinned one vouches for. The genesis root stays first, so domainId stays. A
 * root that is pinned already changes nothing. Anybody may deliver the pair: only the pinned root's signature counts,
 * and only while its CRL is fresh, whatever `onStale` says, since an anchor is not given back as easily as taken.
 *
 * Errors: those of parsing; LS_TRUST_BUNDLE (one too many); LS_TRUST_NEW_ROOT; LS_TRUST_*. Source: RFC 4210 §4.4.
 */
export function acceptRoot(
  material: TrustMaterial,
  offered: SuccessorRoot,
  now: UnixMs,
): Result<TrustBundle, Fault> {
  return pinBeside(material.bundle, offered, material.crypto, () => {
    const judged = judgeCertificate({ ...material, onStale: 'deny' }, [offered.cross], 'issuer', now);
    return judged.ok ? ok(judged.value.judgedAt) : judged;
  });
}

/**
 * {@link acceptRoot} as it was at a moment of the past, whether or not the cross certificate was revoked since: what an
 * auditor makes of a root that a ledger names. Errors: the same but those of revocation.
 */
export function acceptPastRoot(
  bundle: TrustBundle,
  offered: SuccessorRoot,
  at: UnixMs,
  crypto: CryptoPort,
): Result<TrustBundle, Fault> {
  return pinBeside(bundle, offered, crypto, () => {
    const judged = judgePast(bundle, [offered.cross], 'issuer', at, crypto);
    return judged.ok ? ok(at) : judged;
  });
}

/** `judge`: of the cross certificate; answers for what moment. */
function pinBeside(
  bundle: TrustBundle,
  offered: SuccessorRoot,
  crypto: CryptoPort,
  judge: () => Result<UnixMs, Fault>,
): Result<TrustBundle, Fault> {
  if (bundle.anchors.some(({ der }) => equalBytes(der, offered.root))) return ok(bundle);
  if (bundle.anchors.length >= MAX_ANCHORS) {
    return err(fault('LS_TRUST_BUNDLE', `${MAX_ANCHORS} roots are pinned, and no more can be`));
  }
  const root = readAnchor(offered.root, crypto);
  if (!root.ok) return root;
  const cross = parseCertificate(offered.cross);
  if (!cross.ok) return cross;
  const unfit =
    whyNotOfRoot(cross.value, root.value) ?? whyLimited(cross.value) ?? whyTaken(root.value, bundle);
  if (unfit !== undefined) return err(fault('LS_TRUST_NEW_ROOT', unfit));
  const judged = judge();
  if (!judged.ok) return judged;
  const outOfTime = checkValidityAt(root.value, judged.value);
  if (outOfTime !== undefined) return err(outOfTime);
  return ok({ ...bundle, anchors: [...bundle.anchors, root.value] });
}

/** Roots, and certificates by which pinned ones may vouch for them, in any order. DER. */
export interface OfferedRoots {
  readonly roots: readonly Uint8Array[];
  readonly crossCertificates: readonly Uint8Array[];
}

/** The bundle with every offered root that {@link acceptRoot} takes, and why it does not take others. */
export function acceptRoots(
  material: TrustMaterial,
  { roots, crossCertificates }: OfferedRoots,
  now: UnixMs,
): { readonly bundle: TrustBundle; readonly refused: readonly Fault[] } {
  let { bundle } = material;
  const refused: Fault[] = [];
  for (const root of roots) {
    if (bundle.anchors.some(({ der }) => equalBytes(der, root))) continue;
    let refusal = fault('LS_TRUST_NEW_ROOT', 'no pinned root has certified it');
    for (const cross of crossCertificates) {
      const accepted = acceptRoot({ ...material, bundle }, { root, cross }, now);
      if (accepted.ok) bundle = accepted.value;
      else refusal = accepted.error;
      if (accepted.ok) break;
    }
    if (!bundle.anchors.some(({ der }) => equalBytes(der, root))) refused.push(refusal);
  }
  return { bundle, refused };
}

/** What {@link acceptRootsWith} comes to. */
export interface AcceptedRoots {
  readonly bundle: TrustBundle;
  readonly revocation: RevocationState;
  /** Why roots, and CRLs of roots, are not taken. */
  readonly refused: readonly Fault[];
}

/**
 * {@link acceptRoots} with the CRLs of all roots, DER, in any order: each new root may be what the next one needs. CRLs of
 * others may be among them, and are left alone.
 */
export function acceptRootsWith(
  material: TrustMaterial,
  offered: OfferedRoots,
  crls: readonly Uint8Array[],
  now: UnixMs,
): AcceptedRoots {
  let { bundle, revocation } = material;
  const { crypto } = material;
  const ofRoots = crls.filter((der) => isOfRoot(der, [...bundle.anchors, ...readable(offered.roots)]));
  for (;;) {
    const refused: Fault[] = [];
    for (const der of ofRoots) {
      const applied = applyCrl(revocation, der, [], bundle, crypto, now);
      if (applied.ok) revocation = applied.value.state;
      else refused.push(applied.error);
    }
    const accepted = acceptRoots({ ...material, bundle, revocation }, offered, now);
    if (accepted.bundle === bundle) {
      return { bundle, revocation, refused: [...refused, ...accepted.refused] };
    }
    bundle = accepted.bundle;
  }
}

/** By its name, which is read without what the CRL lists. */
function isOfRoot(crl: Uint8Array, roots: readonly Certificate[]): boolean {
  const heading = parseCrlHeading(crl);
  return heading.ok && roots.some(({ subject }) => equalBytes(subject, heading.value.issuer));
}

function readable(certificates: readonly Uint8Array[]): readonly Certificate[] {
  return certificates.flatMap((der) => {
    const parsed = parseCertificate(der);
    return parsed.ok ? [parsed.value] : [];
  });
}

/** What the pinned root certified is this root: its name, its key, and the identifier that paths are built by. */
function whyNotOfRoot(cross: Certificate, root: Certificate): string | undefined {
  if (!equalBytes(cross.subject, root.subject)) return 'the cross certificate names another CA';
  if (!equalBytes(cross.spki, root.spki)) return 'the cross certificate is for another key';
  const [certified, own] = [cross, root].map(({ extensions }) => extensions.subjectKeyId?.value);
  if (certified !== undefined && own !== undefined && equalBytes(certified, own)) return undefined;
  return 'the cross certificate has another subjectKeyIdentifier';
}

/**
 * Roots sign issuing CAs as well, and a thief of an issuing key can make a self-signed certificate for it: what was
 * certified within limits must not become a root, which has none.
 */
function whyLimited({ extensions }: Certificate): string | undefined {
  if (extensions.basicConstraints?.value.pathLen === 0)
    return 'the cross certificate is that of an issuing CA';
  if (extensions.nameConstraints !== undefined) return 'the cross certificate is limited to certain names';
  return extensions.extendedKeyUsage === undefined
    ? undefined
    : 'the cross certificate is limited to certain purposes';
}

/** CRLs are told apart by name and key identifier: two roots that share both would answer for one another. */
function whyTaken(root: Certificate, { anchors }: TrustBundle): string | undefined {
  if (anchors.some(({ spki }) => equalBytes(spki, root.spki)))
    return 'a root with this key is pinned already';
  const keyId = root.extensions.subjectKeyId?.value;
  const isTaken = anchors.some(({ subject, extensions }) => {
    const held = extensions.subjectKeyId?.value;
    return (
      equalBytes(subject, root.subject) &&
      keyId !== undefined &&
      held !== undefined &&
      equalBytes(held, keyId)
    );
  });
  return isTaken ? 'a pinned root has this name and key identifier' : undefined;
}
