import type { Signer } from '../../src/std/index.ts';
import type { RecordKey } from '../../src/heartbeat/index.ts';
import { testKey } from './crypto.ts';
import { certIdNamed, nodeIdNamed } from './record-samples.ts';

/** A member that signs: its key pair and the key as others know it. */
export interface TestMember {
  readonly signer: Signer;
  readonly key: RecordKey;
}

/** A member of the given name; `generation` tells its successive keys and certificates apart. */
export function memberNamed(
  name: string,
  generation = 1,
  algorithm: 'ES256' | 'Ed25519' = 'Ed25519',
): TestMember {
  const signer = testKey(algorithm);
  const certId = certIdNamed(generation === 1 ? name : `${name} ${String(generation)}`);
  return { signer, key: { certId, nodeId: nodeIdNamed(name), algorithm, spki: signer.spki } };
}
