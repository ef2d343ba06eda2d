import { describe, expect, it } from 'vitest';
import { parseCertificate, validatePath, WorkBudget } from '../../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import {
  forgeCertificate,
  withExtensions,
  type CertificateSpec,
} from '../../../support/forge/certificate.ts';
import {
  authorityKeyId,
  basicConstraints,
  directory,
  dns,
  email,
  ip,
  nameConstraints,
  subjectAltName,
  subjectKeyId,
  uri,
  type Subtrees,
} from '../../../support/forge/extensions.ts';
import {
  issuingName,
  issuingSpec,
  keyIdOf,
  nodeSpec,
  NOW,
  root,
  rootName,
  rootSpec,
  serial,
} from '../../../support/forge/pki.ts';
import { distinguishedName } from '../../../support/forge/signed.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

type Name = Uint8Array;

function judge(names: readonly Name[], constraints: Subtrees, budget = new WorkBudget()): string | undefined {
  const leaf = forgeCertificate(withExtensions(nodeSpec, { subjectAltName: subjectAltName(...names) }));
  const ca = forgeCertificate(withExtensions(issuingSpec, { nameConstraints: nameConstraints(constraints) }));
  const [target, issuing, anchor] = [leaf, ca, root].map((der) => valueOf(parseCertificate(der)));
  if (target === undefined || issuing === undefined || anchor === undefined)
    throw new Error('three were parsed');
  return codeOf(
    validatePath({ chain: [target, issuing], anchors: [anchor], now: NOW, crypto: testCrypto, budget }),
  );
}

const permits = (base: Name, name: Name): boolean => judge([name], { permitted: [base] }) === undefined;
const excludes = (base: Name, name: Name): boolean => judge([name], { excluded: [base] }) !== undefined;

describe('a constraint on URIs', () => {
  it.each([
    ['mesh.internal', 'spiffe://mesh.internal/node/alpha', true],
    ['mesh.internal', 'spiffe://MESH.internal/node/alpha', true],
    ['mesh.internal', 'https://mesh.internal:8440/x?y#z', true],
    ['mesh.internal', 'https://mesh.internal', true],
    ['mesh.internal', 'spiffe://other.internal/node/alpha', false],
    ['mesh.internal', 'spiffe://a.mesh.internal/node/alpha', false],
    ['mesh.internal', 'spiffe://evilmesh.internal/node/alpha', false],
    ['mesh.internal', 'spiffe://mesh.internal.evil.example/node/alpha', false],
    ['.mesh.internal', 'spiffe://a.mesh.internal/node/alpha', true],
    ['.mesh.internal', 'spiffe://a.b.mesh.internal/node/alpha', true],
    ['.mesh.internal', 'spiffe://mesh.internal/node/alpha', false],
  ])('%s against %s', (base, name, inside) => {
    expect(permits(uri(base), uri(name))).toBe(inside);
    expect(excludes(uri(base), uri(name))).toBe(inside);
  });

  it.each([
    ['without authority', 'urn:uuid:1'],
    ['with user information', 'spiffe://mesh.internal@evil.example/node/alpha'],
    ['with the permitted host as user', 'spiffe://evil.example:80@mesh.internal/'],
    ['with an IPv4 address', 'https://127.0.0.1/'],
    ['with an IPv6 address', 'https://[::1]/'],
    ['with a percent-encoded host', 'spiffe://mesh%2einternal/'],
    ['with an empty host', 'spiffe:///node/alpha'],
    ['with a trailing dot', 'spiffe://mesh.internal./'],
    ['with a backslash', 'spiffe://mesh.internal\\.evil.example/'],
  ])('refuses a URI %s, permitted or excluded', (_how, name) => {
    expect(permits(uri('mesh.internal'), uri(name))).toBe(false);
    expect(excludes(uri('mesh.internal'), uri(name))).toBe(true);
  });

  it('that is malformed refuses every URI', () => {
    for (const base of [
      'https://mesh.internal',
      'mesh.internal/',
      '..mesh.internal',
      '10.0.0.1',
      '*.internal',
    ]) {
      expect(permits(uri(base), uri('spiffe://mesh.internal/node/alpha'))).toBe(false);
      expect(excludes(uri(base), uri('spiffe://mesh.internal/node/alpha'))).toBe(true);
    }
  });
});

describe('a constraint on DNS names', () => {
  it.each([
    ['mesh.internal', 'mesh.internal', true],
    ['mesh.internal', 'a.mesh.internal', true],
    ['mesh.internal', 'A.B.Mesh.Internal', true],
    ['mesh.internal', 'amesh.internal', false],
    ['mesh.internal', 'internal', false],
    ['mesh.internal', 'mesh.internal.example', false],
    ['', 'anything.example', true],
  ])('%s against %s', (base, name, inside) => {
    expect(permits(dns(base), dns(name))).toBe(inside);
    expect(excludes(dns(base), dns(name))).toBe(inside);
  });

  it.each(['*.mesh.internal', 'a..mesh.internal', 'mesh.internal.', 'a b.mesh.internal', '10.0.0.1'])(
    'refuses the name %s, permitted or excluded',
    (name) => {
      expect(permits(dns('mesh.internal'), dns(name))).toBe(false);
      expect(excludes(dns('mesh.internal'), dns(name))).toBe(true);
    },
  );

  it('that begins with a dot is refused: RFC 5280 gives it no meaning', () => {
    expect(permits(dns('.mesh.internal'), dns('a.mesh.internal'))).toBe(false);
    expect(excludes(dns('.mesh.internal'), dns('mesh.internal'))).toBe(true);
  });
});

describe('a constraint on addresses', () => {
  const v4 = (...bytes: readonly number[]): Name => ip(...bytes);
  const zeros = Array<number>(32).fill(0);

  it.each([
    ['10.1.0.0/16', v4(10, 1, 0, 0, 255, 255, 0, 0), v4(10, 1, 2, 3), true],
    ['10.1.0.0/16', v4(10, 1, 0, 0, 255, 255, 0, 0), v4(10, 2, 2, 3), false],
    ['10.1.2.3/32', v4(10, 1, 2, 3, 255, 255, 255, 255), v4(10, 1, 2, 3), true],
    ['10.1.2.3/32', v4(10, 1, 2, 3, 255, 255, 255, 255), v4(10, 1, 2, 4), false],
    ['0.0.0.0/0', v4(0, 0, 0, 0, 0, 0, 0, 0), v4(1, 2, 3, 4), true],
    ['::/0', ip(...zeros), ip(...Array<number>(16).fill(7)), true],
    ['::/0, which says nothing of IPv4', ip(...zeros), v4(1, 2, 3, 4), false],
    [
      '0.0.0.0/0, which says nothing of IPv6',
      v4(0, 0, 0, 0, 0, 0, 0, 0),
      ip(...Array<number>(16).fill(7)),
      false,
    ],
  ])('%s', (_range, base, name, inside) => {
    expect(permits(base, name)).toBe(inside);
    expect(excludes(base, name)).toBe(inside);
  });
});

describe('constraints together', () => {
  const good = uri('spiffe://mesh.internal/node/alpha');

  it('of one form say nothing of another', () => {
    expect(
      judge([good, dns('anything.example'), ip(1, 2, 3, 4)], { permitted: [uri('mesh.internal')] }),
    ).toBeUndefined();
  });

  it('are met when one of several permitted subtrees holds the name', () => {
    expect(judge([good], { permitted: [uri('other.internal'), uri('mesh.internal')] })).toBeUndefined();
  });

  it('refuse a name that is permitted and excluded', () => {
    expect(judge([good], { permitted: [uri('mesh.internal')], excluded: [uri('mesh.internal')] })).toBe(
      'LS_TRUST_CONSTRAINT',
    );
  });

  it('refuse the certificate for one bad name among good ones', () => {
    const names = [good, dns('a.mesh.internal'), dns('evil.example')];
    expect(judge(names, { permitted: [uri('mesh.internal'), dns('mesh.internal')] })).toBe(
      'LS_TRUST_CONSTRAINT',
    );
  });

  it('of a form that is not processed refuse the path, even without a name of that form', () => {
    for (const base of [email('mesh.internal'), directory(rootName)]) {
      expect(judge([good], { permitted: [base] })).toBe('LS_TRUST_CONSTRAINT');
      expect(judge([good], { excluded: [base] })).toBe('LS_TRUST_CONSTRAINT');
    }
  });

  it('stop at the work budget instead of comparing everything with everything', () => {
    const names = Array.from({ length: 60 }, (_, i) => dns(`n${i}.mesh.internal`));
    const permitted = Array.from({ length: 60 }, (_, i) => dns(`d${i}.internal`));
    const budget = new WorkBudget({ nameComparisons: 60 * 60 - 1 });
    expect(judge(names, { permitted, excluded: [] }, budget)).toBe('LS_TRUST_CONSTRAINT');
    const all = { excluded: permitted };
    expect(judge(names, all, new WorkBudget({ nameComparisons: 60 * 60 - 1 }))).toBe('LS_TRUST_BUDGET');
    expect(judge(names, all, new WorkBudget({ nameComparisons: 60 * 60 }))).toBeUndefined();
  });
});

describe('constraints of two CAs above a certificate', () => {
  const subKey = testKey();
  const subName = distinguishedName(['CN', 'sub CA']);
  const judgeBelow = (
    upper: Subtrees,
    lower: Subtrees | undefined,
    names: readonly Name[],
  ): string | undefined => {
    const ca = withExtensions(issuingSpec, {
      basicConstraints: basicConstraints(true, 1),
      nameConstraints: nameConstraints(upper),
    });
    const sub = withExtensions(
      { ...issuingSpec, issuer: issuingName, subject: subName, signer: issuingSpec.key, key: subKey },
      {
        subjectKeyId: subjectKeyId(keyIdOf(subKey)),
        authorityKeyId: authorityKeyId(keyIdOf(issuingSpec.key)),
        nameConstraints: lower === undefined ? undefined : nameConstraints(lower),
      },
    );
    const leaf = withExtensions(
      { ...nodeSpec, issuer: subName, signer: subKey },
      { authorityKeyId: authorityKeyId(keyIdOf(subKey)), subjectAltName: subjectAltName(...names) },
    );
    const chain = [leaf, sub, ca].map((spec) => valueOf(parseCertificate(forgeCertificate(spec))));
    const anchors = [valueOf(parseCertificate(root))];
    return codeOf(validatePath({ chain, anchors, now: NOW, crypto: testCrypto }));
  };

  it('must both be met', () => {
    const upper = { permitted: [dns('internal')] };
    const lower = { permitted: [dns('mesh.internal')] };
    expect(judgeBelow(upper, lower, [dns('a.mesh.internal')])).toBeUndefined();
    expect(judgeBelow(upper, lower, [dns('a.other.internal')])).toBe('LS_TRUST_CONSTRAINT');
  });

  it('cannot be widened by the lower one', () => {
    const upper = { permitted: [dns('mesh.internal')] };
    expect(judgeBelow(upper, { permitted: [dns('')] }, [dns('evil.example')])).toBe('LS_TRUST_CONSTRAINT');
    expect(judgeBelow(upper, undefined, [dns('evil.example')])).toBe('LS_TRUST_CONSTRAINT');
  });
});

describe('the names of an intermediate', () => {
  const names = subjectAltName(dns('evil.example'));
  const upper = nameConstraints({ permitted: [dns('mesh.internal')] });
  const codeOfChain = (specs: readonly CertificateSpec[], anchor = rootSpec): string | undefined =>
    codeOf(
      validatePath({
        chain: specs.map((spec) => valueOf(parseCertificate(forgeCertificate(spec)))),
        anchors: [valueOf(parseCertificate(forgeCertificate(anchor)))],
        now: NOW,
        crypto: testCrypto,
      }),
    );

  it('are constrained by the CAs above it', () => {
    const anchor = withExtensions(rootSpec, { nameConstraints: upper });
    const issuing = withExtensions(issuingSpec, { nameConstraints: undefined, subjectAltName: names });
    const leaf = withExtensions(nodeSpec, { subjectAltName: undefined });
    expect(codeOfChain([leaf, issuing])).toBeUndefined();
    expect(codeOfChain([leaf, issuing], anchor)).toBe('LS_TRUST_CONSTRAINT');
  });

  it('are exempt when it is self-issued, as when a root takes a new key', () => {
    const key = testKey();
    const anchor = withExtensions(rootSpec, { nameConstraints: upper });
    const bridge = withExtensions(
      { ...rootSpec, serial: serial('bridge'), key },
      {
        subjectKeyId: subjectKeyId(keyIdOf(key)),
        authorityKeyId: authorityKeyId(keyIdOf(rootSpec.key)),
        names,
      },
    );
    const issuing = withExtensions(
      { ...issuingSpec, signer: key },
      { authorityKeyId: authorityKeyId(keyIdOf(key)), nameConstraints: undefined },
    );
    expect(codeOfChain([nodeSpec, issuing, bridge], anchor)).toBeUndefined();
  });
});

describe('a CA that is judged itself', () => {
  it('is refused for constraints that are not processed', () => {
    const ca = withExtensions(issuingSpec, {
      nameConstraints: nameConstraints({ permitted: [email('x.example')] }),
    });
    const target = valueOf(parseCertificate(forgeCertificate(ca)));
    const anchors = [valueOf(parseCertificate(root))];
    expect(codeOf(validatePath({ chain: [target], anchors, now: NOW, crypto: testCrypto }))).toBe(
      'LS_TRUST_CONSTRAINT',
    );
  });
});
