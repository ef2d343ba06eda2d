import { readdir } from 'node:fs/promises';
import { caRevocation, signRootCrl, type CaRevocationReason } from '../../authority/index.ts';
import { writeFileDurably } from '../../io/files/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import { fault, LsError, parseSerialNumber, type SerialNumber, type UnixMs } from '../../std/index.ts';
import { parseCrl } from '../../x509/index.ts';
import { openRoot, signingTime, type OpenRoot } from './open.ts';
import { valueOf } from './value-of.ts';

export interface SignRootCrlRequest {
  readonly home: string;
  /** Serial number of an issuing CA that is to be revoked. */
  readonly revoke?: string;
  readonly reason?: CaRevocationReason;
  readonly passphrase: PassphraseSources;
  readonly now: () => UnixMs;
}

export interface SignedRootCrl {
  readonly crl: Uint8Array;
  readonly crlNumber: number;
  readonly nextUpdate: UnixMs;
  /** Serial numbers of all CAs that it revokes. */
  readonly revoked: readonly string[];
}

/**
 * Signs a new CRL of the root, kept in its home before it is answered, and revokes an issuing CA with it. One that is
 * revoked stays as it was. Throws LS_ROOT_SERIAL, and what openRoot throws.
 */
export async function signNewRootCrl(request: SignRootCrlRequest): Promise<SignedRootCrl> {
  const root = await openRoot(request.home, request.passphrase);
  try {
    const now = signingTime(root, request.now());
    const entries = [...root.crl.entries];
    if (request.revoke !== undefined) {
      const serial = await knownSerial(root, request.revoke);
      if (root.crl.entries.find(serial) === undefined) {
        entries.push(caRevocation(serial, request.reason ?? 'unspecified', now));
      }
    }
    const crlNumber = root.crlNumber + 1;
    const crl = signRootCrl(root.atHand, { number: crlNumber, entries }, now);
    const signed = valueOf(parseCrl(crl));
    await writeFileDurably(root.paths.crl, crl);
    const revoked = entries.map(({ serialHex }) => serialHex);
    return { crl, crlNumber, nextUpdate: signed.nextUpdate ?? signed.thisUpdate, revoked };
  } finally {
    root.close();
  }
}

/** A typing error must not look like a revocation. */
async function knownSerial({ paths }: OpenRoot, text: string): Promise<SerialNumber> {
  const serial = parseSerialNumber(text.replaceAll(':', '').toLowerCase());
  const issued = await readdir(paths.issuedDir);
  if (serial !== undefined && issued.includes(`${serial}.pem`)) return serial;
  throw new LsError(
    fault('LS_ROOT_SERIAL', `this root has signed no certificate ${JSON.stringify(text.slice(0, 80))}`),
  );
}
