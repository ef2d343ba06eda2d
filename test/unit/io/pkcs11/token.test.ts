import { describe, expect, it } from 'vitest';
import { isLowS } from '../../../../src/codec/index.ts';
import { nodeCrypto } from '../../../../src/io/crypto/index.ts';
import {
  destroyTokenKey,
  generateTokenKey,
  openTokenKey,
  parseTokenUri,
  RECONNECT_PAUSE_MS,
  Token,
} from '../../../../src/io/pkcs11/index.ts';
import { utf8, type SignatureAlgorithm } from '../../../../src/std/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { FAKE_ATTRIBUTES, FakeToken } from '../../../support/fake-token.ts';
import { valueOf } from '../../../support/result.ts';

const MESSAGE = utf8('to be signed');

function world(uri = 'pkcs11:token=ca?module-path=/lib.so', pin = '1234') {
  const fake = new FakeToken();
  const clock = { ms: 0 };
  let loads = 0;
  const token = new Token({
    address: valueOf(parseTokenUri(uri)),
    pin,
    load: () => {
      loads += 1;
      return fake;
    },
    monotonicMs: () => clock.ms,
  });
  return { fake, token, clock, loads: () => loads };
}

describe('a key on a token', () => {
  it.each<[SignatureAlgorithm, boolean]>([
    ['ES256', false],
    ['ES256', true],
    ['ES384', false],
    ['Ed25519', false],
    ['Ed25519', true],
  ])('signs %s as the port promises (bare point: %s)', (algorithm, bareEcPoint) => {
    const { fake, token } = world();
    fake.bareEcPoint = bareEcPoint;
    const { signer, address } = generateTokenKey(token, 'ca issuing', algorithm);
    expect(signer.algorithm).toBe(algorithm);
    for (let i = 0; i < 12; i++) {
      const signature = signer.sign(MESSAGE);
      expect(nodeCrypto.verify(algorithm, signer.spki, MESSAGE, signature)).toBe(true);
      if (algorithm === 'ES256') expect(isLowS(signature)).toBe(true);
    }
    expect(openTokenKey(token, address).spki).toEqual(signer.spki);
  });

  it('is made so that it never leaves the token and does nothing but sign', () => {
    const { fake, token } = world();
    generateTokenKey(token, 'ca issuing', 'ES256');
    const secret = fake.objects.find(({ attributes }) => attributes.get(FAKE_ATTRIBUTES.CLASS) === 3);
    const said = Object.fromEntries([...(secret?.attributes ?? [])].map(([type, value]) => [type, value]));
    expect(said).toMatchObject({
      [0x1]: true,
      [0x2]: true,
      [0x103]: true,
      [0x162]: false,
      [0x108]: true,
      [0x105]: false,
      [0x107]: false,
      [0x10c]: false,
    });
  });

  it('is not made where one of its label is, and is gone once destroyed', async () => {
    const { fake, token } = world();
    const { address, signer } = generateTokenKey(token, 'ca issuing', 'ES256');
    await expectCode('LS_KEY_EXISTS', () => generateTokenKey(token, 'ca issuing', 'ES256'));
    expect(destroyTokenKey(token, address)).toBe(true);
    expect(destroyTokenKey(token, address)).toBe(false);
    expect(fake.kept()).toEqual([]);
    await expectCode('LS_KEY_NOT_FOUND', () => signer.sign(MESSAGE));
    await expectCode('LS_KEY_NOT_FOUND', () => openTokenKey(token, address));
    expect(token.fault?.code).toBe('LS_KEY_NOT_FOUND');
  });

  it.each<[string, (signature: Buffer) => Buffer]>([
    ['another signature', (s) => Buffer.from(s.map((byte, i) => (i === 40 ? byte ^ 1 : byte)))],
    ['too few bytes', (s) => s.subarray(0, 63)],
    ['nothing', () => Buffer.alloc(0)],
    ['zeros', (s) => Buffer.alloc(s.length)],
    ['numbers beyond the order', (s) => Buffer.alloc(s.length, 0xff)],
    ['DER', () => Buffer.from('3006020101020101', 'hex')],
  ])('whose token answers %s gives no signature, and says so until it is right again', async (_, spoil) => {
    const { fake, token } = world();
    const { signer } = generateTokenKey(token, 'ca issuing', 'ES256');
    fake.spoil = spoil;
    await expectCode('LS_KEY_TOKEN_SIGNATURE', () => signer.sign(MESSAGE));
    expect(token.fault?.code).toBe('LS_KEY_TOKEN_SIGNATURE');
    fake.spoil = (signature) => signature;
    expect(signer.sign(MESSAGE)).toHaveLength(64);
    expect(token.fault).toBeUndefined();
  });

  it('whose public object is that of another key gives no signature', async () => {
    const { fake, token } = world();
    const { address } = generateTokenKey(token, 'ca issuing', 'ES256');
    generateTokenKey(token, 'ca root', 'ES256');
    fake.swapPublicKeys();
    await expectCode('LS_KEY_TOKEN_SIGNATURE', () => openTokenKey(token, address).sign(MESSAGE));
  });

  it.each<[string, number, Buffer]>([
    ['an unknown curve', FAKE_ATTRIBUTES.PARAMS, Buffer.from('06052b8104000a', 'hex')],
    ['a point that is not on the curve', FAKE_ATTRIBUTES.POINT, Buffer.alloc(65, 4)],
    ['no point', FAKE_ATTRIBUTES.POINT, Buffer.alloc(0)],
    ['a point with more behind it', FAKE_ATTRIBUTES.POINT, Buffer.from('04020405', 'hex')],
  ])('with %s is refused', async (_, type, value) => {
    const { fake, token } = world();
    const { address } = generateTokenKey(token, 'ca issuing', 'ES256');
    fake.objects[0]?.attributes.set(type, value);
    await expectCode('LS_KEY_FORMAT', () => openTokenKey(token, address));
  });

  it('that is there twice is not chosen from', async () => {
    const { fake, token } = world();
    const { address } = generateTokenKey(token, 'ca issuing', 'ES256');
    fake.objects.push(...fake.objects.slice(0, 2));
    await expectCode('LS_KEY_STORE_AMBIGUOUS', () => openTokenKey(token, address));
  });
});

describe('a token', () => {
  it.each([
    'CKR_SESSION_HANDLE_INVALID',
    'CKR_DEVICE_REMOVED',
    'CKR_USER_NOT_LOGGED_IN',
    'CKR_GENERAL_ERROR',
  ])('that answered %s once is asked again in a new session', (answer) => {
    const { fake, token } = world();
    const { signer } = generateTokenKey(token, 'ca issuing', 'ES256');
    const sign = fake.C_Sign.bind(fake);
    let failures = 1;
    fake.C_Sign = (session, data) => {
      if (failures-- > 0) throw new Error(answer);
      return sign(session, data);
    };
    const sessions = fake.count('C_OpenSession');
    expect(signer.sign(MESSAGE)).toHaveLength(64);
    expect(fake.count('C_OpenSession')).toBe(sessions + 1);
    expect(token.fault).toBeUndefined();
  });

  it('that is away fails each call at once, is asked again after a pause, and then goes on', async () => {
    const { fake, token, clock, loads } = world();
    const { signer } = generateTokenKey(token, 'ca issuing', 'ES256');
    fake.broken = 'CKR_DEVICE_REMOVED';
    await expectCode('LS_KEY_TOKEN_UNAVAILABLE', () => signer.sign(MESSAGE));
    const asked = fake.count('C_GetSlotList');
    for (let i = 0; i < 20; i++) await expectCode('LS_KEY_TOKEN_UNAVAILABLE', () => signer.sign(MESSAGE));
    expect(fake.count('C_GetSlotList')).toBe(asked);
    expect(token.fault?.code).toBe('LS_KEY_TOKEN_UNAVAILABLE');
    fake.broken = undefined;
    await expectCode('LS_KEY_TOKEN_UNAVAILABLE', () => signer.sign(MESSAGE));
    clock.ms += RECONNECT_PAUSE_MS;
    expect(signer.sign(MESSAGE)).toHaveLength(64);
    expect(token.fault).toBeUndefined();
    expect(loads()).toBe(1);
  });

  it('whose PIN is wrong is asked once only, however often and late it is needed', async () => {
    const { fake, token, clock } = world(undefined, '0000');
    for (let i = 0; i < 5; i++) {
      await expectCode('LS_KEY_PIN', () => generateTokenKey(token, 'ca issuing', 'ES256'));
      clock.ms += 100 * RECONNECT_PAUSE_MS;
    }
    expect(fake.count('C_Login')).toBe(1);
  });

  it('whose PIN was changed while it was away is asked once only', async () => {
    const { fake, token, clock } = world();
    const { signer } = generateTokenKey(token, 'ca issuing', 'ES256');
    fake.broken = 'CKR_TOKEN_NOT_PRESENT';
    await expectCode('LS_KEY_TOKEN_UNAVAILABLE', () => signer.sign(MESSAGE));
    fake.broken = undefined;
    fake.pin = '9999';
    const before = fake.count('C_Login');
    for (let i = 0; i < 5; i++) {
      clock.ms += RECONNECT_PAUSE_MS;
      await expectCode('LS_KEY_PIN', () => signer.sign(MESSAGE));
    }
    expect(fake.count('C_Login')).toBe(before + 1);
  });

  it('is the one that every attribute of the URI names, or none', async () => {
    const cases = [
      ['token=other', 'LS_KEY_TOKEN_UNAVAILABLE'],
      ['token=ca;serial=serial%209', 'LS_KEY_TOKEN_UNAVAILABLE'],
      ['token=ca;manufacturer=else', 'LS_KEY_TOKEN_UNAVAILABLE'],
      ['token=ca;model=else', 'LS_KEY_TOKEN_UNAVAILABLE'],
    ] as const;
    for (const [path, code] of cases) {
      const { token } = world(`pkcs11:${path}?module-path=/lib.so`);
      await expectCode(code, () => generateTokenKey(token, 'k', 'ES256'));
    }
    const two = world();
    two.fake.labels = ['ca', 'ca'];
    await expectCode('LS_KEY_STORE_AMBIGUOUS', () => generateTokenKey(two.token, 'k', 'ES256'));
    const right = world(
      'pkcs11:token=ca;serial=serial%201;manufacturer=maker;model=model?module-path=/lib.so',
    );
    right.fake.labels = ['ca', 'ca'];
    expect(generateTokenKey(right.token, 'k', 'ES256').signer.sign(MESSAGE)).toHaveLength(64);
  });

  it('that cannot do what is asked keeps its session and says what it cannot do', async () => {
    const { fake, token } = world();
    const { signer } = generateTokenKey(token, 'ca issuing', 'ES256');
    fake.refuses.set('C_GenerateKeyPair', 'CKR_MECHANISM_INVALID');
    const sessions = fake.count('C_OpenSession');
    const refusal = await expectCode('LS_KEY_TOKEN_REFUSED', () => generateTokenKey(token, 'log', 'Ed25519'));
    expect(refusal.message).toContain('CKR_MECHANISM_INVALID');
    expect(signer.sign(MESSAGE)).toHaveLength(64);
    expect(fake.count('C_OpenSession')).toBe(sessions);
  });

  it('that another part of the process has initialised is used all the same', () => {
    const { fake, token } = world();
    fake.C_Initialize();
    expect(generateTokenKey(token, 'k', 'ES256').signer.sign(MESSAGE)).toHaveLength(64);
    token.close();
    expect(fake.count('C_Finalize')).toBeGreaterThan(0);
  });
});
