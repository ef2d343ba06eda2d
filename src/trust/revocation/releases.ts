import { err, fault, ok, type CryptoPort, type DomainId, type Fault, type Result } from '../../std/index.ts';
import type { Certificate, CertificateList, CrlEntry } from '../../x509/index.ts';
import { decodeRelease, verifyRelease, type UnverifiedRelease } from '../release.ts';

/** The release records of one CRL, verified when they are needed. */
export interface ReleaseBook {
  /** Ok when a release for this very hold came with the CRL; LS_CRL_OMITS_ENTRY when none did, LS_CRL_RELEASE when it is not valid. */
  permits(hold: CrlEntry): Result<void, Fault>;
}

/** Error: LS_CRL_RELEASE for a record that does not parse, whether or not anything depends on it. */
export function releasesOf(
  list: CertificateList,
  issuer: Certificate,
  domainId: DomainId,
  crypto: CryptoPort,
): Result<ReleaseBook, Fault> {
  const bySerial = new Map<string, UnverifiedRelease[]>();
  for (const bytes of list.extensions.releases?.value ?? []) {
    const release = decodeRelease(bytes);
    if (!release.ok) return err(fault('LS_CRL_RELEASE', release.error.detail, release.error));
    const { serial } = release.value.body;
    bySerial.set(serial, [...(bySerial.get(serial) ?? []), release.value]);
  }
  return ok({
    permits: (hold) => {
      const named = bySerial.get(hold.serialHex)?.find(({ body }) => body.heldAtMs === hold.revokedAt);
      return named === undefined
        ? err(fault('LS_CRL_OMITS_ENTRY', `no release of the hold of ${hold.serialHex} came with the CRL`))
        : checkRelease(named, list, issuer, domainId, crypto);
    },
  });
}

function checkRelease(
  release: UnverifiedRelease,
  list: CertificateList,
  issuer: Certificate,
  domainId: DomainId,
  crypto: CryptoPort,
): Result<void, Fault> {
  const verified = verifyRelease(release, issuer, domainId, crypto);
  if (!verified.ok) return err(fault('LS_CRL_RELEASE', verified.error.detail, verified.error));
  const { serial, crlNumber } = verified.value;
  const number = list.extensions.crlNumber?.value ?? 0;
  if (crlNumber <= number) return ok(undefined);
  return err(
    fault('LS_CRL_RELEASE', `the release of ${serial} is for CRL ${crlNumber}, this is CRL ${number}`),
  );
}
