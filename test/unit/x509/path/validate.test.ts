import { describe, expect, it } from 'vitest';
import { parseCertificate, validatePath, WorkBudget, type Certificate } from '../../../../src/x509/index.ts';
import { unixMs } from '../../../../src/std/index.ts';
import { testCrypto, testKey, type TestKey } from '../../../support/crypto.ts';
import {
  forgeCertificate,
  withExtensions,
  type CertificateSpec,
} from '../../../support/forge/certificate.ts';
import { unknownExtension } from '../../../support/forge/crl.ts';
import {
  authorityKeyId,
  basicConstraints,
  email,
  extension,
  keyUsage,
  nameConstraints,
  subjectKeyId,
  uri,
} from '../../../support/forge/extensions.ts';
import {
  DAY_MS,
  flipped,
  issuing,
  issuingName,
  issuingSpec,
  keyIdOf,
  node,
  nodeSpec,
  NOW,
  root,
  rootSpec,
  serial,
} from '../../../support/forge/pki.ts';
import { distinguishedName } from '../../../support/forge/signed.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const otherKey = testKey();

function judge(chain: readonly Uint8Array[], options: Partial<Options> = {}) {
  return validatePath({
    chain: chain.map(parsed),
    anchors: (options.anchors ?? [root]).map(parsed),
    now: unixMs(options.now ?? NOW),
    crypto: testCrypto,
    ...(options.budget === undefined ? {} : { budget: options.budget }),
  });
}

interface Options {
  readonly anchors: readonly Uint8Array[];
  readonly now: number;
  readonly budget: WorkBudget;
}

/** authorityKeyIdentifier with key, and issuer and serial of the issuer's certificate. */
const authorityKeyIdOf = (key: TestKey, issuer: Uint8Array, serialOfIssuer: Uint8Array): Uint8Array =>
  authorityKeyId(keyIdOf(key), false, { issuer, serial: serialOfIssuer });
const parsed = (der: Uint8Array): Certificate => valueOf(parseCertificate(der));
const codeWithNode = (spec: CertificateSpec): string | undefined =>
  codeOf(judge([forgeCertificate(spec), issuing]));
const codeWithIssuing = (spec: CertificateSpec): string | undefined =>
  codeOf(judge([node, forgeCertificate(spec)]));
const codeWithRoot = (spec: CertificateSpec): string | undefined =>
  codeOf(judge([node, issuing], { anchors: [forgeCertificate(spec)] }));

describe('a good path', () => {
  it('leads from the target over the issuing CA to the pinned root', () => {
    const path = valueOf(judge([node, issuing]));
    expect(path.target.der).toEqual(node);
    expect(path.certificates.map(({ der }) => der)).toEqual([node, issuing, root]);
    expect(path.anchor.der).toEqual(root);
  });

  it('may be presented with the root at its end', () => {
    expect(valueOf(judge([node, issuing, root])).certificates).toHaveLength(3);
  });

  it('may consist of the issuing CA alone', () => {
    expect(valueOf(judge([issuing])).certificates.map(({ der }) => der)).toEqual([issuing, root]);
  });

  it('is found under the one of two roots of equal name that has the key', () => {
    const twin = forgeCertificate({ ...rootSpec, key: otherKey, signer: otherKey });
    expect(valueOf(judge([node, issuing], { anchors: [twin, root] })).anchor.der).toEqual(root);
  });

  it('is found under the renewed certificate of a root whose old one expired', () => {
    const expired = forgeCertificate({ ...rootSpec, notAfter: NOW - 1000 });
    expect(valueOf(judge([node, issuing], { anchors: [expired, root] })).anchor.der).toEqual(root);
  });

  it('may use Ed25519 and P-384 keys', () => {
    for (const algorithm of ['Ed25519', 'ES384'] as const) {
      const key = testKey(algorithm);
      const ca = forgeCertificate(
        withExtensions({ ...issuingSpec, key }, { subjectKeyId: subjectKeyId(keyIdOf(key)) }),
      );
      const leaf = forgeCertificate(
        withExtensions({ ...nodeSpec, signer: key }, { authorityKeyId: authorityKeyId(keyIdOf(key)) }),
      );
      expect(judge([leaf, ca]).ok).toBe(true);
    }
  });
});

describe('the length of a chain', () => {
  it('is at least one certificate', () => {
    expect(codeOf(judge([]))).toBe('LS_TRUST_CHAIN_LENGTH');
  });

  it('does not count the root, which alone is no path', () => {
    expect(codeOf(judge([root]))).toBe('LS_TRUST_CHAIN_LENGTH');
  });

  it('is at most three, whatever the certificates say', () => {
    expect(codeOf(judge([node, issuing, issuing, issuing]))).toBe('LS_TRUST_CHAIN_LENGTH');
  });

  it('is not shortened by leaving out the issuing CA', () => {
    expect(codeOf(judge([node]))).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });

  it('is not lengthened by a certificate that issued nothing', () => {
    expect(codeOf(judge([node, issuing, issuing]))).toBe('LS_TRUST_UNKNOWN_ISSUER');
    expect(codeOf(judge([node, node, issuing]))).toBe('LS_TRUST_NOT_A_CA');
  });

  it('is refused in the wrong order', () => {
    expect(codeOf(judge([issuing, node]))).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });
});

describe('name chaining and key identifiers', () => {
  it('refuse a certificate of another CA', () => {
    const foreignRoot = {
      ...rootSpec,
      issuer: distinguishedName(['CN', 'x']),
      subject: distinguishedName(['CN', 'x']),
    };
    expect(codeWithRoot(foreignRoot)).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });

  it('refuse a root of the same name with another key', () => {
    const twin = withExtensions(
      { ...rootSpec, key: otherKey, signer: otherKey },
      { subjectKeyId: subjectKeyId(keyIdOf(otherKey)) },
    );
    expect(codeWithRoot(twin)).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });

  it('refuse an issuing CA of the same name with another key', () => {
    const twin = withExtensions(
      { ...issuingSpec, key: otherKey },
      { subjectKeyId: subjectKeyId(keyIdOf(otherKey)) },
    );
    expect(codeWithIssuing(twin)).toBe('LS_TRUST_KEY_ID');
  });

  it('refuse an issuing CA of the same name and key identifier with another key', () => {
    expect(codeWithIssuing({ ...issuingSpec, key: otherKey })).toBe('LS_TRUST_SIGNATURE');
  });

  it('refuse a root of the same name and key identifier with another key', () => {
    expect(codeWithRoot({ ...rootSpec, key: otherKey, signer: otherKey })).toBe('LS_TRUST_SIGNATURE');
  });

  it('compare names byte by byte, not as text', () => {
    const other = distinguishedName(['O', 'Lifesign'], ['CN', 'issuing CA of mesh.internal']);
    expect(codeWithNode({ ...nodeSpec, issuer: other })).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });

  it('refuse a certificate without authorityKeyIdentifier', () => {
    expect(codeWithNode(withExtensions(nodeSpec, { authorityKeyId: undefined }))).toBe('LS_TRUST_KEY_ID');
  });

  it('refuse an issuing CA without authorityKeyIdentifier', () => {
    expect(codeWithIssuing(withExtensions(issuingSpec, { authorityKeyId: undefined }))).toBe(
      'LS_TRUST_UNKNOWN_ISSUER',
    );
  });

  it('refuse an issuing CA without subjectKeyIdentifier', () => {
    expect(codeWithIssuing(withExtensions(issuingSpec, { subjectKeyId: undefined }))).toBe('LS_TRUST_KEY_ID');
  });

  it('refuse a root without subjectKeyIdentifier', () => {
    expect(codeWithRoot(withExtensions(rootSpec, { subjectKeyId: undefined }))).toBe(
      'LS_TRUST_UNKNOWN_ISSUER',
    );
  });

  it('refuse an authorityKeyIdentifier that names another serial of the issuer', () => {
    const spec = withExtensions(nodeSpec, {
      authorityKeyId: authorityKeyIdOf(issuingSpec.key, issuingSpec.issuer, serial('other')),
    });
    expect(codeWithNode(spec)).toBe('LS_TRUST_KEY_ID');
  });

  it('refuse an authorityKeyIdentifier that names another issuer of the issuer', () => {
    const spec = withExtensions(nodeSpec, {
      authorityKeyId: authorityKeyIdOf(issuingSpec.key, issuingSpec.subject, issuingSpec.serial),
    });
    expect(codeWithNode(spec)).toBe('LS_TRUST_KEY_ID');
  });

  it('accept an authorityKeyIdentifier that names the serial of the issuer', () => {
    const spec = withExtensions(nodeSpec, {
      authorityKeyId: authorityKeyIdOf(issuingSpec.key, issuingSpec.issuer, issuingSpec.serial),
    });
    expect(codeWithNode(spec)).toBeUndefined();
  });
});

describe('signatures', () => {
  it('refuse a certificate signed by another key', () => {
    expect(codeWithNode({ ...nodeSpec, signer: otherKey })).toBe('LS_TRUST_SIGNATURE');
    expect(codeWithIssuing({ ...issuingSpec, signer: otherKey })).toBe('LS_TRUST_SIGNATURE');
  });

  it('refuse a certificate whose serial was changed after signing', () => {
    const at = node.findIndex((_, i) => nodeSpec.serial.every((byte, j) => node[i + j] === byte));
    expect(codeOf(judge([flipped(node, at + 8), issuing]))).toBe('LS_TRUST_SIGNATURE');
  });

  it('refuse a signature whose last byte was changed', () => {
    expect(codeOf(judge([flipped(node, node.length - 1), issuing]))).toBe('LS_TRUST_SIGNATURE');
  });

  it("refuse an algorithm other than the one of the issuer's key, without trying it", () => {
    const budget = new WorkBudget({ signatureChecks: 1 });
    const spec: CertificateSpec = { ...nodeSpec, claimedAlgorithm: 'Ed25519' };
    expect(codeOf(judge([forgeCertificate(spec), issuing], { budget }))).toBe('LS_TRUST_ALGORITHM');
    expect(codeWithNode({ ...nodeSpec, claimedAlgorithm: 'ES384' })).toBe('LS_TRUST_ALGORITHM');
  });

  it('are checked before anything else the certificate says is believed', () => {
    expect(codeWithNode({ ...nodeSpec, signer: otherKey, notAfter: NOW - DAY_MS })).toBe(
      'LS_TRUST_SIGNATURE',
    );
  });

  it('are not checked beyond the budget', () => {
    const budget = new WorkBudget({ signatureChecks: 1 });
    expect(codeOf(judge([node, issuing], { budget }))).toBe('LS_TRUST_BUDGET');
  });

  it('share the budget over several paths', () => {
    const budget = new WorkBudget({ signatureChecks: 3 });
    expect(judge([node, issuing], { budget }).ok).toBe(true);
    expect(codeOf(judge([node, issuing], { budget }))).toBe('LS_TRUST_BUDGET');
  });

  it('fit into the default budget with as many equal roots as may be pinned', () => {
    const decoys = Array.from({ length: 7 }, () =>
      forgeCertificate({ ...rootSpec, key: otherKey, signer: otherKey }),
    );
    expect(codeOf(judge([node, issuing], { anchors: [...decoys, root] }))).toBe('LS_TRUST_BUDGET');
    expect(judge([node, issuing], { anchors: [...decoys.slice(2), root] }).ok).toBe(true);
  });
});

describe('validity', () => {
  const { notBefore, notAfter } = nodeSpec;

  it.each([
    ['one millisecond early', notBefore - 1, 'LS_TRUST_NOT_YET_VALID'],
    ['on its first moment', notBefore, undefined],
    ['on its last moment', notAfter, undefined],
    ['one millisecond late', notAfter + 1, 'LS_TRUST_EXPIRED'],
  ])('judges a certificate %s', (_when, now, code) => {
    expect(codeOf(judge([node, issuing], { now }))).toBe(code);
  });

  it.each([
    ['issuing CA', codeWithIssuing, issuingSpec],
    ['root', codeWithRoot, rootSpec],
  ])('is asked of the %s too', (_who, codeWith, spec) => {
    expect(codeWith({ ...spec, notBefore: NOW + 1000 })).toBe('LS_TRUST_NOT_YET_VALID');
    expect(codeWith({ ...spec, notAfter: NOW - 1000 })).toBe('LS_TRUST_EXPIRED');
  });
});

describe('version', () => {
  it('1 is refused for the target', () => {
    expect(codeWithNode({ ...nodeSpec, version: 1, extensions: {} })).toBe('LS_TRUST_VERSION');
  });

  it('1 is refused for the root', () => {
    expect(
      codeOf(judge([issuing], { anchors: [forgeCertificate({ ...rootSpec, version: 1, extensions: {} })] })),
    ).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });
});

describe('who may issue', () => {
  it('is not a certificate without the CA bit', () => {
    const noCa = withExtensions(issuingSpec, {
      basicConstraints: basicConstraints(false),
      nameConstraints: undefined,
    });
    expect(codeWithIssuing(noCa)).toBe('LS_TRUST_NOT_A_CA');
  });

  it('is not a certificate without basicConstraints', () => {
    expect(codeWithIssuing(withExtensions(issuingSpec, { basicConstraints: undefined }))).toBe(
      'LS_TRUST_NOT_A_CA',
    );
    expect(codeWithRoot(withExtensions(rootSpec, { basicConstraints: undefined }))).toBe('LS_TRUST_NOT_A_CA');
  });

  it('is not a node: a certificate signed with a node key is refused', () => {
    const child = forgeCertificate(
      withExtensions(
        { ...nodeSpec, issuer: nodeSpec.subject, signer: nodeSpec.key, key: otherKey },
        { authorityKeyId: authorityKeyId(keyIdOf(nodeSpec.key)) },
      ),
    );
    expect(codeOf(judge([child, node, issuing]))).toBe('LS_TRUST_NOT_A_CA');
  });

  it('is not a CA without keyCertSign', () => {
    for (const usage of [keyUsage('cRLSign'), undefined]) {
      expect(codeWithIssuing(withExtensions(issuingSpec, { keyUsage: usage }))).toBe('LS_TRUST_KEY_USAGE');
      expect(codeWithRoot(withExtensions(rootSpec, { keyUsage: usage }))).toBe('LS_TRUST_KEY_USAGE');
    }
  });
});

describe('path length', () => {
  const subKey = testKey();
  const subName = distinguishedName(['CN', 'sub CA']);
  const subCa: CertificateSpec = withExtensions(
    { ...issuingSpec, subject: subName, issuer: issuingName, key: subKey, signer: issuingSpec.key },
    { subjectKeyId: subjectKeyId(keyIdOf(subKey)), authorityKeyId: authorityKeyId(keyIdOf(issuingSpec.key)) },
  );
  const leaf = forgeCertificate(
    withExtensions(
      { ...nodeSpec, issuer: subName, signer: subKey },
      { authorityKeyId: authorityKeyId(keyIdOf(subKey)) },
    ),
  );
  const threeLevels = (ca: CertificateSpec, sub = subCa, anchor = rootSpec): string | undefined =>
    codeOf(
      judge([leaf, forgeCertificate(sub), forgeCertificate(ca)], { anchors: [forgeCertificate(anchor)] }),
    );
  const roomy = withExtensions(issuingSpec, { basicConstraints: basicConstraints(true, 1) });

  it('allows as many intermediates as the CA says', () => {
    expect(threeLevels(roomy)).toBeUndefined();
    expect(
      threeLevels(withExtensions(issuingSpec, { basicConstraints: basicConstraints(true) })),
    ).toBeUndefined();
  });

  it('refuses a sub-CA below an issuing CA with pathLen 0', () => {
    expect(threeLevels(issuingSpec)).toBe('LS_TRUST_PATH_LENGTH');
  });

  it('refuses one intermediate more than the root allows', () => {
    const tight = withExtensions(rootSpec, { basicConstraints: basicConstraints(true, 1) });
    expect(threeLevels(roomy, subCa, tight)).toBe('LS_TRUST_PATH_LENGTH');
    const none = withExtensions(rootSpec, { basicConstraints: basicConstraints(true, 0) });
    expect(codeWithRoot(none)).toBe('LS_TRUST_PATH_LENGTH');
  });

  it('is not widened again by a CA further down', () => {
    const tight = withExtensions(rootSpec, { basicConstraints: basicConstraints(true, 1) });
    const greedy = withExtensions(issuingSpec, { basicConstraints: basicConstraints(true, 5) });
    expect(threeLevels(greedy, subCa, tight)).toBe('LS_TRUST_PATH_LENGTH');
  });

  it('does not count a self-issued intermediate, as when a root takes a new key', () => {
    const newRootKey = testKey();
    const bridge = withExtensions(
      { ...rootSpec, serial: serial('bridge'), key: newRootKey },
      {
        subjectKeyId: subjectKeyId(keyIdOf(newRootKey)),
        authorityKeyId: authorityKeyId(keyIdOf(rootSpec.key)),
      },
    );
    const below = withExtensions(
      { ...issuingSpec, signer: newRootKey },
      { authorityKeyId: authorityKeyId(keyIdOf(newRootKey)) },
    );
    const tight = withExtensions(rootSpec, { basicConstraints: basicConstraints(true, 1) });
    const chain = [node, forgeCertificate(below), forgeCertificate(bridge)];
    expect(codeOf(judge(chain, { anchors: [forgeCertificate(tight)] }))).toBeUndefined();
  });
});

describe('critical extensions', () => {
  const POLICIES = '2.5.29.32';
  const POLICY_CONSTRAINTS = '2.5.29.36';

  it('that nobody knows refuse the path, wherever they are', () => {
    const unknown = { unknown: unknownExtension(true) };
    expect(codeWithNode(withExtensions(nodeSpec, unknown))).toBe('LS_TRUST_CRITICAL_EXTENSION');
    expect(codeWithIssuing(withExtensions(issuingSpec, unknown))).toBe('LS_TRUST_CRITICAL_EXTENSION');
    expect(codeWithRoot(withExtensions(rootSpec, unknown))).toBe('LS_TRUST_CRITICAL_EXTENSION');
  });

  it('that nobody knows are let pass when they are not critical', () => {
    expect(codeWithNode(withExtensions(nodeSpec, { unknown: unknownExtension(false) }))).toBeUndefined();
  });

  it('about policies refuse the path, since policies are not processed', () => {
    for (const oid of [POLICIES, POLICY_CONSTRAINTS]) {
      const spec = withExtensions(nodeSpec, { policy: extension(oid, true, Uint8Array.of(0x30, 0)) });
      expect(codeWithNode(spec)).toBe('LS_TRUST_CRITICAL_EXTENSION');
    }
  });

  it.each([
    ['issuerAltName', '2.5.29.18', [0x30, 0x05, 0x82, 0x03, 0x61, 0x2e, 0x62]],
    [
      'cRLDistributionPoints',
      '2.5.29.31',
      [0x30, 0x0b, 0x30, 0x09, 0xa0, 0x07, 0xa0, 0x05, 0x86, 0x03, 0x75, 0x3a, 0x2f],
    ],
    [
      'freshestCRL',
      '2.5.29.46',
      [0x30, 0x0b, 0x30, 0x09, 0xa0, 0x07, 0xa0, 0x05, 0x86, 0x03, 0x75, 0x3a, 0x2f],
    ],
  ])('must not be %s, which is not processed', (_name, oid, value) => {
    const carrying = (critical: boolean) =>
      withExtensions(nodeSpec, { x: extension(oid, critical, Uint8Array.from(value)) });
    expect(codeWithNode(carrying(true))).toBe('LS_TRUST_CRITICAL_EXTENSION');
    expect(codeWithNode(carrying(false))).toBeUndefined();
  });

  it('must not be key identifiers', () => {
    const aki = authorityKeyId(keyIdOf(issuingSpec.key), true);
    const ski = subjectKeyId(keyIdOf(nodeSpec.key), true);
    expect(codeWithNode(withExtensions(nodeSpec, { authorityKeyId: aki }))).toBe(
      'LS_TRUST_CRITICAL_EXTENSION',
    );
    expect(codeWithNode(withExtensions(nodeSpec, { subjectKeyId: ski }))).toBe('LS_TRUST_CRITICAL_EXTENSION');
  });
});

describe('name constraints in the wrong place', () => {
  it('are refused in a certificate that is no CA', () => {
    const spec = withExtensions(nodeSpec, {
      nameConstraints: nameConstraints({ permitted: [uri('mesh.internal')] }),
    });
    expect(codeWithNode(spec)).toBe('LS_TRUST_CONSTRAINT');
  });

  it('are refused in a root when they are not processed', () => {
    const spec = withExtensions(rootSpec, {
      nameConstraints: nameConstraints({ excluded: [email('x.example')] }),
    });
    expect(codeWithRoot(spec)).toBe('LS_TRUST_CONSTRAINT');
  });

  it('count when the root carries them', () => {
    const spec = withExtensions(rootSpec, {
      nameConstraints: nameConstraints({ permitted: [uri('other.internal')] }),
    });
    expect(codeWithRoot(spec)).toBe('LS_TRUST_CONSTRAINT');
  });
});

describe('policyConstraints', () => {
  const demand = (critical: boolean) =>
    extension('2.5.29.36', critical, Uint8Array.of(0x30, 0x03, 0x80, 0x01, 0x00));

  it.each([true, false])('refuse a path whoever has them, critical or not (%s)', (critical) => {
    const policy = { policy: demand(critical) };
    expect(codeWithNode(withExtensions(nodeSpec, policy))).toBe('LS_TRUST_CRITICAL_EXTENSION');
    expect(codeWithIssuing(withExtensions(issuingSpec, policy))).toBe('LS_TRUST_CRITICAL_EXTENSION');
    expect(codeWithRoot(withExtensions(rootSpec, policy))).toBe('LS_TRUST_CRITICAL_EXTENSION');
  });
});

describe('a path', () => {
  it('may be longer for who asks for it, and no longer than that', () => {
    const twice = { chain: [issuing, issuing, issuing, issuing].map(parsed), anchors: [parsed(root)] };
    const judged = (maxCertificates: number) =>
      codeOf(validatePath({ ...twice, now: NOW, crypto: testCrypto, maxCertificates }));
    expect(judged(3)).toBe('LS_TRUST_CHAIN_LENGTH');
    expect(judged(4)).not.toBe('LS_TRUST_CHAIN_LENGTH');
  });
});

describe('an issuer without a name', () => {
  it('is nobody', () => {
    const nameless = { ...issuingSpec, subject: distinguishedName() };
    const below = { ...nodeSpec, issuer: distinguishedName() };
    expect(codeOf(judge([forgeCertificate(below), forgeCertificate(nameless)]))).toBe(
      'LS_TRUST_UNKNOWN_ISSUER',
    );
  });
});
