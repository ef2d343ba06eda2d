import { err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { checkValidityAt, parseCertificate } from '../x509/index.ts';
import { judgeCertificate, type TrustMaterial } from './judge.ts';
import { judgePast } from './past.ts';
import { checkStatus } from './revocation/status.ts';
import { trustedNow } from './time.ts';
import type { VerifiedPeer } from './verified.ts';

/** The longest grace that can be given: entries leave CRLs no earlier than that after their certificates. */
export const MAX_GRACE_AFTER_EXPIRY_MS = 2 * 86_400_000;

/**
 * A node that may ask for its renewal and for nothing else: it is no peer, since its certificate may have run out.
 */
export type RenewingNode = Pick<VerifiedPeer, 'nodeId' | 'name' | 'serial' | 'key' | 'notAfter'>;

/**
 * As judgeCertificate for a node, and with `graceMs` also one whose certificate alone ran out, no longer ago than that:
 * at its end it was good, its issuers are good now, and nothing of the path is revoked or on hold by fresh CRLs, whatever
 * `onStale` says. No entry leaves a CRL within
 * MAX_GRACE_AFTER_EXPIRY_MS after its certificate has ended (lifetime.ts).
 *
 * Errors: as judgeCertificate; LS_TRUST_EXPIRED beyond the grace.
 */
export function judgeRenewing(
  material: TrustMaterial,
  chain: readonly Uint8Array[],
  graceMs: number,
  now: UnixMs,
): Result<RenewingNode, Fault> {
  const judged = judgeCertificate(material, chain, 'node', now);
  if (judged.ok || judged.error.code !== 'LS_TRUST_EXPIRED') return judged;
  const leaf = parseCertificate(chain[0] ?? new Uint8Array());
  if (!leaf.ok) return leaf;
  const { bundle, revocation, crypto } = material;
  const judgedAt = trustedNow({
    system: now,
    newestThisUpdate: revocation.newestThisUpdate,
    highWater: undefined,
  });
  if (judgedAt > leaf.value.notAfter + graceMs) return judged;

  const past = judgePast(bundle, chain, 'node', leaf.value.notAfter, crypto);
  if (!past.ok) return past;
  const { identity, key, certificate, path } = past.value;
  for (const issuer of path.slice(1)) {
    const refusal = checkValidityAt(issuer, judgedAt);
    if (refusal !== undefined) return err(refusal);
  }
  const status = checkStatus(revocation, path, { onStale: 'deny', graceMs: material.graceMs }, judgedAt);
  if (!status.ok) return status;
  const { serial, notAfter } = certificate;
  if (serial === undefined) {
    return err(fault('LS_TRUST_SERIAL', `serial ${certificate.serialHex} is not 16 bytes, positive`));
  }
  const { nodeId, name } = identity;
  return ok({ nodeId, name, serial, notAfter, key: { ...key, nodeId } });
}
