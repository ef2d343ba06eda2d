import { join, resolve } from 'node:path';
import type { OperatorJson } from '../../api/ca/index.ts';
import { makeCsr } from '../../io/ca-client/index.ts';
import { generateKey, privateKeyFromPkcs8 } from '../../io/crypto/index.ts';
import { writeFileDurably } from '../../io/files/index.ts';
import { writeKeyFile, type PassphraseSources } from '../../io/keys/index.ts';
import { fault, LsError, parseNodeName } from '../../std/index.ts';
import { buildHome, refuseExisting } from '../new-home.ts';
import { certificatesPem } from '../pem-file.ts';
import { administerCa } from './admin.ts';

export interface CreateOperatorRequest {
  /** Home of the CA. */
  readonly home: string;
  /** A DNS label in lower case. */
  readonly name: string;
  /** A new or empty directory. */
  readonly directory: string;
  readonly passphrase: PassphraseSources;
}

/** What an HTTPS client needs to administer the CA: PEM files, the key 0600. */
export interface CreatedOperator {
  readonly name: string;
  readonly serial: string;
  /** RFC 3339. */
  readonly notAfter: string;
  readonly directory: string;
  readonly key: string;
  /** The certificate and its issuing CA's. */
  readonly cert: string;
  readonly root: string;
}

const OPERATOR_DIRECTORY = { mark: 'cert.pem', existsCode: 'LS_OPERATOR_EXISTS' } as const;
const PUBLIC_IN_PRIVATE_DIRECTORY = { mode: 0o600 };

/**
 * Makes an operator's key here and has the CA certify it.
 * Throws LS_NAME_INVALID, LS_OPERATOR_EXISTS with nothing changed, and what administerCa throws.
 */
export async function createOperator(request: CreateOperatorRequest): Promise<CreatedOperator> {
  const directory = resolve(request.directory);
  const name = parseNodeName(request.name);
  if (name === undefined) {
    throw new LsError(fault('LS_NAME_INVALID', `${JSON.stringify(request.name)} is no lower-case DNS label`));
  }
  await refuseExisting(directory, OPERATOR_DIRECTORY);
  const { pkcs8 } = generateKey('ES256');
  const csr = await makeCsr({ key: privateKeyFromPkcs8(pkcs8), name });
  const body = { name, csr: Buffer.from(csr).toString('base64') };
  const call = { method: 'POST', path: '/v1/operators', body } as const;
  const issued = (await administerCa({
    home: request.home,
    call,
    passphrase: request.passphrase,
  })) as OperatorJson;
  const files = { key: 'key.pem', cert: OPERATOR_DIRECTORY.mark, root: 'root.pem' };
  const wanted = { home: directory, ...OPERATOR_DIRECTORY, purpose: `operator ${name}`, unlocked: true };
  await buildHome(wanted, async (place) => {
    await writeKeyFile(join(place, files.key), pkcs8);
    await writePem(join(place, files.root), issued.roots);
    await writePem(join(place, files.cert), issued.chain);
  });
  return {
    name,
    serial: issued.serial,
    notAfter: issued.notAfter,
    directory,
    key: join(directory, files.key),
    cert: join(directory, files.cert),
    root: join(directory, files.root),
  };
}

async function writePem(path: string, certificates: readonly string[]): Promise<void> {
  const ders = certificates.map((base64) => new Uint8Array(Buffer.from(base64, 'base64')));
  await writeFileDurably(path, certificatesPem(ders), PUBLIC_IN_PRIVATE_DIRECTORY);
}
