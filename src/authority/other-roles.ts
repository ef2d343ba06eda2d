import { err, fault, ok } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import { parseIpAddress } from '../trust/index.ts';
import type { OperatorRequest, ServerRequest } from './authority.ts';
import type { CertificateOrder } from './certify.ts';
import { commit, commitAlways, type AuthorityContext } from './context.ts';
import { checkCsr } from './csr.ts';
import type { IssuedCertificate } from './facts.ts';
import { keepCertificate, recordIntent, signIntent, type Intent } from './issue.ts';
import { checkGrantedNames, checkNodeName } from './names.ts';
import { checkPermitted } from './permitted-names.ts';
import { actingTime } from './time.ts';

/** What lists call the responder; no node can have this name, which is no DNS label. */
/** One word, as every value of a ledger event. */
const RESPONDER_NAME = 'ocsp-responder';

/** A short-lived certificate to administer the CA with. Errors: LS_NAME_INVALID, LS_CSR_*. */
export async function issueOperator(
  context: AuthorityContext,
  request: OperatorRequest,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const name = checkNodeName(request.name);
  if (!name.ok) return name;
  const csr = checkCsr(request.csr, context.deps.crypto);
  if (!csr.ok) return csr;
  const { spki } = csr.value.csr;
  const order = { role: 'operator', name: name.value, nodeId: null, dns: [], ip: [], spki } as const;
  return issue(context, order, now, commit);
}

/** The certificate of the CA's own TLS server, which a read-only CA has too. Errors: LS_SAN_INVALID, LS_SAN_LIMIT, LS_SAN_NOT_PERMITTED. */
export async function issueServer(
  context: AuthorityContext,
  { hosts, spki }: ServerRequest,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const [name] = hosts;
  if (name === undefined) return err(fault('LS_SAN_INVALID', 'a server certificate needs a host'));
  const ip = hosts.filter((host) => parseIpAddress(host) !== undefined);
  const names = checkGrantedNames(
    hosts.filter((host) => !ip.includes(host)),
    ip,
  );
  if (!names.ok) return names;
  const forbidden = checkPermitted(context.issuing, names.value);
  if (forbidden !== undefined) return err(forbidden);
  return issue(context, { role: 'server', name, nodeId: null, ...names.value, spki }, now, commitAlways);
}

/** The certificate of a key that answers OCSP for the issuing CA; a read-only one answers nothing with it yet. */
export async function issueResponder(
  context: AuthorityContext,
  spki: Uint8Array,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const order = { role: 'ocsp', name: RESPONDER_NAME, nodeId: null, dns: [], ip: [], spki } as const;
  return issue(context, order, now, commitAlways);
}

/** The steps of issue.ts; an interrupted issuance is simply asked for again. */
async function issue(
  context: AuthorityContext,
  order: Omit<CertificateOrder, 'serial' | 'issuedAt'>,
  now: UnixMs,
  run: typeof commit,
): Promise<Result<IssuedCertificate, Fault>> {
  const intent = await run<Intent>(context, async (tx) => {
    const at = await actingTime(tx, now);
    const recorded = await recordIntent(context, tx, { ...order, issuedAt: at }, null);
    return recorded.ok ? ok({ answer: recorded.value }) : recorded;
  });
  if (!intent.ok) return intent;
  const der = signIntent(context, intent.value);
  if (!der.ok) return der;
  const { row } = intent.value;
  return run(context, async (tx) =>
    ok({ answer: await keepCertificate(context, tx, row, der.value, 'issued', row.issuedAt) }),
  );
}
