import { ok, unixMs } from '../std/index.ts';
import type { Fault, NodeId, Result, SerialNumber, UnixMs } from '../std/index.ts';
import {
  authorityKeyIdExtension,
  encodeName,
  encodeTbsCertificate,
  extendedKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  signCrl as writeCrl,
  signObject,
  subjectAltNameExtension,
  crlDistributionPointsExtension,
  parseIp,
  type GeneralName,
} from '../x509/index.ts';
import type { AuthorityContext } from './context.ts';
import type { CertificateRole } from './facts.ts';
import type { CrlIssuer, RevocationRow } from './rows.ts';
import { wholeSecond } from './time.ts';

/** A certificate to issue, decided in every field. */
export interface CertificateOrder {
  readonly role: CertificateRole;
  readonly name: string;
  /** Null for all but nodes. */
  readonly nodeId: NodeId | null;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly spki: Uint8Array;
  readonly serial: SerialNumber;
  readonly issuedAt: UnixMs;
}

export interface PreparedCertificate {
  readonly tbs: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
}

export interface CrlContent {
  readonly issuer: CrlIssuer;
  readonly number: number;
  readonly base: number | null;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
}

const LIFE = { node: 7 * 86_400_000, operator: 8 * 3_600_000, server: 90 * 86_400_000 };

export function prepareCertificate(
  context: AuthorityContext,
  order: CertificateOrder,
): Result<PreparedCertificate, Fault> {
  const { issuing, genesis } = context;
  const notBefore = unixMs(wholeSecond(order.issuedAt) - 300_000);
  const notAfter = unixMs(Math.min(wholeSecond(order.issuedAt) + LIFE[order.role], issuing.notAfter));
  const names: GeneralName[] = [
    ...(order.role === 'server'
      ? []
      : [{ kind: 'uri', value: `spiffe://${genesis.trustDomain}/${order.role}/${order.name}` } as const]),
    ...order.dns.map((value) => ({ kind: 'dns', value }) as const),
    ...order.ip.map((text) => ({ kind: 'ip', address: parseIp(text) ?? new Uint8Array() }) as const),
  ];
  const eku = {
    node: [keyPurposes.serverAuth, keyPurposes.clientAuth],
    operator: [keyPurposes.clientAuth, keyPurposes.lifesignOperator],
    server: [keyPurposes.serverAuth],
  }[order.role];
  const keyId = issuing.extensions.subjectKeyId?.value ?? new Uint8Array();
  const tbs = encodeTbsCertificate({
    serialHex: order.serial,
    algorithm: context.deps.keys.issuing.algorithm,
    issuer: issuing.subject,
    notBefore,
    notAfter,
    subject: encodeName({ commonName: order.name, serialNumber: order.nodeId ?? undefined }),
    spki: order.spki,
    extensions: [
      keyUsageExtension(['digitalSignature']),
      extendedKeyUsageExtension(eku),
      subjectAltNameExtension(names),
      authorityKeyIdExtension(keyId),
      ...(genesis.crlUrl === null
        ? []
        : [crlDistributionPointsExtension([`${genesis.crlUrl}/crl/issuing.crl`])]),
    ],
  });
  return ok({ tbs, notBefore, notAfter });
}

export function signCertificate(
  context: AuthorityContext,
  prepared: PreparedCertificate,
): Result<Uint8Array, Fault> {
  return ok(signObject(prepared.tbs, context.deps.keys.issuing));
}

/** DER. Requires: the key of `content.issuer` is here. */
export function signCrl(
  context: AuthorityContext,
  content: CrlContent,
  revocations: readonly RevocationRow[],
): Uint8Array {
  const { keys } = context.deps;
  const [certificate, signer] =
    content.issuer === 'root' ? [context.root, keys.root] : [context.issuing, keys.issuing];
  if (signer === undefined) throw new RangeError('the root key is not here');
  const { number, base, thisUpdate, nextUpdate } = content;
  return writeCrl(
    {
      issuer: certificate.subject,
      issuerKeyId: certificate.extensions.subjectKeyId?.value ?? new Uint8Array(),
      thisUpdate,
      nextUpdate,
      crlNumber: number,
      baseCrlNumber: base ?? undefined,
      entries: revocations.map(({ serial, revokedAt, reason }) => ({
        serialHex: serial,
        revokedAt,
        reason,
        invalidityDate: undefined,
      })),
      ...distributionPoints(context.genesis.crlUrl, content),
    },
    signer,
  );
}

function distributionPoints(crlUrl: string | null, { issuer, base }: CrlContent) {
  if (crlUrl === null) return {};
  const distributionPoint = [`${crlUrl}/crl/${issuer}.crl`];
  const hasDeltas = issuer === 'issuing' && base === null;
  return hasDeltas
    ? { distributionPoint, freshestCrl: [`${crlUrl}/crl/issuing-delta.crl`] }
    : { distributionPoint };
}
