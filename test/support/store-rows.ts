import type { CertificateRow, IssuerRow, NodeRow, RequestRow, TokenRow } from '../../src/authority/index.ts';
import {
  parseNodeId,
  parseNodeName,
  parseSerialNumber,
  unixMs,
  type NodeId,
  type NodeName,
  type SerialNumber,
} from '../../src/std/index.ts';

/** Rows for tests of the CA store, valid in every column, each overridable. */

export function testNodeId(n: number): NodeId {
  return parseNodeId(hexOf(n)) ?? impossible();
}

export function testSerial(n: number): SerialNumber {
  return parseSerialNumber(hexOf(n)) ?? impossible();
}

export function testName(text: string): NodeName {
  return parseNodeName(text) ?? impossible();
}

/** Prepared. */
export function issuerRow(generation: number, changes: Partial<IssuerRow> = {}): IssuerRow {
  return {
    generation,
    state: 'prepared',
    certificate: Uint8Array.of(0x30, 0x00),
    preparedAt: unixMs(1_000),
    activatedAt: null,
    endedAt: null,
    firstCrlNumber: 1,
    renewWithinMs: null,
    ...changes,
  };
}

export function nodeRow(n: number, changes: Partial<NodeRow> = {}): NodeRow {
  return {
    nodeId: testNodeId(n),
    name: testName(`node-${n}`),
    state: 'enrolled',
    dns: [],
    ip: [],
    enrolledAt: unixMs(1_000),
    activatedAt: null,
    endedAt: null,
    reason: null,
    endCrlNumber: null,
    endRosterNumber: null,
    ...changes,
  };
}

export function tokenRow(n: number, changes: Partial<TokenRow> = {}): TokenRow {
  return {
    tokenId: hexOf(n),
    secretSha256: new Uint8Array(32).fill(n),
    name: testName(`node-${n}`),
    dns: [],
    ip: [],
    replace: false,
    approval: false,
    est: false,
    createdAt: unixMs(1_000),
    expiresAt: unixMs(3_601_000),
    voided: null,
    spent: null,
    ...changes,
  };
}

export function requestRow(n: number, changes: Partial<RequestRow> = {}): RequestRow {
  return {
    tokenId: hexOf(n),
    name: testName(`node-${n}`),
    spkiSha256: new Uint8Array(32).fill(n),
    requestedAt: unixMs(1_000),
    expiresAt: unixMs(3_601_000),
    decision: null,
    ...changes,
  };
}

export function certificateRow(n: number, changes: Partial<CertificateRow> = {}): CertificateRow {
  return {
    serial: testSerial(n),
    role: 'node',
    name: `node-${n}`,
    nodeId: testNodeId(n),
    spkiSha256: new Uint8Array(32).fill(n),
    notBefore: unixMs(0),
    notAfter: unixMs(1_000_000),
    issuedAt: unixMs(1_000),
    issuer: 1,
    tbs: Uint8Array.of(0x30, 0x00),
    der: null,
    predecessor: null,
    confirmedAt: null,
    revocation: null,
    ...changes,
  };
}

function hexOf(n: number): string {
  return n.toString(16).padStart(32, '0');
}

function impossible(): never {
  throw new Error('a constant of the tests is malformed');
}
