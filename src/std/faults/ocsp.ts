import type { FaultKind } from './kind.ts';

/** A request or response that is well-formed DER and still not what RFC 6960 allows. */
function malformed(advice: string): FaultKind {
  return { cause: 'hostile-peer', stateChanged: false, exit: 3, http: 400, advice };
}

/** An answer that proves nothing about the certificate: its status stays open. */
function noEvidence(cause: 'hostile-peer' | 'environment', advice: string): FaultKind {
  return { cause, stateChanged: false, exit: 2, http: 502, advice };
}

export const ocspFaults = {
  LS_OCSP_HASH: malformed('name the certificate by SHA-1 or SHA-256'),
  LS_OCSP_NONCE_LENGTH: malformed('send a nonce of 1 to 128 bytes, best of 32'),
  LS_OCSP_CRITICAL_EXTENSION: malformed('leave the extension out, or mark it not critical'),
  LS_OCSP_RESPONSE: malformed('check that the URL is that of an OCSP responder'),
  LS_OCSP_STATUS: noEvidence(
    'environment',
    'ask again later; see RFC 6960 section 2.3 for what the word means',
  ),
  LS_OCSP_UNAUTHORISED: noEvidence(
    'hostile-peer',
    'the CA has not authorised who signed it: check the URL, and that --issuer is the CA that issued the certificate',
  ),
  LS_OCSP_SIGNATURE: noEvidence('hostile-peer', 'do not use the answer: find out who made it'),
  LS_OCSP_OTHER_CERTIFICATE: noEvidence(
    'hostile-peer',
    'do not use the answer: it is about another certificate',
  ),
  LS_OCSP_EXPIRED: noEvidence('environment', 'check the clock of this host, then that of the responder'),
  LS_OCSP_FROM_FUTURE: noEvidence('environment', 'check the clock of this host, then that of the responder'),
  LS_OCSP_NONCE: noEvidence('hostile-peer', 'do not use the answer: it was made for another request'),
  LS_OCSP_LAPSING: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice: 'look into the log of the CA for why no answers are signed',
  },
  LS_OCSP_NO_URL: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 400,
    advice: 'name the responder with --url http://HOST:PORT/ocsp',
  },
  LS_OCSP_UNREACHABLE: {
    cause: 'environment',
    stateChanged: false,
    exit: 4,
    http: 504,
    advice: 'check that `lifesign pki serve` runs and that its plain HTTP port can be reached',
  },
} as const satisfies Record<string, FaultKind>;
