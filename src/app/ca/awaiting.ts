import { isThere } from '../../io/files/index.ts';
import { fault, LsError } from '../../std/index.ts';
import type { CaHome } from './home.ts';

/** Whether the home has a key and no certificate yet: `pki import` writes issuing.pem last of all. */
export async function isAwaiting({ issuingCert, issuingRequest }: CaHome): Promise<boolean> {
  return (await isThere(issuingRequest)) && !(await isThere(issuingCert));
}

/** Throws LS_CEREMONY_AWAITED for a home that no root has certified yet. */
export async function refuseAwaiting(paths: CaHome): Promise<void> {
  if (!(await isAwaiting(paths))) return;
  throw new LsError(fault('LS_CEREMONY_AWAITED', `the CA in ${paths.home} has no certificate yet`));
}
