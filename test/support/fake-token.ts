import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { derOctetString } from '../../src/codec/index.ts';
import type { Cryptoki } from '../../src/io/pkcs11/index.ts';

type Template = Parameters<Cryptoki['C_FindObjectsInit']>[1];
type Handle = Parameters<Cryptoki['C_CloseSession']>[0];

interface StoredObject {
  readonly attributes: Map<number, boolean | number | Buffer>;
  readonly key: KeyObject;
}

const [CLASS, LABEL, ID, PARAMS, POINT] = [0x0, 0x3, 0x102, 0x180, 0x181];
const [PUBLIC, PRIVATE] = [2, 3];
const EDWARDS = 0x1055;
const P256 = '06082a8648ce3d030107';

/** A token in memory with real keys that fails when it is told to. Calls are counted by name. */
export class FakeToken implements Cryptoki {
  pin = '1234';
  labels = ['ca'];
  /** Thrown by every call but C_Initialize and C_Finalize, until it is cleared. */
  broken: string | undefined;
  /** Thrown by the call of that name. */
  readonly refuses = new Map<string, string>();
  /** What becomes of each signature. */
  spoil: (signature: Buffer) => Buffer = (signature) => signature;
  bareEcPoint = false;
  readonly calls = new Map<string, number>();
  readonly objects: StoredObject[] = [];
  #initialised = false;
  #session: Buffer | undefined;
  #loggedIn = false;
  #found: Buffer[] = [];
  #signs: KeyObject | undefined;
  #sessions = 0;

  count(name: string): number {
    return this.calls.get(name) ?? 0;
  }

  C_Initialize(): void {
    this.#called('C_Initialize', false);
    if (this.#initialised) throw new Error('CKR_CRYPTOKI_ALREADY_INITIALIZED');
    this.#initialised = true;
  }

  C_Finalize(): void {
    this.#called('C_Finalize', false);
    this.#initialised = false;
    this.#session = undefined;
  }

  C_GetSlotList(): Handle[] {
    this.#called('C_GetSlotList');
    return this.labels.map((_, i) => Buffer.from([i]));
  }

  C_GetTokenInfo(slot: Handle) {
    this.#called('C_GetTokenInfo');
    const label = (this.labels[slot[0] ?? 0] ?? '').padEnd(32, ' ');
    const serialNumber = `serial ${String(slot[0])}`.padEnd(16, ' ');
    return { label, manufacturerID: 'maker'.padEnd(32, ' '), model: 'model'.padEnd(16, ' '), serialNumber };
  }

  C_OpenSession(): Handle {
    this.#called('C_OpenSession');
    this.#loggedIn = false;
    this.#session = Buffer.from([++this.#sessions]);
    return this.#session;
  }

  C_CloseSession(session: Handle): void {
    this.#in(session, 'C_CloseSession');
    this.#session = undefined;
  }

  C_Login(session: Handle, _user: number, pin: string): void {
    this.#in(session, 'C_Login');
    if (pin !== this.pin) throw new Error('CKR_PIN_INCORRECT');
    this.#loggedIn = true;
  }

  C_FindObjectsInit(session: Handle, template: Template): void {
    this.#in(session, 'C_FindObjectsInit');
    const matches = ({ attributes }: StoredObject): boolean =>
      template.every(({ type, value }) => same(attributes.get(type), value));
    this.#found = this.objects.flatMap((each, i) => (matches(each) ? [Buffer.from([i])] : []));
  }

  C_FindObjects(session: Handle, most: number): Handle[] {
    this.#in(session, 'C_FindObjects');
    return this.#found.slice(0, most);
  }

  C_FindObjectsFinal(session: Handle): void {
    this.#in(session, 'C_FindObjectsFinal');
  }

  C_GetAttributeValue(session: Handle, object: Handle, template: readonly { readonly type: number }[]) {
    this.#in(session, 'C_GetAttributeValue');
    return template.map(({ type }) => ({ type, value: this.#object(object).attributes.get(type) }));
  }

  C_SignInit(session: Handle, _mechanism: object, key: Handle): void {
    this.#in(session, 'C_SignInit');
    this.#signs = this.#object(key).key;
  }

  C_Sign(session: Handle, data: Buffer): Buffer {
    this.#in(session, 'C_Sign');
    const key = this.#signs;
    if (key === undefined || !this.#loggedIn) throw new Error('CKR_USER_NOT_LOGGED_IN');
    if (key.asymmetricKeyType === 'ed25519') return this.spoil(sign(null, data, key));
    return this.spoil(ecdsaOver(data, key));
  }

  C_GenerateKeyPair(
    session: Handle,
    { mechanism }: { readonly mechanism: number },
    publicTemplate: Template,
    privateTemplate: Template,
  ) {
    this.#in(session, 'C_GenerateKeyPair');
    const pair =
      mechanism === EDWARDS
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: curveOf(publicTemplate) });
    const point = pointOf(pair.publicKey);
    const attributes = new Map(publicTemplate.map(({ type, value }) => [type, value]));
    attributes.set(CLASS, PUBLIC);
    attributes.set(POINT, this.bareEcPoint ? point : Buffer.from(derOctetString(point)));
    const secret = new Map(privateTemplate.map(({ type, value }) => [type, value]));
    secret.set(CLASS, PRIVATE);
    this.objects.push({ attributes, key: pair.publicKey }, { attributes: secret, key: pair.privateKey });
    const last = this.objects.length - 1;
    return { publicKey: Buffer.from([last - 1]), privateKey: Buffer.from([last]) };
  }

  C_DestroyObject(session: Handle, object: Handle): void {
    this.#in(session, 'C_DestroyObject');
    this.#object(object).attributes.clear();
  }

  /** Labels of the objects that were not destroyed. */
  kept(): readonly string[] {
    return this.objects.flatMap(({ attributes }) => {
      const label = attributes.get(LABEL);
      return Buffer.isBuffer(label) ? [label.toString()] : [];
    });
  }

  /** Puts another public key in place of the one that was made. */
  swapPublicKeys(): void {
    const publics = this.objects.filter(({ attributes }) => attributes.get(CLASS) === PUBLIC);
    const points = publics.map(({ attributes }) => attributes.get(POINT));
    publics.forEach(({ attributes }, i) => attributes.set(POINT, points.at(i - 1) ?? Buffer.alloc(0)));
  }

  #called(name: string, mayBreak = true): void {
    this.calls.set(name, this.count(name) + 1);
    const refusal = this.refuses.get(name) ?? (mayBreak ? this.broken : undefined);
    if (refusal !== undefined) throw new Error(refusal);
  }

  #in(session: Handle, name: string): void {
    this.#called(name);
    if (!this.#initialised) throw new Error('CKR_CRYPTOKI_NOT_INITIALIZED');
    if (this.#session === undefined || !session.equals(this.#session))
      throw new Error('CKR_SESSION_HANDLE_INVALID');
  }

  #object(handle: Handle): StoredObject {
    const found = this.objects[handle[0] ?? -1];
    if (found === undefined) throw new Error('CKR_OBJECT_HANDLE_INVALID');
    return found;
  }
}

export const FAKE_ATTRIBUTES = { CLASS, LABEL, ID, PARAMS, POINT } as const;

function same(a: boolean | number | Buffer | undefined, b: boolean | number | Buffer): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}

function curveOf(template: Template): string {
  const parameters = template.find(({ type }) => type === PARAMS)?.value;
  return Buffer.isBuffer(parameters) && parameters.toString('hex') === P256 ? 'P-256' : 'P-384';
}

function pointOf(key: KeyObject): Buffer {
  const spki = key.export({ format: 'der', type: 'spki' });
  const bytes = key.asymmetricKeyType === 'ed25519' ? 32 : spki.length > 100 ? 97 : 65;
  return spki.subarray(-bytes);
}

const HALF = { 'P-256': 32, 'P-384': 48 } as const;
const ORDER = {
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'P-384':
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
} as const;

/** Plain ECDSA over a digest, which node:crypto has no call for: the arithmetic itself. */
function ecdsaOver(digest: Buffer, key: KeyObject): Buffer {
  const { crv, d } = key.export({ format: 'jwk' });
  if (crv !== 'P-256' && crv !== 'P-384') throw new Error('CKR_KEY_TYPE_INCONSISTENT');
  const [n, size] = [ORDER[crv], HALF[crv]];
  // The point k·G is the public key of a fresh private key k.
  const nonce = generateKeyPairSync('ec', { namedCurve: crv }).privateKey.export({ format: 'jwk' });
  const [k, r] = [big(nonce.d), big(nonce.x) % n];
  const s = (inverse(k, n) * (BigInt(`0x${digest.toString('hex')}`) + r * big(d))) % n;
  return Buffer.from(hexOf(r, size) + hexOf(s, size), 'hex');
}

function big(text: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex')}`);
}

function hexOf(value: bigint, size: number): string {
  return value.toString(16).padStart(2 * size, '0');
}

/** By Fermat: the order is prime. */
function inverse(value: bigint, n: bigint): bigint {
  let [result, base, exponent] = [1n, value % n, n - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % n;
    base = (base * base) % n;
  }
  return result;
}
