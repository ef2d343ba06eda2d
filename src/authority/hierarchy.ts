import { ok, unixMs } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import {
  authorityKeyIdExtension,
  basicConstraintsExtension,
  encodeName,
  encodeTbsCertificate,
  keyIdOf,
  keyUsageExtension,
  nameConstraintsExtension,
  signObject,
  subjectKeyIdExtension,
  crlDistributionPointsExtension,
} from '../x509/index.ts';
import type { AuthorityDeps, AuthorityKeys, InitialiseRequest } from './deps.ts';

export function makeHierarchy(
  deps: AuthorityDeps & { readonly keys: Required<AuthorityKeys> },
  request: InitialiseRequest,
  now: UnixMs,
): Result<{ readonly root: Uint8Array; readonly issuing: Uint8Array }, Fault> {
  const { crypto, keys, random } = deps;
  const rootId = keyIdOf(keys.root.spki, crypto);
  const issuingId = keyIdOf(keys.issuing.spki, crypto);
  if (!rootId.ok) return rootId;
  if (!issuingId.ok) return issuingId;
  const name = (cn: string) => encodeName({ organizationName: request.trustDomain, commonName: cn });
  const serial = () => {
    const b = random.bytes(16);
    b[0] = ((b[0] ?? 0) & 0x3f) | 0x40;
    return [...b].map((x) => x.toString(16).padStart(2, '0')).join('');
  };
  const YEAR = 365 * 86_400_000;
  const notBefore = unixMs(now - 300_000);
  const root = signObject(
    encodeTbsCertificate({
      serialHex: serial(),
      algorithm: keys.root.algorithm,
      issuer: name('root'),
      subject: name('root'),
      notBefore,
      notAfter: unixMs(now + 10 * YEAR),
      spki: keys.root.spki,
      extensions: [
        basicConstraintsExtension({ ca: true, pathLen: undefined }),
        keyUsageExtension(['keyCertSign', 'cRLSign']),
        subjectKeyIdExtension(rootId.value),
      ],
    }),
    keys.root,
  );
  const zero4 = new Uint8Array(4),
    zero16 = new Uint8Array(16);
  const issuing = signObject(
    encodeTbsCertificate({
      serialHex: serial(),
      algorithm: keys.root.algorithm,
      issuer: name('root'),
      subject: name('issuing 1'),
      notBefore,
      notAfter: unixMs(now + 2 * YEAR),
      spki: keys.issuing.spki,
      extensions: [
        basicConstraintsExtension({ ca: true, pathLen: 0 }),
        keyUsageExtension(['keyCertSign', 'cRLSign']),
        nameConstraintsExtension({
          permitted: [
            { kind: 'uri', value: request.trustDomain },
            ...[request.trustDomain, ...request.permittedDns].map(
              (value) => ({ kind: 'dns', value }) as const,
            ),
            { kind: 'ip-range', address: zero4, mask: zero4 },
            { kind: 'ip-range', address: zero16, mask: zero16 },
          ],
          excluded: [],
        }),
        subjectKeyIdExtension(issuingId.value),
        authorityKeyIdExtension(rootId.value),
        ...(request.crlUrl === undefined
          ? []
          : [crlDistributionPointsExtension([`${request.crlUrl}/crl/root.crl`])]),
      ],
    }),
    keys.root,
  );
  return ok({ root, issuing });
}
