import { describe, expect, it } from 'vitest';
import { unixMs } from '../../../src/std/index.ts';
import {
  judgeCaServer,
  judgeServer,
  MAX_PRESENTED_CERTIFICATES,
  pinnedRoot,
  RevocationState,
} from '../../../src/trust/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { forgeCertificate, type CertificateSpec } from '../../support/forge/certificate.ts';
import {
  DAY_MS,
  issuing,
  issuingCrlSpec,
  node,
  NOW,
  operatorSpec,
  root,
  rootCrlSpec,
  rootSpec,
  serverSpec,
  serialHexOf,
} from '../../support/forge/pki.ts';
import { bundle, holding, material } from '../../support/forge/trust.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const server = forgeCertificate(serverSpec);
const pin = testCrypto.sha256(root);

describe('the pinned root', () => {
  it('is found among what the server presents', () => {
    expect(valueOf(pinnedRoot([server, issuing, root], pin, testCrypto)).der).toEqual(root);
  });

  it('is byte for byte the pinned one', () => {
    const key = testKey();
    const twin = forgeCertificate({ ...rootSpec, key, signer: key });
    const resigned = forgeCertificate({ ...rootSpec, notAfter: rootSpec.notAfter + DAY_MS });
    expect(codeOf(pinnedRoot([server, issuing, twin], pin, testCrypto))).toBe('LS_TRUST_PIN');
    expect(codeOf(pinnedRoot([server, issuing, resigned], pin, testCrypto))).toBe('LS_TRUST_PIN');
    expect(codeOf(pinnedRoot([server, issuing], pin, testCrypto))).toBe('LS_TRUST_PIN');
    expect(codeOf(pinnedRoot([], pin, testCrypto))).toBe('LS_TRUST_PIN');
    expect(codeOf(pinnedRoot([root], pin.subarray(0, 16), testCrypto))).toBe('LS_TRUST_PIN');
  });

  it('is not looked for behind more certificates than a server presents', () => {
    const below = (count: number) => [server, ...Array.from({ length: count - 2 }, () => issuing), root];
    expect(pinnedRoot(below(MAX_PRESENTED_CERTIFICATES), pin, testCrypto).ok).toBe(true);
    expect(codeOf(pinnedRoot(below(MAX_PRESENTED_CERTIFICATES + 1), pin, testCrypto))).toBe('LS_TRUST_PIN');
  });
});

describe('the CA server at bootstrap', () => {
  const judge = (chain: readonly Uint8Array[], host = 'ca.mesh.internal', now: number = NOW) =>
    judgeCaServer(bundle, chain, host, testCrypto, unixMs(now));
  const codeFor = (spec: CertificateSpec) => codeOf(judge([forgeCertificate(spec), issuing]));

  it('is accepted by path, role and host, without a CRL', () => {
    expect(valueOf(judge([server, issuing, root])).der).toEqual(server);
    expect(judge([server, issuing], '127.0.0.1').ok).toBe(true);
    expect(judge([server, issuing], '[::1]').ok).toBe(true);
  });

  it('needs no more of the bundle than its roots', () => {
    const anchors = [valueOf(pinnedRoot([root], pin, testCrypto))];
    expect(judgeCaServer({ anchors }, [server, issuing], 'ca.mesh.internal', testCrypto, NOW).ok).toBe(true);
  });

  it('is refused under another host', () => {
    expect(codeOf(judge([server, issuing], 'evil.example'))).toBe('LS_TRUST_HOST');
    expect(codeOf(judge([server, issuing], '127.0.0.2'))).toBe('LS_TRUST_HOST');
  });

  it('is refused when it is a node or an operator', () => {
    expect(codeOf(judge([node, issuing], 'alpha.mesh.internal'))).toBe('LS_TRUST_WRONG_ROLE');
    expect(codeFor(operatorSpec)).toBe('LS_TRUST_WRONG_ROLE');
    expect(codeOf(judge([issuing]))).toBe('LS_TRUST_WRONG_ROLE');
  });

  it('is refused when its path does not hold', () => {
    expect(codeFor({ ...serverSpec, signer: testKey() })).toBe('LS_TRUST_SIGNATURE');
    expect(codeOf(judge([server]))).toBe('LS_TRUST_UNKNOWN_ISSUER');
    expect(codeOf(judge([server, issuing], 'ca.mesh.internal', serverSpec.notAfter + 1))).toBe(
      'LS_TRUST_EXPIRED',
    );
    expect(codeOf(judge([server, issuing], 'ca.mesh.internal', serverSpec.notBefore - 1))).toBe(
      'LS_TRUST_NOT_YET_VALID',
    );
  });
});

describe('the CA server once CRLs are held', () => {
  const code = (revocation: RevocationState, host = 'ca.mesh.internal') =>
    codeOf(judgeServer(material({ revocation }), [server, issuing], host, NOW));

  it('is accepted by path, role, status and host', () => {
    expect(code(holding(issuingCrlSpec(1), rootCrlSpec(1)))).toBeUndefined();
  });

  it('is refused when it is revoked, of unknown status, or another host', () => {
    const entry = { serialHex: serialHexOf(serverSpec), revokedAt: NOW - 1000 };
    expect(code(holding(issuingCrlSpec(1, [entry]), rootCrlSpec(1)))).toBe('LS_TRUST_REVOKED');
    expect(code(RevocationState.empty())).toBe('LS_TRUST_NO_REVOCATION');
    expect(code(holding(issuingCrlSpec(1), rootCrlSpec(1)), 'evil.example')).toBe('LS_TRUST_HOST');
  });
});
