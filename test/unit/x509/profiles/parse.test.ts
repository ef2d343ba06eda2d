import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../../src/x509/index.ts';
import { profileNames, rawProfile, shippedProfile, type ProfileName } from '../../../support/profiles.ts';
import { codeOf, refusalOf } from '../../../support/result.ts';

const without = (name: ProfileName, left: string) =>
  Object.fromEntries(Object.entries(rawProfile(name)).filter(([key]) => key !== left));

describe('parseProfile', () => {
  it.each(profileNames)('reads the shipped profile %s', (name) => {
    expect(shippedProfile(name).name).toBe(name);
  });

  it('gives milliseconds, choices and the order in which the subject is written', () => {
    expect(shippedProfile('node')).toEqual({
      kind: 'end-entity',
      name: 'node',
      keyAlgorithms: ['ES256', 'Ed25519'],
      subject: ['commonName', 'serialNumber'],
      lifetimeMs: 7 * 86_400_000,
      backdateMs: 300_000,
      keyUsage: ['digitalSignature'],
      purposes: ['serverAuth', 'clientAuth'],
      spiffeSegment: 'node',
      hosts: 'optional',
    });
    expect(shippedProfile('issuing')).toMatchObject({
      kind: 'authority',
      selfSigned: false,
      pathLen: 0,
      nameConstraints: true,
    });
    expect(shippedProfile('root')).toMatchObject({
      selfSigned: true,
      pathLen: undefined,
      nameConstraints: false,
    });
    expect(shippedProfile('operator').lifetimeMs).toBe(8 * 3_600_000);
  });

  it('gives a value that nobody can change', () => {
    const profile = shippedProfile('node');
    expect(Object.isFrozen(profile)).toBe(true);
    expect(Object.isFrozen(profile.keyUsage)).toBe(true);
  });

  it('names the nearest known key for an unknown one', () => {
    const refused = parseProfile({ ...rawProfile('node'), key_usages: [] });
    expect(refusalOf(refused)).toMatch(/^LS_X509_PROFILE_KEY: .*"key_usage"/);
  });

  it.each([null, 1, 'node', [], undefined])('refuses %j, which is no mapping', (raw) => {
    expect(codeOf(parseProfile(raw))).toBe('LS_X509_PROFILE_INVALID');
  });

  const required: readonly [ProfileName, readonly string[]][] = [
    [
      'node',
      [
        'name',
        'certificate_authority',
        'key_algorithms',
        'subject',
        'lifetime_days',
        'backdate_minutes',
        'key_usage',
        'extended_key_usage',
        'hosts',
      ],
    ],
    ['issuing', ['self_signed', 'name_constraints', 'key_usage']],
  ];
  it.each(required.flatMap(([name, keys]) => keys.map((key) => [name, key] as const)))(
    'refuses %s without %s',
    (name, key) => {
      expect(codeOf(parseProfile(without(name, key)))).toBe('LS_X509_PROFILE_INVALID');
    },
  );

  it.each([
    ['a name of two words', 'node', { name: 'two words' }],
    ['a name that is no text', 'node', { name: 7 }],
    ['a flag in words', 'node', { certificate_authority: 'no' }],
    ['an unknown algorithm', 'node', { key_algorithms: ['RS256'] }],
    ['no algorithm', 'node', { key_algorithms: [] }],
    ['an algorithm outside of a list', 'node', { key_algorithms: 'ES256' }],
    ['the same algorithm twice', 'node', { key_algorithms: ['ES256', 'ES256'] }],
    ['a subject without commonName', 'node', { subject: ['serialNumber'] }],
    ['an unknown subject attribute', 'node', { subject: ['commonName', 'title'] }],
    ['a lifetime of zero', 'node', { lifetime_days: 0 }],
    ['a lifetime beyond what relying parties accept', 'node', { lifetime_days: 398 }],
    ['a lifetime in two units', 'node', { lifetime_hours: 1 }],
    ['a broken number of days', 'node', { lifetime_days: 1.5 }],
    ['a lifetime in text', 'node', { lifetime_days: '7' }],
    ['a lifetime in days and in minutes', 'node', { lifetime_minutes: 10 }],
    ['a lifetime in hours and in days', 'node', { lifetime_hours: 10 }],
    ['an authority for 21 years', 'root', { lifetime_days: 7306 }],
    ['an hour and a minute of back-dating', 'node', { backdate_minutes: 61 }],
    ['negative back-dating', 'node', { backdate_minutes: -1 }],
    ['an unknown key usage', 'node', { key_usage: ['everything'] }],
    ['an end entity that signs certificates', 'node', { key_usage: ['digitalSignature', 'keyCertSign'] }],
    ['an end entity that signs CRLs', 'node', { key_usage: ['cRLSign'] }],
    ['an authority that signs no certificates', 'issuing', { key_usage: ['cRLSign'] }],
    ['any extended key usage', 'node', { extended_key_usage: ['anyExtendedKeyUsage'] }],
    ['no extended key usage', 'node', { extended_key_usage: [] }],
    ['an unknown host policy', 'node', { hosts: 'maybe' }],
    ['a SPIFFE segment with a slash', 'node', { spiffe_segment: 'a/b' }],
    ['a path length of 4', 'issuing', { path_length: 4 }],
    ['a negative path length', 'issuing', { path_length: -1 }],
  ] as const)('refuses %s', (_, name, change) => {
    expect(codeOf(parseProfile({ ...rawProfile(name), ...change }))).toBe('LS_X509_PROFILE_INVALID');
  });

  it('refuses an end entity that would have no name at all', () => {
    expect(codeOf(parseProfile(without('node', 'spiffe_segment')))).toBe('LS_X509_PROFILE_INVALID');
  });

  it.each([
    ['a path length', 'node', { path_length: 0 }],
    ['name constraints', 'node', { name_constraints: true }],
    ['extended key usage', 'issuing', { extended_key_usage: ['serverAuth'] }],
    ['hosts', 'issuing', { hosts: 'optional' }],
  ] as const)('refuses %s where the kind of profile has none', (_, name, change) => {
    expect(codeOf(parseProfile({ ...rawProfile(name), ...change }))).toBe('LS_X509_PROFILE_KEY');
  });

  it('accepts the bounds themselves', () => {
    expect(
      codeOf(parseProfile({ ...rawProfile('node'), lifetime_days: 397, backdate_minutes: 60 })),
    ).toBeUndefined();
    expect(
      codeOf(parseProfile({ ...rawProfile('root'), lifetime_days: 7305, backdate_minutes: 0 })),
    ).toBeUndefined();
    expect(codeOf(parseProfile({ ...rawProfile('issuing'), path_length: 3 }))).toBeUndefined();
  });
});
