import type { FaultKind } from './kind.ts';

/** A certificate, path or CRL that a peer presented and that does not hold: nothing changed, the peer is refused. */
function refusedPeer(advice: string): FaultKind {
  return { cause: 'hostile-peer', stateChanged: false, exit: 6, http: 403, advice };
}

/** Something here, not at the peer, has to be put right first. */
function refusedHere(cause: 'misconfiguration' | 'environment', exit: number, advice: string): FaultKind {
  return { cause, stateChanged: false, exit, http: 503, advice };
}

const REISSUE = 'have the CA issue a new certificate for this use';
const RECOVER_CA =
  'treat the CA as faulty or restored from an old backup: stop it and compare its CRL with the nodes';

export const trustFaults = {
  LS_TRUST_CHAIN_LENGTH: refusedPeer(
    'present the end-entity certificate, then its issuing CA, and nothing else',
  ),
  LS_TRUST_BUDGET: refusedPeer(
    'present the plain chain; this one needs more signature checks than a path is worth',
  ),
  LS_TRUST_UNKNOWN_ISSUER: refusedPeer('check that both sides were enrolled with the same CA'),
  LS_TRUST_VERSION: refusedPeer('use an X.509 version 3 certificate'),
  LS_TRUST_ALGORITHM: refusedPeer(
    'use ECDSA P-256, P-384 or Ed25519 keys and the one signature algorithm of each',
  ),
  LS_TRUST_KEY_ID: refusedPeer('present the issuing CA certificate that signed this one'),
  LS_TRUST_SIGNATURE: refusedPeer('the certificate was not signed by the CA it names: find out who made it'),
  LS_TRUST_NOT_YET_VALID: refusedPeer('check the clocks of both hosts'),
  LS_TRUST_EXPIRED: refusedPeer('renew the certificate, and check the clocks of both hosts'),
  LS_TRUST_LIFETIME: refusedPeer(
    'issue it for a shorter time: revocation entries are not kept for that long',
  ),
  LS_TRUST_NOT_A_CA: refusedPeer(
    'only a CA certificate may issue: find out who signed with an end-entity key',
  ),
  LS_TRUST_PATH_LENGTH: refusedPeer('the issuing CA must not have sub-CAs: find out who made one'),
  LS_TRUST_KEY_USAGE: refusedPeer(
    'the key may not be used for this: issue a certificate with the right keyUsage',
  ),
  LS_TRUST_CONSTRAINT: refusedPeer('ask for names the issuing CA is allowed to certify'),
  LS_TRUST_CRITICAL_EXTENSION: refusedPeer('re-issue the certificate without the extension'),
  LS_TRUST_WRONG_ROLE: refusedPeer(REISSUE),
  LS_TRUST_WRONG_DOMAIN: refusedPeer('check that both sides belong to the same trust domain'),
  LS_TRUST_NAME: refusedPeer(REISSUE),
  LS_TRUST_SERIAL: refusedPeer(
    'the serial number was not made by this CA software: have the CA issue a new certificate',
  ),
  LS_TRUST_HOST: refusedPeer('connect by a name or address that the server certificate holds'),
  LS_TRUST_PIN: refusedPeer(
    'check that token and URL belong to the same CA; if they do, someone is in between',
  ),
  LS_TRUST_REVOKED: refusedPeer('the certificate was revoked: enroll the node again if that was not meant'),
  LS_TRUST_HELD: refusedPeer('the certificate is on hold until the CA releases it'),
  LS_TRUST_NO_REVOCATION: refusedHere('environment', 2, 'fetch the CRLs of the root and of the issuing CA'),
  LS_TRUST_STALE_REVOCATION: refusedHere(
    'environment',
    2,
    'restore the connection to the CA, or check the clock',
  ),
  LS_TRUST_NEW_ROOT: refusedPeer(
    'offer the new root with an unlimited CA certificate for the same name and key, signed by a pinned root',
  ),
  LS_TRUST_BUNDLE: refusedHere(
    'misconfiguration',
    3,
    'use the root certificates that `pki init` or the CA gave out',
  ),

  LS_CRL_ISSUER: refusedPeer('send the CRL together with the certificate of the CA that signed it'),
  LS_CRL_SIGNATURE: refusedPeer('the CRL was not signed by the CA it names: find out who made it'),
  LS_CRL_ALGORITHM: refusedPeer('sign the CRL with the one algorithm of the issuing key'),
  LS_CRL_SCOPE: refusedPeer('publish one CRL for all certificates and reasons of its issuer'),
  LS_CRL_CRITICAL_EXTENSION: refusedPeer('publish the CRL without the extension'),
  LS_CRL_REASON: refusedPeer('removeFromCRL belongs in delta CRLs only'),
  LS_CRL_FROM_FUTURE: refusedPeer('check the clocks of the CA and of this host'),
  LS_CRL_STALE: refusedPeer(
    'nothing to do if a newer CRL is held; if the CA sends it, it was restored from an old backup',
  ),
  LS_CRL_CONFLICT: refusedPeer(RECOVER_CA),
  LS_CRL_DELTA_BASE: refusedPeer('fetch the full CRL that the delta is based on'),
  LS_CRL_OMITS_ENTRY: refusedPeer(RECOVER_CA),
  LS_CRL_RELEASE: refusedPeer(
    'the CRL carries a release record that does not hold: find out who made it, and compare with `pki list`',
  ),
  LS_CRL_CHECK_BUSY: refusedHere(
    'environment',
    2,
    'large CRLs arrive faster than they can be checked: find out who sends them; the CA sends its newest again',
  ),
  LS_CRL_CHECK_FAILED: refusedHere(
    'environment',
    2,
    'the thread that checks large CRLs ended: give the process more memory; what the CRL says is not in force here',
  ),
  LS_CRL_TOO_LARGE: refusedHere(
    'environment',
    2,
    'let entries of long expired certificates drop out of the CRL',
  ),
} as const satisfies Record<string, FaultKind>;
