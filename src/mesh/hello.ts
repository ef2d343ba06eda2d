import { FORMAT_VERSION } from '../heartbeat/index.ts';
import type { Hello } from '../link/index.ts';
import { enforcedCrlNumber, type Core } from './core.ts';

/** What this node says first on every link. `nonce` is of its process. */
export function helloOf(core: Core, nonce: Uint8Array, rosterNumber: number): Hello {
  const { own, domainId } = core;
  return {
    versionMin: FORMAT_VERSION,
    versionMax: FORMAT_VERSION,
    nonce,
    epoch: own.epoch,
    crlNumber: enforcedCrlNumber(core),
    rosterNumber,
    advertise: own.addresses[0] ?? null,
    domainId,
  };
}
