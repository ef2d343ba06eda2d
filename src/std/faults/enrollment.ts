import type { FaultKind } from './kind.ts';

const NEW_TOKEN = 'make a new one with `lifesign pki token create NAME`';
const NEW_CSR =
  'enroll again, which makes a new key and request; if it was made by other software, fix it there';

/** The CA says no, and nothing changed. */
function refused(http: number, advice: string): FaultKind {
  return { cause: 'misconfiguration', stateChanged: false, exit: 6, http, advice };
}

/** The CA says no to what only an attacker or broken software sends. */
function hostile(http: number, advice: string): FaultKind {
  return { cause: 'hostile-peer', stateChanged: false, exit: 6, http, advice };
}

/** The request itself makes no sense. */
function invalid(advice: string): FaultKind {
  return { cause: 'misconfiguration', stateChanged: false, exit: 3, http: 400, advice };
}

export const enrollmentFaults = {
  LS_TOKEN_MALFORMED: invalid(
    'copy the whole token, which starts with ls1. and has no spaces or line breaks',
  ),
  LS_TOKEN_UNKNOWN: refused(403, NEW_TOKEN),
  LS_TOKEN_EXPIRED: refused(403, NEW_TOKEN),
  LS_TOKEN_SPENT: refused(409, NEW_TOKEN),
  LS_TOKEN_WRONG_NAME: refused(
    403,
    'enroll under the name the token was made for, or make a token for this name',
  ),
  LS_TOKEN_BINDING: hostile(
    403,
    'the request does not fit the token: enroll from the host that holds the token',
  ),
  LS_TOKEN_TTL: invalid('choose a time to live between 1 s and 7 d'),
  LS_TOKEN_LIMIT: refused(
    429,
    'delete outstanding tokens (`lifesign pki token list`), or wait until they expire',
  ),
  LS_ENROLL_PENDING: {
    cause: 'environment',
    stateChanged: true,
    exit: 2,
    http: 202,
    advice:
      'wait, or run the same command again: an operator decides with `lifesign pki requests approve ID`',
  },
  LS_ENROLL_DENIED: refused(
    403,
    'ask the operator who denied it; a new try needs a new token (`lifesign pki token create NAME`)',
  ),
  LS_ENROLL_QUEUE_FULL: refused(
    429,
    'decide on the requests that wait (`lifesign pki requests list`), then enroll again',
  ),
  LS_ENROLL_REQUEST_UNKNOWN: refused(404, 'take the ID from `lifesign pki requests list --all`'),
  LS_ENROLL_REQUEST_OVER: refused(
    409,
    'nothing is left to decide: revoke a node that is enrolled, make a new token for one that is not',
  ),
  LS_EST_AUTHENTICATION: refused(
    401,
    'send the user and password that `lifesign pki token create NAME --est` has printed, with HTTP Basic',
  ),
  LS_EST_NOT_ALLOWED: refused(403, 'make the token with `lifesign pki token create NAME --est`'),
  LS_EST_BODY: invalid(
    'send the PKCS#10 request as base64 of its DER, with the media type application/pkcs10',
  ),
  LS_EST_SUBJECT: refused(403, 'put the common name of the present certificate into the request'),
  LS_EST_NEW_KEY: refused(
    409,
    'renew the key that is in use, or enroll anew with a token made with --est --replace',
  ),
  LS_CSR_TOO_LARGE: hostile(413, NEW_CSR),
  LS_CSR_MALFORMED: hostile(400, NEW_CSR),
  LS_CSR_PROOF: hostile(403, NEW_CSR),
  LS_CSR_KEY: refused(403, 'use a fresh ECDSA P-256 or Ed25519 key'),
  LS_CSR_KEY_REUSED: refused(409, 'make a fresh key: a key belongs to one certificate for ever'),
  LS_NAME_INVALID: invalid('use one DNS label: 1 to 63 of a-z, 0-9 and inner hyphens'),
  LS_NAME_TAKEN: refused(
    409,
    'choose another name, or make the token with --replace to end the present identity',
  ),
  LS_SAN_INVALID: invalid('give lower-case DNS names without wildcards, and plain IPv4 or IPv6 addresses'),
  LS_SAN_NOT_PERMITTED: invalid(
    'use names under the trust domain, or allow more with `pki init --permit-dns`',
  ),
  LS_SAN_LIMIT: invalid('grant at most 32 DNS names and addresses to one certificate'),
  LS_IDENTITY_UNKNOWN: refused(403, 'enroll again with a token: this CA has no record of the certificate'),
  LS_IDENTITY_REVOKED: refused(
    403,
    'make a token with --replace if the host is clean again: it becomes a new node',
  ),
  LS_IDENTITY_HELD: refused(
    403,
    'wait until the operator releases it (`lifesign pki release`), or revokes it',
  ),
  LS_IDENTITY_REMOVED: refused(403, 'make a token with --replace to bring the name back as a new node'),
  LS_REENROLL_SUCCESSOR: hostile(
    403,
    'renew from the home that holds the current key: it signs the statement',
  ),
  LS_REENROLL_SAME_KEY: refused(409, 'make a fresh key for every renewal'),
  LS_REENROLL_NOT_CURRENT: refused(
    409,
    'renew with the newest key of this node; if it is lost, enroll with --replace',
  ),
  LS_REENROLL_LIMIT: refused(
    429,
    'stop renewing in a loop; the next one is possible when an old certificate expires',
  ),
  LS_ROSTER_FULL: refused(507, 'remove nodes that are gone, or split the cluster into two trust domains'),
  LS_ADDRESS_INVALID: invalid('advertise HOST:PORT, with IPv6 as [::1]:8450'),
} as const satisfies Record<string, FaultKind>;
