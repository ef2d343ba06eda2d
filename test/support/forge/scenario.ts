import { unixMs, type UnixMs } from '../../../src/std/index.ts';
import { applyCrl, judgeCertificate, makeTrustBundle, RevocationState } from '../../../src/trust/index.ts';
import { testCrypto } from '../crypto.ts';
import { codeOf, valueOf } from '../result.ts';
import { forgeCertificate, type CertificateSpec } from './certificate.ts';
import { forgeCrl, type CrlSpec } from './crl.ts';
import { issuingCrlSpec, issuingSpec, nodeSpec, NOW, rootCrlSpec, rootSpec, TRUST_DOMAIN } from './pki.ts';

/** All that a verdict on a node depends on, in specs that can be spoiled one by one. */
export interface Scenario {
  readonly node: CertificateSpec;
  /** The certificates between node and root, the node's issuer first. */
  readonly above: readonly CertificateSpec[];
  readonly root: CertificateSpec;
  readonly crls: readonly CrlSpec[];
  readonly now: UnixMs;
  /** The last thing done to the node's DER. */
  readonly alter: (der: Uint8Array) => Uint8Array;
}

/** The same scenario as bytes, for validators other than ours. */
export interface ForgedScenario {
  readonly node: Uint8Array;
  readonly above: readonly Uint8Array[];
  readonly root: Uint8Array;
  readonly crls: readonly Uint8Array[];
  readonly now: UnixMs;
}

export const goodScenario: Scenario = {
  node: nodeSpec,
  above: [issuingSpec],
  root: rootSpec,
  crls: [issuingCrlSpec(1), rootCrlSpec(1)],
  now: unixMs(NOW + 1000),
  alter: (der) => der,
};

export function forgeScenario(changes: Partial<Scenario>): ForgedScenario {
  const scenario = { ...goodScenario, ...changes };
  return {
    node: scenario.alter(forgeCertificate(scenario.node)),
    above: scenario.above.map(forgeCertificate),
    root: forgeCertificate(scenario.root),
    crls: scenario.crls.map(forgeCrl),
    now: scenario.now,
  };
}

/** Our verdict: undefined for good, else the code. A CRL that is refused is simply not held. */
export function ourVerdict(scenario: ForgedScenario): string | undefined {
  const made = makeTrustBundle(TRUST_DOMAIN, [scenario.root], testCrypto);
  if (!made.ok) return made.error.cause?.code ?? made.error.code;
  let revocation = RevocationState.empty();
  for (const crl of scenario.crls) {
    for (const first of [0, 1]) {
      const issuerChain = scenario.above.slice(first);
      const applied = applyCrl(revocation, crl, issuerChain, made.value, testCrypto, scenario.now);
      if (applied.ok) revocation = applied.value.state;
    }
  }
  const material = {
    bundle: valueOf(made),
    revocation,
    crypto: testCrypto,
    onStale: 'deny',
    graceMs: 0,
  } as const;
  return codeOf(judgeCertificate(material, [scenario.node, ...scenario.above], 'node', scenario.now));
}
