import type { FaultCause, FaultKind } from './kind.ts';

/** A call that was refused before it reached the authority or the node: nothing changed. */
function refusedCall(cause: FaultCause, http: number, exit: number, advice: string): FaultKind {
  return { cause, stateChanged: false, exit, http, advice };
}

export const apiFaults = {
  LS_API_INVALID: refusedCall('hostile-peer', 400, 3, 'send what the OpenAPI description of the call says'),
  LS_API_NO_CERTIFICATE: refusedCall(
    'hostile-peer',
    401,
    6,
    'connect with a client certificate of this trust domain',
  ),
  LS_API_NOT_FOUND: refusedCall('misconfiguration', 404, 3, 'check the path and method of the call'),
  LS_API_TOO_LARGE: refusedCall('hostile-peer', 413, 3, 'send a smaller request'),
  LS_API_MEDIA_TYPE: refusedCall('hostile-peer', 415, 3, 'send the body as application/json'),
  LS_API_RATE_LIMITED: refusedCall('hostile-peer', 429, 4, 'wait a moment, then try again'),
  LS_API_TOO_SLOW: refusedCall(
    'hostile-peer',
    408,
    4,
    'send the whole request at once, then wait for the answer',
  ),
  LS_API_CONNECTION_LIMIT: refusedCall(
    'hostile-peer',
    503,
    4,
    'find out who holds the connections; raise `limits` in ca.yaml if all of them are meant to be there',
  ),
  LS_API_HANDSHAKE: refusedCall('hostile-peer', 400, 6, 'speak TLS 1.3 here, and trust the root of this CA'),
  LS_API_BUSY: refusedCall('environment', 503, 4, 'try again in a few seconds'),
  LS_API_RESPONSE: refusedCall(
    'environment',
    502,
    4,
    'check that the address is a lifesign CA of this version',
  ),
  LS_API_NO_ANSWER: {
    cause: 'environment',
    stateChanged: true,
    exit: 4,
    http: 504,
    advice: 'run the same command again: what was done already is not done twice',
  },
  LS_API_INTERNAL: {
    cause: 'bug',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice: 'look at the log of the server, where the whole error stands, and report it',
  },
} as const satisfies Record<string, FaultKind>;
