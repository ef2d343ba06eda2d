import { equalBytes, unixMs, type CryptoPort } from '../../../src/std/index.ts';
import { applyCrl, makeTrustBundle, RevocationState, type TrustBundle } from '../../../src/trust/index.ts';
import { judgePath } from '../../../src/trust/path.ts';
import { checkStatus } from '../../../src/trust/revocation/status.ts';
import {
  parseCertificate,
  parseCrl,
  pointsAt,
  validatePath,
  type Certificate,
} from '../../../src/x509/index.ts';
import { testCrypto } from '../crypto.ts';
import { codeOf } from '../result.ts';
import type { PkitsCase } from './cases.ts';
import type { PkitsFiles } from './rekey.ts';

/** When the suite is to be judged. */
const NOW = unixMs(Date.UTC(2011, 3, 15));
/** The suite's longest path, the anchor not counted. */
const LONGEST_PATH = 5;

/** The code a case was refused with (undefined: its end entity was accepted), and what it cost to find out. */
export interface PkitsVerdict {
  readonly code: string | undefined;
  readonly signatureChecks: number;
}

/** What is reported for an input that no function of ours takes: whoever needs it cannot ask, so nothing is accepted. */
export const NO_SUCH_INPUT = 'no such input';

/**
 * What a relying party of lifesign makes of a case: CRLs taken in as they come, then path, status and freshness.
 * Roles are left out, since no certificate of the suite has one of ours.
 */
export function judgeAsDeployed(files: PkitsFiles, test: PkitsCase): PkitsVerdict {
  return counted((crypto) => verdictAsDeployed(files, test, crypto));
}

/** The rules of path validation alone, for paths of any length the suite has. */
export function judgePathAlone(files: PkitsFiles, test: PkitsCase): PkitsVerdict {
  return counted((crypto) => verdictOnPath(files, test, crypto));
}

function counted(judge: (crypto: CryptoPort) => string | undefined): PkitsVerdict {
  let signatureChecks = 0;
  const crypto: CryptoPort = {
    ...testCrypto,
    verify(...args) {
      signatureChecks += 1;
      return testCrypto.verify(...args);
    },
  };
  return { code: judge(crypto), signatureChecks };
}

/** An initial policy set changes nothing unless policies are demanded, so those cases are judged like the rest. */
function verdictAsDeployed(files: PkitsFiles, test: PkitsCase, crypto: CryptoPort): string | undefined {
  if (test.inputs.includes('SetInitialExplicitPolicy')) return NO_SUCH_INPUT;
  const ders = test.certs.map((name) => fileOf(files.certs, name));
  const [anchor = new Uint8Array()] = ders;
  const bundle = makeTrustBundle('pkits.test', [anchor], crypto);
  if (!bundle.ok) return bundle.error.cause?.code ?? bundle.error.code;
  const last = ders.length - 1;
  const path = judgePath(bundle.value, chainTo(ders, last), crypto, NOW);
  if (!path.ok) return path.error.code;
  const state = takenIn(bundle.value, ders, crlsOf(files, test), crypto);
  return codeOf(checkStatus(state, path.value.certificates, { onStale: 'deny', graceMs: 0 }, NOW));
}

function verdictOnPath(files: PkitsFiles, test: PkitsCase, crypto: CryptoPort): string | undefined {
  if (test.inputs.includes('SetInitialExplicitPolicy')) return NO_SUCH_INPUT;
  const certificates: Certificate[] = [];
  const ders = test.certs.map((name) => fileOf(files.certs, name));
  const [anchor, ...chain] = [ders[0] ?? new Uint8Array(), ...chainTo(ders, ders.length - 1)];
  for (const der of [anchor, ...chain]) {
    const parsed = parseCertificate(der);
    if (!parsed.ok) return parsed.error.code;
    certificates.push(parsed.value);
  }
  return codeOf(
    validatePath({
      chain: certificates.slice(1),
      anchors: certificates.slice(0, 1),
      now: NOW,
      crypto,
      maxCertificates: LONGEST_PATH,
    }),
  );
}

/** Every CRL of the case that the state takes; a delta is offered again after the full ones. */
function takenIn(
  bundle: TrustBundle,
  ders: readonly Uint8Array[],
  crls: readonly Uint8Array[],
  crypto: CryptoPort,
): RevocationState {
  let state = RevocationState.empty();
  for (const crl of [...crls, ...crls]) {
    for (const chain of issuersOf(ders, crl)) {
      const applied = applyCrl(state, crl, chain, bundle, crypto, NOW);
      if (applied.ok) state = applied.value.state;
    }
  }
  return state;
}

/** The chains of all certificates that a CRL may be from: every one of the case, since forged CRLs name anybody. */
function issuersOf(ders: readonly Uint8Array[], crl: Uint8Array): readonly (readonly Uint8Array[])[] {
  if (!parseCrl(crl).ok) return [];
  return ders.map((_der, index) => (index === 0 ? [] : chainTo(ders, index)));
}

/**
 * The certificates from number `index` up to the anchor, which is left out. The issuer is the one that the
 * authority key identifier points at, and the one listed before when it points at none.
 */
function chainTo(ders: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let at = index;
  while (at > 0 && chain.length <= ders.length) {
    const der = ders[at] ?? new Uint8Array();
    chain.push(der);
    at = issuerIndex(ders, at);
  }
  return chain;
}

function issuerIndex(ders: readonly Uint8Array[], index: number): number {
  const parsed = ders.map((der) => parseCertificate(der));
  const own = parsed[index];
  if (own?.ok !== true) return index - 1;
  const keyId = own.value.extensions.authorityKeyId?.value;
  const found = parsed.findIndex(
    (other, at) =>
      at !== index &&
      other.ok &&
      keyId !== undefined &&
      equalBytes(other.value.subject, own.value.issuer) &&
      pointsAt(keyId, other.value),
  );
  return found === -1 ? index - 1 : found;
}

function crlsOf(files: PkitsFiles, test: PkitsCase): readonly Uint8Array[] {
  return test.crls.map((name) => fileOf(files.crls, name));
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const der = files.get(name);
  if (der === undefined) throw new Error(`PKITS has no file ${name}`);
  return der;
}
