import { err, fault, ok, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import type { CertificateList } from '../../x509/index.ts';

/** How far ahead of this host's clock a CRL may be dated: it would drag our time there for good. */
export const MAX_CRL_LEAD_MS = 24 * 3_600_000;
/** Entries held of one issuer, in its full CRL and the delta on top of it together. */
export const MAX_ENTRIES_HELD = 2_000_000;

/** A CRL of the shape lifesign uses, with what the profile demands taken out of its options. */
export interface ProfiledCrl {
  readonly list: CertificateList;
  readonly crlNumber: number;
  /** BaseCRLNumber of a delta; undefined for a full CRL. */
  readonly baseNumber: number | undefined;
  readonly nextUpdate: UnixMs;
}

/**
 * The first thing that makes a CRL unusable before anyone looks at who signed it; the CRL's numbers otherwise.
 * Errors: LS_CRL_CRITICAL_EXTENSION, _SCOPE, _ISSUER, _FROM_FUTURE, _REASON.
 * Source: RFC 5280 §5.1, §5.2, §6.3.3.
 */
export function profileCrl(list: CertificateList, now: UnixMs): Result<ProfiledCrl, Fault> {
  const refusal =
    criticalExtension(list) ?? partialScope(list) ?? fromFuture(list, now) ?? releaseInFull(list);
  if (refusal !== undefined) return err(refusal);

  const { nextUpdate, thisUpdate } = list;
  const { crlNumber, deltaCrlIndicator } = list.extensions;
  if (crlNumber === undefined) return err(fault('LS_CRL_SCOPE', 'a CRL without cRLNumber cannot be ordered'));
  if (nextUpdate === undefined || nextUpdate <= thisUpdate) {
    return err(
      fault('LS_CRL_SCOPE', 'a CRL without nextUpdate after thisUpdate cannot be known to be fresh'),
    );
  }
  return ok({ list, crlNumber: crlNumber.value, baseNumber: deltaCrlIndicator?.value, nextUpdate });
}

/** A CRL alone is bounded by its parser. Error: LS_CRL_TOO_LARGE. */
export function tooLarge(entries: number): Fault | undefined {
  if (entries <= MAX_ENTRIES_HELD) return undefined;
  return fault('LS_CRL_TOO_LARGE', `${entries} entries; at most ${MAX_ENTRIES_HELD} are held for one issuer`);
}

/** Source: RFC 5280 §5.2, §5.3: with an unknown critical extension the CRL must not be used. */
function criticalExtension(list: CertificateList): Fault | undefined {
  const unknown = list.extensions.unknown.find((extension) => extension.critical)?.oid;
  const oid = unknown ?? list.unknownCriticalEntryExtensions[0];
  return oid === undefined ? undefined : fault('LS_CRL_CRITICAL_EXTENSION', `critical CRL extension ${oid}`);
}

/** Source: RFC 5280 §5.3.1: removeFromCRL "MUST only appear in delta CRLs". */
function releaseInFull({ extensions, removal }: CertificateList): Fault | undefined {
  if (extensions.deltaCrlIndicator !== undefined || removal === undefined) return undefined;
  return fault('LS_CRL_REASON', `a full CRL releases serial ${removal}`);
}

/**
 * A CRL about some certificates or reasons only says nothing of the others, so it never makes anyone good.
 * Whom a CRL covers that names its place is looked at with the certificate: see `coversCertificate`.
 * Source: RFC 5280 §5.2.5, §6.3.3 (b)(2).
 */
function partialScope(list: CertificateList): Fault | undefined {
  const scope = list.extensions.issuingDistributionPoint?.value;
  if (scope === undefined) return undefined;
  const { onlyUserCerts, onlyCaCerts, onlySomeReasons, indirect, onlyAttributeCerts } = scope;
  if (!onlyUserCerts && !onlyCaCerts && !onlySomeReasons && !indirect && !onlyAttributeCerts)
    return undefined;
  return fault('LS_CRL_SCOPE', 'issuingDistributionPoint limits the CRL to a part of what its issuer signed');
}

function fromFuture(list: CertificateList, now: UnixMs): Fault | undefined {
  const lead = list.thisUpdate - now;
  if (lead <= MAX_CRL_LEAD_MS) return undefined;
  return fault('LS_CRL_FROM_FUTURE', `thisUpdate is ${lead} ms ahead; at most ${MAX_CRL_LEAD_MS} are taken`);
}
