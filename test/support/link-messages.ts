import type { Hello, Message } from '../../src/link/index.ts';

/** A valid hello; give the fields that matter. */
export function testHello(fields: Partial<Hello> = {}): Hello {
  return {
    versionMin: 1,
    versionMax: 1,
    nonce: new Uint8Array(8).fill(1),
    epoch: 3,
    crlNumber: 4,
    rosterNumber: 5,
    advertise: '10.0.0.1:8450',
    domainId: new Uint8Array(32).fill(7),
    ...fields,
  };
}

/** One message of every kind. */
export const MESSAGES: readonly Message[] = [
  { kind: 'hello', ...testHello() },
  { kind: 'hello', ...testHello({ advertise: null, epoch: Number.MAX_SAFE_INTEGER }) },
  { kind: 'bye', code: 'LS_TRUST_REVOKED', detail: 'größer' },
  { kind: 'record', type: 'heartbeat', bytes: new Uint8Array(200).fill(2) },
  { kind: 'record', type: 'roster', bytes: new Uint8Array(6_000).fill(3) },
  { kind: 'crl', delta: true, der: Uint8Array.of(1) },
  { kind: 'crl', delta: false, der: Uint8Array.of(2) },
  { kind: 'issuer', der: Uint8Array.of(6) },
  { kind: 'issuer', der: new Uint8Array(4_096).fill(5) },
  { kind: 'digest', ids: [] },
  { kind: 'digest', ids: Array.from({ length: 1024 }, (_, i) => new Uint8Array(16).fill(i % 256)) },
  { kind: 'want', ids: [new Uint8Array(16)] },
  { kind: 'down', certificate: new Uint8Array(300).fill(4) },
  { kind: 'ping', token: 0 },
  { kind: 'down', certificate: new Uint8Array(300).fill(4) },
  { kind: 'pong', token: Number.MAX_SAFE_INTEGER },
];
