import type { SignatureAlgorithm, Signer } from '../../src/std/index.ts';
import { toHex } from '../../src/std/index.ts';
import { testCrypto } from './crypto.ts';
import { fixedKey } from './fixed-keys.ts';

/** ES256 signatures by the SHA-256 of key and message: ECDSA picks a random number, so they are recorded once. */
export type RecordedSignatures = Map<string, string>;

/** Keys of the golden vectors. Ed25519 signs again and again alike; ES256 answers what was recorded. */
export class VectorKeys {
  readonly recorded: RecordedSignatures;
  private readonly mayRecord: boolean;

  /** `mayRecord`: sign what was not recorded yet (the script does); otherwise it is an error (the test). */
  constructor(recorded: RecordedSignatures, mayRecord: boolean) {
    this.recorded = recorded;
    this.mayRecord = mayRecord;
  }

  signer(algorithm: 'ES256' | 'Ed25519', label: string): Signer {
    const key = fixedKey(algorithm, label);
    return algorithm === 'Ed25519' ? key : { ...key, sign: (message) => this.es256(key, message) };
  }

  private es256(key: Signer, message: Uint8Array): Uint8Array {
    const name = toHex(testCrypto.sha256(key.spki, message));
    const known = this.recorded.get(name);
    if (known !== undefined) return new Uint8Array(Buffer.from(known, 'hex'));
    if (!this.mayRecord) throw new Error('no ES256 signature is recorded: run node scripts/make-vectors.ts');
    const signature = key.sign(message);
    this.recorded.set(name, toHex(signature));
    return signature;
  }
}

export const vectorAlgorithms = ['Ed25519', 'ES256'] as const satisfies readonly SignatureAlgorithm[];
