import type { FaultKind } from './kind.ts';

/** A certificate, request or CRL that is well-formed DER and still not what its standard allows. */
function malformed(advice: string): FaultKind {
  return { cause: 'hostile-peer', stateChanged: false, exit: 3, http: 400, advice };
}

/** Something the CA will not sign. Nothing was signed and nothing stored. */
function notIssued(cause: 'bug' | 'misconfiguration' | 'hostile-peer', advice: string): FaultKind {
  return { cause, stateChanged: false, exit: 6, http: 422, advice };
}

function badProfile(advice: string): FaultKind {
  return { cause: 'misconfiguration', stateChanged: false, exit: 3, http: 500, advice };
}

export const x509Faults = {
  LS_X509_VERSION: malformed('use X.509 v3 certificates, v2 CRLs and v1 requests'),
  LS_X509_ALGORITHM_MISMATCH: malformed('do not use it: the algorithm outside the signed part was altered'),
  LS_X509_ALGORITHM: malformed('sign with the one algorithm of the key: ES256, ES384 or Ed25519'),
  LS_X509_KEY_ALGORITHM: malformed('make a P-256, P-384 or Ed25519 key'),
  LS_X509_EXTENSION: malformed('encode the extension as RFC 5280 section 4.2 and 5.2 say'),
  LS_X509_DUPLICATE_EXTENSION: malformed('write every extension once'),
  LS_X509_GENERAL_NAME: malformed('encode the name as RFC 5280 section 4.2.1.6 says'),
  LS_X509_CSR_ATTRIBUTE: malformed(
    'send challengePassword and extensionRequest at most once, with one value each',
  ),
  LS_X509_POSSESSION: malformed('sign the request with the private key that belongs to it'),
  LS_X509_CRL_ENTRY: malformed('encode the entry as RFC 5280 section 5.3 says'),
  LS_X509_CRL_TOO_MANY: malformed(
    'publish a CRL with fewer entries: drop those of long expired certificates',
  ),

  LS_X509_PROFILE_INVALID: badProfile('correct the profile under profiles/ of the CA home and start again'),
  LS_X509_PROFILE_KEY: badProfile('use the key named in the message, or remove it'),
  LS_X509_GRANT: notIssued('misconfiguration', 'ask only for names and values that the profile allows'),
  LS_X509_VALIDITY: notIssued(
    'misconfiguration',
    'renew the issuing CA: it expires before the certificate could begin',
  ),
  LS_X509_LINT: notIssued('bug', 'nothing was signed; report the rule and the profile that it names'),
  LS_X509_ISSUANCE_TOKEN: notIssued('bug', 'report it: a certificate was to be signed that was not prepared'),
  LS_X509_SIGNED_OTHER: notIssued(
    'bug',
    'do not use the certificate; report it: other bytes were signed than were linted',
  ),
} as const satisfies Record<string, FaultKind>;
