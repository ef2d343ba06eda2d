import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { DEBIAN_PYTHON } from '../../scripts/system-tools.ts';
import { clusterForAll } from '../support/cluster-suite.ts';
import { exportHeartbeats, type ExportedHeartbeats } from '../support/exported-heartbeats.ts';

/* The same as test/integration/cose-stock.test.ts in another language, with Debian's libraries. */

const CHECKER = `
import hashlib, json, sys
import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

record_file, certificate_file, root_file, context = sys.argv[1:]
record = cbor2.loads(open(record_file, 'rb').read())
certificate = x509.load_pem_x509_certificate(open(certificate_file, 'rb').read())
root = x509.load_pem_x509_certificate(open(root_file, 'rb').read())
spki = root.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
protected, unprotected, payload, signature = record.value
aad = context.encode() + hashlib.sha256(spki).digest()
structure = cbor2.dumps(['Signature1', protected, aad, payload])
r, s = (int.from_bytes(half, 'big') for half in (signature[:32], signature[32:]))
try:
    certificate.public_key().verify(encode_dss_signature(r, s), structure, ec.ECDSA(hashes.SHA256()))
    signed = True
except InvalidSignature:
    signed = False
serial = bytes([2, 16]) + certificate.serial_number.to_bytes(16, 'big')
cert_id = hashlib.sha256(certificate.issuer.public_bytes() + serial).digest()[:16]
fields = cbor2.loads(payload)
print(json.dumps({
    'tag': record.tag, 'protected': cbor2.loads(protected), 'unprotected': unprotected, 'signed': signed,
    'fields': len(fields), 'version': fields[0], 'signer': fields[1] == cert_id, 'epoch': fields[2],
    'seq': fields[3], 'prev': fields[6].hex(), 'structureHash': hashlib.sha256(structure).hexdigest(),
}))
`;

interface Reading {
  readonly signed: boolean;
  readonly epoch: number;
  readonly seq: number;
  readonly prev: string;
  readonly structureHash: string;
}

describe('an exported heartbeat in Python, with cbor2 and cryptography', () => {
  const cluster = clusterForAll(['alpha', 'bravo']);

  it('is a tagged COSE_Sign1 by the certificate it names, and continues the one before', async () => {
    const files = await exportHeartbeats(cluster(), 'alpha');
    const [first, second] = files.heartbeats.map((file) => read(file, files));
    expect(first).toMatchObject({
      tag: 18,
      protected: { 1: -7 },
      unprotected: {},
      signed: true,
      fields: 16,
      version: 1,
      signer: true,
      epoch: 1,
    });
    expect(second).toMatchObject({ signed: true, epoch: 1, prev: first?.structureHash });
  });

  it('does not verify as another type of record, or with another key or domain', async () => {
    const files = await exportHeartbeats(cluster(), 'alpha');
    const [file] = files.heartbeats;
    expect(read(file, files, 'lifesign/v1/leave').signed).toBe(false);
    expect(read(file, { ...files, root: files.certificate }).signed).toBe(false);
    expect(read(file, { ...files, certificate: files.root }).signed).toBe(false);
  });
});

function read(
  record: string,
  { certificate, root }: Pick<ExportedHeartbeats, 'certificate' | 'root'>,
  context = 'lifesign/v1/heartbeat',
): Reading {
  const args = ['-c', CHECKER, record, certificate, root, context];
  const run = spawnSync(DEBIAN_PYTHON, args, { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout) as Reading;
}
