import { equalBytes, err, fault, ok, type Fault, type Result } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import { pointsAt } from './chaining.ts';
import { labelOf } from './state.ts';

/** A chain without the root that some peers send along: pinned certificates are never taken from a peer. */
export function withoutAnchor(
  chain: readonly Certificate[],
  anchors: readonly Certificate[],
): readonly Certificate[] {
  const last = chain.at(-1);
  const isAnchor = last !== undefined && anchors.some((anchor) => equalBytes(anchor.der, last.der));
  return isAnchor ? chain.slice(0, -1) : chain;
}

/**
 * The anchors whose name and key identifier the topmost certificate points at: usually one, two while a root's
 * certificate is being replaced. Never empty. Source: RFC 5280 §6.1.1 (d).
 */
export function anchorsFor(
  topmost: Certificate,
  anchors: readonly Certificate[],
): Result<readonly Certificate[], Fault> {
  const keyId = topmost.extensions.authorityKeyId?.value;
  const sameName = anchors.filter((anchor) => equalBytes(anchor.subject, topmost.issuer));
  const sameKey = sameName.filter((anchor) => keyId !== undefined && pointsAt(keyId, anchor));
  if (sameKey.length > 0) return ok(sameKey);
  const missing = sameName.length > 0 ? 'name and key' : 'name';
  return err(
    fault('LS_TRUST_UNKNOWN_ISSUER', `no pinned root has the issuer ${missing} of ${labelOf(topmost)}`),
  );
}
