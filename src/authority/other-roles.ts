import { err, fault, ok } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import { parseIpAddress } from '../trust/index.ts';
import type { OperatorRequest, ServerRequest } from './authority.ts';
import type { CertificateOrder } from './certify.ts';
import { commit, commitAlways } from './context.ts';
import { checkCsr } from './csr.ts';
import type { IssuedCertificate } from './facts.ts';
import { keepCertificate, recordIntent, signIntent, type Intent } from './issue.ts';
import { checkGrantedNames, checkNodeName } from './names.ts';
import { checkPermitted } from './permitted-names.ts';
import { actingTime } from './time.ts';
import { livingCa, type AuthorityBase, type AuthorityContext } from './standing.ts';

/** What lists call the responder; no node can have this name, which is no DNS label. */
/** One word, as every value of a ledger event. */
const RESPONDER_NAME = 'ocsp-responder';

/** A short-lived certificate to administer the CA with. Errors: LS_NAME_INVALID, LS_CSR_*. */
export async function issueOperator(
  base: AuthorityBase,
  request: OperatorRequest,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const name = checkNodeName(request.name);
  if (!name.ok) return name;
  const csr = checkCsr(request.csr, base.deps.crypto);
  if (!csr.ok) return csr;
  const { spki } = csr.value.csr;
  const order = { role: 'operator', name: name.value, nodeId: null, dns: [], ip: [], spki } as const;
  return issue(base, order, now, { run: commit });
}

/** The certificate of the CA's own TLS server, which a read-only CA has too. Errors: LS_SAN_INVALID, LS_SAN_LIMIT, LS_SAN_NOT_PERMITTED. */
export async function issueServer(
  base: AuthorityBase,
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
  const check = ({ issuing }: AuthorityContext) => checkPermitted(issuing.certificate, names.value);
  const order = { role: 'server', name, nodeId: null, ...names.value, spki } as const;
  return issue(base, order, now, { run: commitAlways, check });
}

/** The certificate of a key that answers OCSP for an issuing CA; a read-only one answers nothing with it yet. */
export async function issueResponder(
  base: AuthorityBase,
  generation: number,
  spki: Uint8Array,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const order = { role: 'ocsp', name: RESPONDER_NAME, nodeId: null, dns: [], ip: [], spki } as const;
  return issue(base, order, now, { run: commitAlways, generation });
}

/** The steps of issue.ts; an interrupted issuance is simply asked for again. */
async function issue(
  base: AuthorityBase,
  order: Omit<CertificateOrder, 'serial' | 'issuedAt'>,
  now: UnixMs,
  { run, check, generation }: Way,
): Promise<Result<IssuedCertificate, Fault>> {
  const intent = await run<Intent>(base, async (tx, context) => {
    const forbidden = check?.(context);
    if (forbidden !== undefined) return err(forbidden);
    const ca = generation === undefined ? context.issuing : livingCa(context, generation);
    if (ca === undefined) return err(fault('LS_CA_INTENT', `issuing CA ${String(generation)} has ended`));
    const at = await actingTime(tx, now);
    const recorded = await recordIntent(context, tx, { ...order, issuedAt: at }, null, ca);
    return recorded.ok ? ok({ answer: recorded.value }) : recorded;
  });
  if (!intent.ok) return intent;
  const der = signIntent(base, intent.value);
  if (!der.ok) return der;
  const { row } = intent.value;
  return run(base, async (tx, context) => {
    const kept = await keepCertificate(context, tx, row, der.value, 'issued', row.issuedAt);
    return kept.ok ? ok({ answer: kept.value }) : kept;
  });
}

interface Way {
  readonly run: typeof commit;
  readonly check?: (context: AuthorityContext) => Fault | undefined;
  /** Of the issuing CA. Default: the active one. */
  readonly generation?: number;
}
