import { equalBytes } from '../../std/index.ts';
import { acceptPastRoot, type TrustBundle } from '../../trust/index.ts';
import { parseCertificate, type Certificate } from '../../x509/index.ts';
import { reasonFor } from '../record-check.ts';
import { differs, numbersOf, outOfOrder, type Event } from './event.ts';
import { freshRoot, type RootOfCa } from './root.ts';
import type { CaState } from './state.ts';

/** The pinned root that an issuing CA leads to. */
export function rootAbove({ anchors }: TrustBundle, { issuer }: Certificate): Certificate | undefined {
  return anchors.find(({ subject }) => equalBytes(subject, issuer));
}

/** The one with this name, DER; no two have the same. */
export function rootNamed({ roots }: Pick<CaState, 'roots'>, name: Uint8Array): RootOfCa | undefined {
  return roots.find(({ certificate }) => equalBytes(certificate.subject, name));
}

/** A root vouches for the one that the next entry names. */
export function rootCrossCertified(state: CaState, event: Event): void {
  const named = numbersOf(state, event);
  if (named === undefined) return;
  const cross = parseCertificate(event.der);
  if (!cross.ok || cross.value.serialHex !== named.serial) {
    const found = cross.ok ? cross.value.serialHex : reasonFor(cross.error);
    differs(state, event, `certificate ${named.serial}`, found);
    return;
  }
  state.crossCertificate = cross.value;
}

/** One more root counts, if one that counted before has vouched for it. */
export function rootPrepared(state: CaState, event: Event): void {
  const cross = state.crossCertificate;
  state.crossCertificate = undefined;
  const named = numbersOf(state, event);
  if (named === undefined) return;
  const at = state.roots.length + 1;
  if (named.generation !== at) {
    outOfOrder(state, event, `root ${String(at)}`, String(named.generation));
    return;
  }
  if (cross === undefined) {
    outOfOrder(state, event, 'a cross certificate before', 'none');
    return;
  }
  const offered = { root: event.der, cross: cross.der };
  const accepted = acceptPastRoot(withoutRoot(state.bundle, event.der), offered, event.at, state.crypto);
  if (!accepted.ok) {
    state.findings.add('LS_AUDIT_CA_ISSUER', event.place, { node: 'CA', found: reasonFor(accepted.error) });
    return;
  }
  state.signatures += 2;
  const certificate = accepted.value.anchors.find(({ der }) => equalBytes(der, event.der));
  if (certificate?.serialHex !== named.serial) {
    differs(state, event, `certificate ${named.serial}`, certificate?.serialHex ?? 'none');
    return;
  }
  state.bundle = accepted.value;
  state.roots.push(freshRoot(at, event.place, certificate));
}

/** Who pins it already may still ask whether it was vouched for. */
function withoutRoot(bundle: TrustBundle, der: Uint8Array): TrustBundle {
  return { ...bundle, anchors: bundle.anchors.filter((anchor) => !equalBytes(anchor.der, der)) };
}
