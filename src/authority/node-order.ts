import type { UnixMs } from '../std/index.ts';
import type { CertificateOrder } from './certify.ts';
import type { NodeRow } from './rows.ts';

/** The granted names and nothing of what the CSR asks for. */
export function orderFor(
  node: NodeRow,
  spki: Uint8Array,
  issuedAt: UnixMs,
): Omit<CertificateOrder, 'serial'> {
  return { role: 'node', name: node.name, nodeId: node.nodeId, dns: node.dns, ip: node.ip, spki, issuedAt };
}
