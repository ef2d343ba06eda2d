import { randomBytes } from 'node:crypto';
import type { AuthorityStore, CertificateRow, NodeRow } from '../../src/authority/index.ts';
import {
  LsError,
  ok,
  parseNodeId,
  parseNodeName,
  parseSerialNumber,
  unixMs,
  type SerialNumber,
  type UnixMs,
} from '../../src/std/index.ts';

const BATCH = 5_000;
const SERIAL_BYTES = 16;
const DAY_MS = 86_400_000;
/** What a signed certificate of a node has. */
const CERTIFICATE_BYTES = 700;

export interface Filling {
  /** Certificates that were revoked an hour ago by the CRL of this number, one of each identity. */
  readonly revoked: number;
  readonly crlNumber: number;
  /** Identities with one certificate each, named live-0, live-1 and so on. */
  readonly live: number;
  readonly now: UnixMs;
}

/** Writes rows as the authority would have written them, but for their signatures: a long life in a short time. */
export async function fillStore(store: AuthorityStore, filling: Filling): Promise<void> {
  await inBatches(filling.revoked, (at) => {
    const name = `gone-${String(at)}`;
    const ended = {
      state: 'revoked',
      endedAt: filling.now,
      reason: 'superseded',
      endCrlNumber: filling.crlNumber,
      endRosterNumber: 1,
    } as const;
    return { name, ended };
  });
  await inBatches(filling.live, (at) => ({ name: `live-${String(at)}`, ended: null }));

  async function inBatches(
    count: number,
    make: (at: number) => { readonly name: string; readonly ended: Partial<NodeRow> | null },
  ): Promise<void> {
    for (let from = 0; from < count; from += BATCH) {
      const done = await store.transaction(async (tx) => {
        for (let at = from; at < Math.min(count, from + BATCH); at++) {
          const { name, ended } = make(at);
          const { node, certificate } = identity(name, filling.now, ended ?? {});
          await tx.insertNode(node);
          await tx.insertCertificate(certificate);
          if (ended === null) continue;
          const { serial } = certificate;
          const { crlNumber, now } = filling;
          await tx.insertRevocation({ serial, reason: 'superseded', revokedAt: now, crlNumber, issuer: 1 });
        }
        return ok(null);
      });
      if (!done.ok) throw new LsError(done.error);
    }
  }
}

export function randomSerial(): SerialNumber {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return must(parseSerialNumber(bytes.toString('hex')));
}

function identity(name: string, now: UnixMs, ended: Partial<NodeRow>) {
  const nodeId = must(parseNodeId(randomBytes(SERIAL_BYTES).toString('hex')));
  const node: NodeRow = {
    nodeId,
    name: must(parseNodeName(name)),
    state: 'enrolled',
    dns: [],
    ip: [],
    enrolledAt: now,
    activatedAt: null,
    endedAt: null,
    reason: null,
    endCrlNumber: null,
    endRosterNumber: null,
    ...ended,
  };
  const certificate: CertificateRow = {
    serial: randomSerial(),
    role: 'node',
    name,
    nodeId,
    spkiSha256: randomBytes(32),
    notBefore: now,
    // Those that ended have expired, so that the roster of at most 10,000 members lets them go.
    notAfter: unixMs(ended.state === undefined ? now + 7 * DAY_MS : now - 1),
    issuedAt: now,
    issuer: 1,
    tbs: randomBytes(CERTIFICATE_BYTES),
    der: randomBytes(CERTIFICATE_BYTES),
    predecessor: null,
    confirmedAt: null,
    revocation: null,
  };
  return { node, certificate };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('a value that was made here is malformed');
  return value;
}
