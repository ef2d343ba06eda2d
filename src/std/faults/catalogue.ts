import { apiFaults } from './api.ts';
import { auditFaults } from './audit.ts';
import { authorityFaults } from './authority.ts';
import { backupFaults } from './backup.ts';
import { ceremonyFaults } from './ceremony.ts';
import { cliFaults } from './cli.ts';
import { codecFaults } from './codec.ts';
import { configFaults } from './config.ts';
import { demoFaults } from './demo.ts';
import { enrollFaults } from './enroll.ts';
import { enrollmentFaults } from './enrollment.ts';
import { heartbeatFaults } from './heartbeat.ts';
import { ioFaults } from './io.ts';
import { keyFaults } from './keys.ts';
import type { FaultKind } from './kind.ts';
import { ledgerFaults } from './ledger.ts';
import { linkFaults } from './link.ts';
import { membershipFaults } from './membership.ts';
import { meshFaults } from './mesh.ts';
import { nodeFaults } from './node.ts';
import { ocspFaults } from './ocsp.ts';
import { rolloverFaults } from './rollover.ts';
import { trustFaults } from './trust.ts';
import { x509Faults } from './x509.ts';

/** Every stable error code of the product, by area. */
export const faultCatalogue = {
  ...codecFaults,
  ...x509Faults,
  ...ocspFaults,
  ...trustFaults,
  ...heartbeatFaults,
  ...linkFaults,
  ...membershipFaults,
  ...ledgerFaults,
  ...authorityFaults,
  ...backupFaults,
  ...ceremonyFaults,
  ...rolloverFaults,
  ...enrollmentFaults,
  ...meshFaults,
  ...nodeFaults,
  ...demoFaults,
  ...ioFaults,
  ...keyFaults,
  ...auditFaults,
  ...cliFaults,
  ...configFaults,
  ...enrollFaults,
  ...apiFaults,
} as const satisfies Record<string, FaultKind>;

export type FaultCode = keyof typeof faultCatalogue;

export function faultKind(code: FaultCode): FaultKind {
  return faultCatalogue[code];
}
