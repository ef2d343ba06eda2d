import { err, fault, ok, type Fault, type NodeId, type NodeName, type Result } from '../../std/index.ts';
import {
  checkIsCa,
  checkMaySignCrls,
  nodeIdOfCertificate,
  type Certificate,
  type KeyPurpose,
  type ValidatedPath,
} from '../../x509/index.ts';
import { checkEndEntity } from './end-entity.ts';
import { checkIssuerPurposes } from './issuer-purposes.ts';
import { spiffeName } from './spiffe-name.ts';

/** What a certificate can be used for. A certificate has exactly one role. */
export type Role = 'node' | 'operator' | 'server' | 'ocsp' | 'issuer';

/** Whom a certificate of a role speaks for. */
export type Identity =
  | { readonly role: 'node'; readonly nodeId: NodeId; readonly name: NodeName }
  | { readonly role: 'operator'; readonly name: NodeName }
  /** Which hosts it serves is checked against the host that was dialled. */
  | { readonly role: 'server' }
  /** Signs OCSP answers for the CA that issued it. */
  | { readonly role: 'ocsp' }
  /** An issuing CA: signs rosters beside certificates and CRLs. */
  | { readonly role: 'issuer' };

export type IdentityOf<R extends Role> = Extract<Identity, { readonly role: R }>;

type Identifier<R extends Role> = (
  certificate: Certificate,
  trustDomain: string,
) => Result<IdentityOf<R>, Fault>;

const identifiers: { readonly [R in Role]: Identifier<R> } = {
  node: identifyNode,
  operator: identifyOperator,
  server: identifyServer,
  ocsp: identifyResponder,
  issuer: identifyIssuer,
};

/** The purposes a certificate of the role lists, and no other. */
const purposesOf: Readonly<Record<Role, readonly KeyPurpose[]>> = {
  node: ['serverAuth', 'clientAuth'],
  operator: ['clientAuth', 'lifesignOperator'],
  server: ['serverAuth'],
  ocsp: ['ocspSigning'],
  issuer: [],
};

/**
 * The identity in `role` of the certificate that `path` leads to, or why it has none. The path itself is validated
 * already; only what its CAs may certify for is looked at. Errors: see each role; LS_TRUST_WRONG_ROLE.
 */
export function identify<R extends Role>(
  { target, certificates }: ValidatedPath,
  trustDomain: string,
  role: R,
): Result<IdentityOf<R>, Fault> {
  const refusal = checkIssuerPurposes(certificates.slice(1), purposesOf[role]);
  return refusal === undefined ? identifiers[role](target, trustDomain) : err(refusal);
}

/** Errors: LS_TRUST_WRONG_ROLE, _WRONG_DOMAIN, _NAME, _LIFETIME. */
function identifyNode(certificate: Certificate, trustDomain: string): Result<IdentityOf<'node'>, Fault> {
  const refusal = checkEndEntity(certificate, purposesOf.node);
  if (refusal !== undefined) return err(refusal);
  const name = spiffeName(certificate, trustDomain, 'node');
  if (!name.ok) return name;
  const nodeId = nodeIdOfCertificate(certificate);
  if (nodeId === undefined) {
    return err(
      fault(
        'LS_TRUST_NAME',
        `the subject serialNumber of certificate ${certificate.serialHex} is no node id`,
      ),
    );
  }
  return ok({ role: 'node', nodeId, name: name.value });
}

/** Errors: LS_TRUST_WRONG_ROLE, _WRONG_DOMAIN, _NAME, _LIFETIME. */
function identifyOperator(
  certificate: Certificate,
  trustDomain: string,
): Result<IdentityOf<'operator'>, Fault> {
  const refusal = checkEndEntity(certificate, purposesOf.operator);
  if (refusal !== undefined) return err(refusal);
  const name = spiffeName(certificate, trustDomain, 'operator');
  return name.ok ? ok({ role: 'operator', name: name.value }) : name;
}

/** Names of hosts and addresses only. Errors: LS_TRUST_WRONG_ROLE, _NAME, _LIFETIME. */
function identifyServer(certificate: Certificate): Result<IdentityOf<'server'>, Fault> {
  const refusal = checkEndEntity(certificate, purposesOf.server);
  if (refusal !== undefined) return err(refusal);
  const names = certificate.extensions.subjectAltName?.value ?? [];
  if (names.length > 0 && names.every(({ kind }) => kind === 'dns' || kind === 'ip'))
    return ok({ role: 'server' });
  return err(
    fault(
      'LS_TRUST_NAME',
      `certificate ${certificate.serialHex} does not hold host names and addresses only`,
    ),
  );
}

/** Errors: LS_TRUST_WRONG_ROLE, _LIFETIME. Source: RFC 6960 §4.2.2.2. */
function identifyResponder(certificate: Certificate): Result<IdentityOf<'ocsp'>, Fault> {
  const refusal = checkEndEntity(certificate, purposesOf.ocsp);
  return refusal === undefined ? ok({ role: 'ocsp' }) : err(refusal);
}

/** Errors: LS_TRUST_WRONG_ROLE, with the reason as its cause. */
function identifyIssuer(certificate: Certificate): Result<IdentityOf<'issuer'>, Fault> {
  const refusal = checkIsCa(certificate) ?? checkMaySignCrls(certificate);
  if (refusal === undefined) return ok({ role: 'issuer' });
  return err(fault('LS_TRUST_WRONG_ROLE', `certificate ${certificate.serialHex} is no issuing CA`, refusal));
}
