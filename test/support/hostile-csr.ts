import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import {
  contextConstructed,
  derElement,
  derOctetString,
  derOid,
  derSequence,
  derSetOf,
  derUnsigned,
  derUtf8String,
} from '../../src/codec/index.ts';
import { concatBytes, utf8, type SignatureAlgorithm, type Signer } from '../../src/std/index.ts';
import { testKey } from './crypto.ts';
import {
  authorityKeyId,
  basicConstraints,
  crlDistributionPoints,
  directory,
  dns,
  email,
  extendedKeyUsage,
  extension,
  ip,
  keyUsage,
  nameConstraints,
  subjectAltName,
  subjectKeyId,
  uri,
} from './forge/extensions.ts';
import { sealed } from './forge/signed.ts';
import { mutant, SeededDice } from './fuzz/mutate.ts';

/** A request that is well or badly formed and asks for whatever its sender likes. */
export interface HostileCsr {
  /** The sender's; what the request asks a certificate for is mostly this. */
  readonly key: Signer;
  /** DER of the request, once the name is known and how the secret binds the key. */
  build(name: string, binding: string): Uint8Array;
}

const RSA_SPKI = new Uint8Array(
  generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' }),
);
const STRANGER = testKey();
const ATTRIBUTES = ['2.5.4.5', '2.5.4.10', '2.5.4.6', '1.2.840.113549.1.9.1', '1.3.6.1.4.1.99999.7'];
/** UTF8String, PrintableString, TeletexString, IA5String, UniversalString, BMPString, OCTET STRING, NULL. */
const STRING_TAGS = [0x0c, 0x13, 0x14, 0x16, 0x1c, 0x1e, 0x04, 0x05];
const ODD_TEXTS = [
  '',
  'alpha',
  'root',
  '*',
  '*.mesh.internal',
  'alpha\0.evil.example',
  'аlpha',
  'alpha\u202e',
  '../alpha',
  'CN=alpha,O=lifesign',
  '00112233445566778899aabbccddeeff',
  'x'.repeat(300),
  '\n\r\t',
];

const text = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ maxLength: 40, unit: 'binary' }));
/** What most string types can hold. */
const plain = fc.oneof(
  fc.constantFrom('alpha', 'beta', 'root', 'a.mesh.internal', '00112233445566778899aabbccddeeff'),
  fc.stringMatching(/^[A-Za-z0-9 .-]{1,64}$/),
);
const attributeValue = fc.oneof(
  { weight: 12, arbitrary: plain.map((value) => derElement(0x0c, utf8(value))) },
  { weight: 6, arbitrary: plain.map((value) => derElement(0x13, utf8(value))) },
  { weight: 3, arbitrary: text.map((value) => derElement(0x0c, utf8(value))) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...STRING_TAGS), text)
      .map(([tag, value]) => derElement(tag, utf8(value))),
  },
);
const attributeType = rarely(fc.constant('2.5.4.3'), undefined).chain((type) =>
  type === undefined ? fc.constantFrom(...ATTRIBUTES) : fc.constant(type),
);
const rdn = fc
  .array(fc.tuple(attributeType, attributeValue), { minLength: 1, maxLength: 2 })
  .map((attributes) => derSetOf(...attributes.map(([type, value]) => derSequence(derOid(type), value))));
const rdns = fc.array(rdn, { maxLength: 4 });

const generalName = fc.oneof(
  plain.map(dns),
  plain.map(email),
  rarely(text, '*.mesh.internal').map(dns),
  fc
    .constantFrom('spiffe://mesh.internal/node/beta', 'spiffe://evil.example/node/alpha', 'http://x')
    .map(uri),
  rarely(fc.array(fc.nat(255), { maxLength: 17 }), [10, 0, 0, 1]).map((octets) => ip(...octets)),
  rdns.map((members) => directory(derSequence(...members))),
);
const wish = fc.oneof(
  fc.array(generalName, { minLength: 1, maxLength: 4 }).map((names) => subjectAltName(...names)),
  fc.constantFrom(basicConstraints(true), basicConstraints(true, 3), basicConstraints(false, 3)),
  fc.constantFrom(
    keyUsage('keyCertSign', 'cRLSign'),
    extendedKeyUsage('2.5.29.37.0'),
    extendedKeyUsage('1.3.6.1.4.1.60000.1.1', '1.3.6.1.5.5.7.3.9'),
    nameConstraints({ permitted: [dns('')] }),
    subjectKeyId(new Uint8Array(20)),
    authorityKeyId(new Uint8Array(20)),
    crlDistributionPoints(uri('http://evil.example/crl')),
  ),
  fc
    .tuple(
      fc.constantFrom('2.5.29.17', '2.5.29.19', '2.5.29.32', '2.5.29.36', '1.3.6.1.5.5.7.48.1.5'),
      fc.boolean(),
      rarely(fc.uint8Array({ maxLength: 12 }), Uint8Array.of(5, 0)),
    )
    .map(([oid, critical, value]) => extension(oid, critical, value)),
);
const wishes = fc.array(wish, { minLength: 1, maxLength: 3 });

const attribute = fc.oneof(
  { weight: 4, arbitrary: wishes.map((list) => csrAttribute('1.2.840.113549.1.9.14', derSequence(...list))) },
  { weight: 1, arbitrary: plain.map((value) => csrAttribute('1.2.840.113549.1.9.7', derUtf8String(value))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('1.3.6.1.4.1.311.13.2.3', '1.2.840.113549.1.9.2'),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([oid, value]) => csrAttribute(oid, derOctetString(value))),
  },
);

/** Mostly requests whose sender holds token and key, so that what they ask for is reached. */
export const hostileCsr: fc.Arbitrary<HostileCsr> = fc
  .record({
    algorithm: fc.oneof(
      { weight: 6, arbitrary: fc.constant('ES256' as const) },
      { weight: 2, arbitrary: fc.constant('Ed25519' as const) },
      { weight: 1, arbitrary: fc.constant('ES384' as const) },
    ),
    rdns,
    named: rarely(fc.constant(false), true),
    attributes: fc.array(attribute, { maxLength: 3 }),
    bound: rarely(fc.constant(false), true),
    spki: rarely(fc.constantFrom(RSA_SPKI, STRANGER.spki, new Uint8Array(3)), undefined),
    claimed: rarely(fc.constantFrom<SignatureAlgorithm>('ES256', 'ES384', 'Ed25519'), undefined),
    version: rarely(fc.nat(3), 0),
    padding: rarely(fc.nat(10_000), 0),
    spoiledBy: rarely(fc.integer({ min: 1, max: 2 ** 31 - 1 }), undefined),
  })
  .map((choice) => {
    // A new one for each, since the CA takes a key once.
    const key = testKey(choice.algorithm);
    return {
      key,
      build(name, binding) {
        const attributes = [
          ...(choice.bound ? [csrAttribute('1.2.840.113549.1.9.7', derUtf8String(binding))] : []),
          ...choice.attributes,
          ...(choice.padding > 0
            ? [csrAttribute('1.3.6.1.4.1.99999.8', derOctetString(new Uint8Array(choice.padding)))]
            : []),
        ];
        const info = derSequence(
          derUnsigned(choice.version),
          derSequence(...choice.rdns, ...(choice.named ? [commonName(name)] : [])),
          choice.spki ?? key.spki,
          derElement(contextConstructed(0), concatBytes(...attributes)),
        );
        const der = sealed(info, key, choice.claimed ?? key.algorithm);
        return choice.spoiledBy === undefined ? der : mutant(der, der, new SeededDice(choice.spoiledBy));
      },
    };
  });

function commonName(name: string): Uint8Array {
  return derSetOf(derSequence(derOid('2.5.4.3'), derUtf8String(name)));
}

function csrAttribute(oid: string, value: Uint8Array): Uint8Array {
  return derSequence(derOid(oid), derElement(0x31, value));
}

/** One time in twelve the odd thing, else the usual one. */
function rarely<T, U>(odd: fc.Arbitrary<T>, usual: U): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 1, arbitrary: odd }, { weight: 11, arbitrary: fc.constant(usual) });
}
