import { createHash, verify, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decode, encode, Tagged } from 'cborg';
import { describe, expect, it } from 'vitest';
import { clusterForAll } from '../support/cluster-suite.ts';
import { exportHeartbeats, type ExportedHeartbeats } from '../support/exported-heartbeats.ts';

/*
 * An exported heartbeat, read with cborg and node:crypto after docs/FORMATS.md. Nothing of lifesign takes part in the
 * check.
 */

const COSE_SIGN1_TAG = 18;
const ES256 = -7;
const P256_ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

describe('an exported heartbeat', () => {
  const cluster = clusterForAll(['alpha', 'bravo']);
  const exported = (): Promise<ExportedHeartbeats> => exportHeartbeats(cluster(), 'alpha');

  it('is a tagged COSE_Sign1 whose signature a stock library verifies', async () => {
    const files = await exported();
    for (const file of files.heartbeats) {
      const sign1 = await readSign1(file);
      expect(readMap(sign1.protected)).toEqual(new Map([[1, ES256]]));
      expect(sign1.unprotected).toEqual(new Map());
      expect(await isSigned(sign1, files)).toBe(true);
      expect(BigInt(`0x${hex(sign1.signature.subarray(32))}`) <= P256_ORDER / 2n).toBe(true);
    }
  });

  it('names its signer, and continues the record before it', async () => {
    const files = await exported();
    const [first, second] = await Promise.all(files.heartbeats.map(readSign1));
    if (first === undefined || second === undefined) throw new Error('two heartbeats were exported');
    const [before, after] = [payloadOf(first), payloadOf(second)];
    expect(before).toHaveLength(16);
    expect(before[0]).toBe(1);
    expect(hex(before[1] as Uint8Array)).toBe(certId(await certificateOf(files.certificate)));
    expect(Math.abs(Number(before[4]) - Date.now())).toBeLessThan(10 * 60_000);
    expect(before[5]).toBe(1_000);
    expect(after[2]).toBe(before[2]);
    expect(after[3]).toBe(Number(before[3]) + 1);
    const structure = sigStructure(first, 'lifesign/v1/heartbeat', await domainIdOf(files.root));
    expect(hex(after[6] as Uint8Array)).toBe(sha256(structure).toString('hex'));
  });

  it('does not verify when altered, as another type of record, or in another domain', async () => {
    const files = await exported();
    const sign1 = await readSign1(files.heartbeats[0]);
    expect(await isSigned({ ...sign1, payload: flipped(sign1.payload) }, files)).toBe(false);
    expect(await isSigned({ ...sign1, signature: flipped(sign1.signature) }, files)).toBe(false);
    expect(await isSigned(sign1, files, 'lifesign/v1/leave')).toBe(false);
    expect(await isSigned(sign1, { ...files, root: files.certificate })).toBe(false);
    expect(await isSigned(sign1, { ...files, certificate: files.root })).toBe(false);
  });
});

interface Sign1 {
  readonly protected: Uint8Array;
  readonly unprotected: unknown;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

async function readSign1(file: string): Promise<Sign1> {
  const options = { strict: true, useMaps: true, tags: Tagged.preserve(COSE_SIGN1_TAG) };
  const item = decode(new Uint8Array(await readFile(file)), options) as { value: readonly unknown[] };
  expect(item).toBeInstanceOf(Tagged);
  expect(item.value).toHaveLength(4);
  const [header, unprotected, payload, signature] = item.value;
  return {
    protected: header as Uint8Array,
    unprotected,
    payload: payload as Uint8Array,
    signature: signature as Uint8Array,
  };
}

function readMap(bytes: Uint8Array): unknown {
  return decode(bytes, { strict: true, useMaps: true });
}

function payloadOf({ payload }: Sign1): readonly unknown[] {
  return decode(payload, { strict: true, useMaps: true }) as readonly unknown[];
}

async function isSigned(
  sign1: Sign1,
  files: Pick<ExportedHeartbeats, 'certificate' | 'root'>,
  context = 'lifesign/v1/heartbeat',
): Promise<boolean> {
  const { publicKey } = await certificateOf(files.certificate);
  const structure = sigStructure(sign1, context, await domainIdOf(files.root));
  return verify('sha256', structure, { key: publicKey, dsaEncoding: 'ieee-p1363' }, sign1.signature);
}

/** RFC 9052 §4.4. */
function sigStructure(sign1: Sign1, context: string, domainId: Buffer): Uint8Array {
  const aad = Buffer.concat([Buffer.from(context, 'utf8'), domainId]);
  return encode(['Signature1', sign1.protected, new Uint8Array(aad), sign1.payload]);
}

async function domainIdOf(rootFile: string): Promise<Buffer> {
  const { publicKey } = await certificateOf(rootFile);
  return sha256(publicKey.export({ format: 'der', type: 'spki' }));
}

async function certificateOf(file: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(file));
}

/** SHA-256 over the DER of issuer and serial number, 16 bytes: fields 3 and 1 of a TBSCertificate with a version. */
function certId(certificate: X509Certificate): string {
  const [tbs = Buffer.alloc(0)] = elements(contentOf(certificate.raw));
  const [, serial = Buffer.alloc(0), , issuer = Buffer.alloc(0)] = elements(contentOf(tbs));
  return sha256(Buffer.concat([issuer, serial]))
    .subarray(0, 16)
    .toString('hex');
}

/** The DER elements that stand side by side in `der`. */
function elements(der: Buffer): readonly Buffer[] {
  if (der.length === 0) return [];
  const end = headerOf(der) + lengthOf(der);
  return [der.subarray(0, end), ...elements(der.subarray(end))];
}

function contentOf(der: Buffer): Buffer {
  return der.subarray(headerOf(der), headerOf(der) + lengthOf(der));
}

function headerOf(der: Buffer): number {
  const first = der.readUInt8(1);
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function lengthOf(der: Buffer): number {
  const first = der.readUInt8(1);
  return first < 0x80 ? first : der.readUIntBE(2, first & 0x7f);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
