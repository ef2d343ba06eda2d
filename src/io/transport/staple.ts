import type { Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';

/**
 * What to say of the status of a certificate (DER) that is being presented: a DER OCSPResponse, or undefined for
 * nothing.
 */
export type StapleFor = (certificate: Uint8Array) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

/**
 * Staples OCSP answers to the handshakes of callers that ask for one (RFC 6066 §8, RFC 8446 §4.4.2.1). Whatever goes
 * wrong, the handshake goes on without. Requires: a TLS server.
 */
export function stapleTo(server: Server, stapleFor: StapleFor): void {
  if (!(server instanceof TlsServer)) throw new RangeError('only a TLS server can staple');
  server.on('OCSPRequest', (certificate, _issuer, answer) => {
    const say = (staple: Uint8Array | undefined): void => {
      answer(null, staple === undefined ? null : Buffer.from(staple));
    };
    Promise.resolve(certificate)
      .then(stapleFor)
      .then(say, () => {
        say(undefined);
      });
  });
}
