import { err, fault, ok, utf8 } from '../std/index.ts';
import type { Fault, Result, SerialNumber, UnixMs } from '../std/index.ts';
import { checkAddress } from './address.ts';
import { endOf, noRecord, redeem, type Applicant } from './admission.ts';
import type { EnrollRequest } from './authority.ts';
import { checkCsr, type CheckedCsr } from './csr.ts';
import type { Enrollment } from './facts.ts';
import type { Group } from './group.ts';
import type { InCommon } from './in-common.ts';
import { keepCertificate, signIntent } from './issue.ts';
import type { TokenRow } from './rows.ts';
import { tokenBinding } from './token.ts';
import { checkSecret } from './token-policy.ts';
import { livingCa, type AuthorityBase, type AuthorityContext } from './standing.ts';

/**
 * Redeems a token: the steps of issue.ts, of which the first spends the token and makes the identity. Interrupted
 * at any point, the same token and key take it up again.
 *
 * Errors: LS_TOKEN_UNKNOWN (also for a wrong secret), _SPENT, _EXPIRED, _WRONG_NAME, _BINDING, LS_CSR_*,
 * LS_NAME_TAKEN, LS_IDENTITY_REVOKED, _REMOVED, LS_ROSTER_FULL, LS_ADDRESS_INVALID, LS_ENROLL_PENDING, _DENIED,
 * _QUEUE_FULL.
 */
export async function enroll(
  base: AuthorityBase,
  group: Group,
  request: EnrollRequest,
  now: UnixMs,
): Promise<Result<Enrollment, Fault>> {
  const applicant = await checkApplicant(base, request);
  if (!applicant.ok) return applicant;
  const intent = await redeem(base, group, applicant.value, now);
  if (!intent.ok) return intent;
  const der = signIntent(base, intent.value);
  if (!der.ok) return der;
  return complete(group, intent.value.row.serial, der.value, now);
}

/** The secret comes first: who does not know it costs no signature check and no lock. */
async function checkApplicant(
  base: AuthorityBase,
  request: EnrollRequest,
): Promise<Result<Applicant, Fault>> {
  const { store, crypto } = base.deps;
  const token = await store.read(async (tx) =>
    checkSecret(await tx.token(request.tokenId), request.secret, crypto),
  );
  if (!token.ok) return token;
  const csr = checkCsr(request.csr, crypto);
  if (!csr.ok) return csr;
  const unbound =
    request.isEst === true ? checkEst(token.value) : checkBinding(base, csr.value, request.secret);
  if (unbound !== undefined) return err(unbound);
  const address = request.advertise === undefined ? ok(null) : checkAddress(request.advertise);
  if (!address.ok) return address;
  return ok({ tokenId: request.tokenId, secret: request.secret, csr: csr.value, address: address.value });
}

/** The request of such a client proves no knowledge of the secret, so the token has to allow it. */
function checkEst({ est, name }: TokenRow): Fault | undefined {
  return est ? undefined : fault('LS_EST_NOT_ALLOWED', `the token for ${name} was not made for EST`);
}

function checkBinding(
  { deps: { crypto } }: AuthorityBase,
  { csr }: CheckedCsr,
  secret: Uint8Array,
): Fault | undefined {
  const expected = crypto.sha256(utf8(tokenBinding(crypto, secret, csr.spki)));
  const given = crypto.sha256(utf8(csr.challengePassword ?? ''));
  return crypto.equalSecrets(expected, given)
    ? undefined
    : fault('LS_TOKEN_BINDING', 'the request was not made with the secret of this token');
}

async function complete(
  group: Group,
  serial: SerialNumber,
  der: Uint8Array,
  now: UnixMs,
): Promise<Result<Enrollment, Fault>> {
  return group.commit(async ({ tx, common, context }) => {
    const at = await common.actingTime(now);
    const row = await tx.certificate(serial);
    const node = row === null || row.nodeId === null ? null : await tx.node(row.nodeId);
    if (row === null || node === null) return err(noRecord(serial));
    const ended = endOf(node, row);
    if (ended !== undefined) return err(ended);
    const trust = await trustMaterial(context, common);
    if (!trust.ok) return trust;
    const issued = await keepCertificate(context, tx, row, der, 'enrolled', at);
    if (!issued.ok) return issued;
    return ok({ answer: { ...issued.value, ...trust.value, name: node.name, nodeId: node.nodeId } });
  }, now);
}

async function trustMaterial(context: AuthorityContext, common: InCommon) {
  const published = await common.published();
  if (published === null) {
    return err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no current CRL or roster'));
  }
  const { crls, allCrls, roster } = published;
  return ok({
    ...context.trust,
    crossCertificates: context.roots.flatMap(({ cross }) => cross ?? []),
    issuing: crls.issuing.flatMap(({ generation }) => livingCa(context, generation)?.certificate.der ?? []),
    crls: allCrls,
    roster,
    seeds: await common.seeds(),
  });
}
