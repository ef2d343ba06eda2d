import type { Authority, IssuedCertificate, RevocationFacts } from '../../../src/authority/index.ts';
import {
  ok,
  type Fault,
  type NodeId,
  type Result,
  type Signer,
  type UnixMs,
} from '../../../src/std/index.ts';
import type { VerifiedPeer } from '../../../src/trust/index.ts';
import { renewalFor, requestFor, testCsr } from '../ca.ts';
import { codeOf, valueOf } from '../result.ts';
import type { Replica } from './replica.ts';
import * as rules from './rules.ts';
import type { Name, Request } from './schedule.ts';
import { certificatesOf, holderOf, statusOf, type KnownCertificate, type View } from './view.ts';
import { demand, demandSame } from './violation.ts';
import { modelCrypto } from './world.ts';

const SECOND_MS = 1_000;
const TOKEN_TTL_MS = 12 * 3_600_000;

/** A token that was handed out; the CA may have forgotten it since. */
export interface HandedToken {
  readonly text: string;
  readonly tokenId: string;
}

/** What a node has of its last enrollment or renewal. */
export interface Client {
  readonly nodeId: NodeId;
  readonly serial: string;
  readonly key: number;
  readonly notAfter: number;
  /** What the CA made of its link when it had just got the certificate. */
  readonly peer: VerifiedPeer | undefined;
}

/** What is outside of the CA: nothing of it is undone by a restore. */
export interface Outside {
  readonly clients: Map<Name, Client>;
  readonly tokens: Map<Name, HandedToken>;
  /** Of each name the token that was used last, and its key. */
  readonly used: Map<Name, { readonly token: HandedToken; readonly key: number }>;
  /** What each token was ever redeemed for. */
  readonly redeemed: Map<string, string>;
  /** Certificates of which somebody was told that they are revoked for good. */
  readonly revoked: Set<string>;
}

export interface CallContext {
  readonly view: View;
  readonly outside: Outside;
  /** Clock of the CA, and the time that it acts at. */
  readonly now: UnixMs;
  readonly at: number;
  readonly key: (index: number) => Signer;
  readonly nextKey: () => number;
  readonly judge: (chain: readonly Uint8Array[]) => VerifiedPeer | undefined;
}

/** One request, fixed in all its parts, so that it can be asked again. */
export interface Call {
  /** Asks the CA. */
  run(authority: Authority): Promise<Result<unknown, Fault>>;
  /** Compares the answer with the rules, and has the view follow. `again`: an earlier try was cut short. */
  settle(answer: Result<unknown, Fault>, again: boolean): void;
  /** A try was cut short and nobody asks again: has the view follow what the store holds of it, all or nothing. */
  adopt(replica: Replica): Promise<void>;
}

function call<T>(
  run: (authority: Authority) => Promise<Result<T, Fault>>,
  settle: (answer: Result<T, Fault>, again: boolean) => void,
  adopt: (replica: Replica) => Promise<void> = () => Promise.resolve(),
): Call {
  let answer: Result<T, Fault> | undefined;
  return {
    run: async (authority) => (answer = await run(authority)),
    settle: (_, again) => {
      demand(answer !== undefined, 'an answer to settle');
      settle(answer, again);
    },
    adopt,
  };
}

/** Undefined when nobody is in the position to ask. */
export function callFor(request: Request, context: CallContext): Call | undefined {
  switch (request.kind) {
    case 'token':
      return tokenCall(context, request.name, request.replace);
    case 'redeem':
      return redeemCall(context, context.outside.tokens.get(request.name), context.nextKey(), request.name);
    case 'redeem-again':
    case 'respend': {
      const used = context.outside.used.get(request.name);
      const key = request.kind === 'respend' ? context.nextKey() : (used?.key ?? 0);
      return redeemCall(context, used?.token, key, request.name);
    }
    case 'reenroll':
      return reenrollCall(context, request.name);
    case 'activate':
      return activateCall(context, request.name);
    case 'publish':
      return call(
        (authority) => authority.publishFull(context.now),
        (answer) => {
          demandSame(codeOf(answer), undefined, 'publish');
        },
      );
    case 'operator':
      return operatorCall(context);
    case 'hold':
    case 'release':
    case 'remove':
    case 'revoke':
    case 'revoke-serial':
      return statusCall(context, request);
  }
}

function tokenCall({ view, outside, now, at }: CallContext, name: Name, replace: boolean): Call {
  return call(
    (authority) => authority.createToken({ name, replace, ttlMs: TOKEN_TTL_MS }, now),
    (answer) => {
      demandSame(codeOf(answer), rules.judgeTokenRequest(view, name, replace), `token for ${name}`);
      if (!answer.ok) return;
      const { facts, token: text } = answer.value;
      const { tokenId, expiresAt } = facts;
      rules.addToken(view, { tokenId, name, replace, expiresAt, voided: null, spent: null }, at);
      outside.tokens.set(name, { text, tokenId });
    },
  );
}

export function redeemCall(
  context: CallContext,
  token: HandedToken | undefined,
  key: number,
  name: Name,
): Call | undefined {
  if (token === undefined) return undefined;
  const { view, outside, now, at } = context;
  const { tokenId, text } = token;
  const request = requestFor(text, context.key(key));
  const expected = rules.judgeRedemption(view, tokenId, key, at);
  outside.used.set(name, expected === 'fresh' ? { token, key } : (outside.used.get(name) ?? { token, key }));
  return call(
    (authority) => authority.enroll(request, now),
    (answer) => {
      const code = typeof expected === 'object' && 'code' in expected ? expected.code : undefined;
      demandSame(codeOf(answer), code, `redemption for ${name}`);
      if (!answer.ok) return;
      const { serial, nodeId, notAfter, chain } = answer.value;
      const before = outside.redeemed.get(tokenId) ?? serial;
      demandSame(serial, before, `what token ${tokenId} is redeemed for`);
      outside.redeemed.set(tokenId, serial);
      if (expected === 'fresh') {
        demand(!view.identities.has(nodeId), `${name} gets an identity of its own`);
        rules.admit(view, tokenId, key, issued(name, nodeId, { serial, notAfter }, null));
      } else if (typeof expected === 'object' && 'again' in expected) {
        demandSame(serial, expected.again, `the certificate of ${name} once more`);
        const certificate = view.certificates.get(serial);
        if (certificate !== undefined) certificate.isSigned = true;
      }
      outside.clients.set(name, { nodeId, serial, key, notAfter, peer: context.judge(chain) });
    },
    async (replica) => {
      const spent = await readRow(replica, async (tx) => (await tx.token(tokenId))?.spent ?? null);
      const isOurs =
        spent !== null &&
        equalHex(spent.spkiSha256, modelCrypto.sha256(context.key(key).spki)) &&
        view.tokens.get(tokenId)?.spent === null;
      if (!isOurs) return;
      demandSame(expected, 'fresh', `a redemption for ${name} that was cut short`);
      const row = await readRow(replica, (tx) => tx.certificate(spent.serial));
      demand(row !== null, `token ${tokenId} was spent for a certificate that has no row`);
      outside.redeemed.set(tokenId, row.serial);
      rules.admit(view, tokenId, key, issued(name, row.nodeId, row, null, row.der !== null));
    },
  );
}

function reenrollCall(context: CallContext, name: Name): Call | undefined {
  const { view, outside, now, at } = context;
  const client = outside.clients.get(name);
  const peer = client?.peer;
  if (client === undefined || peer === undefined || at > client.notAfter) return undefined;
  const key = context.nextKey();
  let renewal: Parameters<Authority['reenroll']>[1] | undefined;
  const { nodeId } = client;
  return call(
    (authority) => {
      renewal ??= renewalFor(authority, peer, context.key(client.key), now, context.key(key)).request;
      return authority.reenroll(peer, renewal, now);
    },
    (answer) => {
      demandSame(codeOf(answer), rules.judgeRenewal(view, nodeId, client.serial, at), `renewal of ${name}`);
      if (!answer.ok) return;
      const { serial, notAfter, chain } = answer.value;
      rules.renew(view, issued(name, nodeId, { serial, notAfter }, client.serial));
      outside.clients.set(name, { nodeId, serial, key, notAfter, peer: context.judge(chain) });
    },
    async (replica) => {
      const spkiSha256 = modelCrypto.sha256(context.key(key).spki);
      const row = await readRow(replica, (tx) => tx.certificateByKey(spkiSha256));
      if (row === null) return;
      demandSame(rules.judgeRenewal(view, nodeId, client.serial, at), undefined, `half a renewal of ${name}`);
      rules.renew(view, issued(name, row.nodeId, row, client.serial, row.der !== null));
    },
  );
}

function activateCall({ view, outside, now }: CallContext, name: Name): Call | undefined {
  const client = outside.clients.get(name);
  if (client?.peer === undefined) return undefined;
  const { peer, nodeId, serial } = client;
  const follow = (): void => {
    const identity = view.identities.get(nodeId);
    if (identity !== undefined) rules.activate(view, identity, serial);
  };
  return call(
    (authority) => authority.activate(peer, `${name}.mesh.internal:8450`, now),
    (answer) => {
      demandSame(codeOf(answer), rules.judgeStanding(view, nodeId, serial), `activation of ${name}`);
      if (answer.ok) follow();
    },
    async (replica) => {
      const node = await readRow(replica, (tx) => tx.node(nodeId));
      const row = await readRow(replica, (tx) => tx.certificate(peer.serial));
      const isDone = row !== null && row.confirmedAt !== null;
      if (isDone && rules.judgeStanding(view, nodeId, serial) === undefined && node?.state === 'active')
        follow();
    },
  );
}

function operatorCall({ view, now, key, nextKey }: CallContext): Call {
  const csr = testCsr(key(nextKey()), 'ops');
  const known = (facts: Pick<IssuedCertificate, 'serial' | 'notAfter'>, isSigned: boolean): void => {
    view.certificates.set(facts.serial, issued('ops', null, facts, null, isSigned));
  };
  const adopt = async (replica: Replica): Promise<void> => {
    const rows = await readRow(replica, (tx) => tx.certificates({ name: 'ops' }));
    for (const row of rows) if (!view.certificates.has(row.serial)) known(row, row.der !== null);
  };
  return call(
    (authority) => authority.issueOperator({ name: 'ops', csr }, now),
    (answer) => {
      known(valueOf(answer), true);
    },
    adopt,
  );
}

type StatusRequest = Extract<
  Request,
  { readonly kind: 'hold' | 'release' | 'remove' | 'revoke' | 'revoke-serial' }
>;

/** What changes what certificates are worth: one transaction each. */
function statusCall(context: CallContext, request: StatusRequest): Call | undefined {
  const { view, outside, now } = context;
  const { name } = request;
  const serial = request.kind === 'revoke-serial' ? serialFor(view, name, request.oldest) : undefined;
  if (request.kind === 'revoke-serial' && serial === undefined) return undefined;
  return call<RevocationFacts | { readonly serials?: readonly string[]; readonly fresh?: boolean }>(
    (authority) => {
      if (request.kind === 'release') return authority.release(name, now);
      if (request.kind === 'remove') return authority.remove(name, now);
      const { reason } = request;
      return authority.revoke({ name, reason, ...(serial === undefined ? {} : { onlySerial: serial }) }, now);
    },
    (answer, again) => {
      const outcome = applyStatus(view, request, serial, context.at);
      const what = `${request.kind} of ${name}`;
      const code = codeOf(answer);
      if ('code' in outcome) {
        demandSame(code, outcome.code, what);
        return;
      }
      const wasReleased = again && request.kind === 'release' && code === 'LS_CA_NOT_HELD';
      if (wasReleased) return;
      const { fresh = true, serials } = valueOf(answer);
      if (!again) demandSame(fresh, outcome.fresh, `${what} is news`);
      if (outcome.fresh && serials !== undefined)
        demandSame(serials, outcome.serials, `the certificates that ${what} is about`);
      for (const each of outcome.serials)
        if (view.certificates.get(each)?.status === 'revoked') outside.revoked.add(each);
    },
    async (replica) => {
      const after = structuredClone(view);
      const outcome = applyStatus(after, request, serial, context.at);
      const isDone = await holds(replica, view, after);
      if (isDone && !('code' in outcome)) applyStatus(view, request, serial, context.at);
    },
  );
}

function applyStatus(
  view: View,
  request: StatusRequest,
  serial: string | undefined,
  at: number,
): rules.Outcome {
  const { name } = request;
  // CRLs tell time in seconds, and so does what goes on them.
  const second = at - (at % SECOND_MS);
  if (request.kind === 'release') return rules.release(view, name);
  if (request.kind === 'remove') return rules.remove(view, name);
  if (request.kind === 'revoke-serial') return rules.revokeSerial(view, serial ?? '', request.reason);
  if (request.reason === 'certificateHold') return rules.hold(view, name, second);
  return rules.revokeIdentity(view, name, second);
}

function serialFor(view: View, name: Name, oldest: boolean): string | undefined {
  const holder = holderOf(view, name);
  const all = holder === undefined ? [] : certificatesOf(view, holder.nodeId);
  return all.at(oldest ? 0 : -1)?.serial;
}

/** Whether the store has done what leads from one view to the other: as a whole, or not at all. */
async function holds(replica: Replica, before: View, after: View): Promise<boolean> {
  const rows = await readRow(replica, (tx) => tx.certificates({}));
  const votes = new Set<boolean>();
  for (const [serial, { status }] of after.certificates) {
    const was = before.certificates.get(serial)?.status;
    if (was === status) continue;
    const now = statusOf(rows.find((each) => each.serial === serial)?.revocation?.reason);
    demand(now === status || now === was, `certificate ${serial} is ${now}`);
    votes.add(now === status);
  }
  for (const [nodeId, { state }] of after.identities) {
    if (before.identities.get(nodeId)?.state === state) continue;
    const id = rows.find((each) => each.nodeId === nodeId)?.nodeId ?? null;
    const node = id === null ? null : await readRow(replica, (tx) => tx.node(id));
    votes.add(node?.state === state);
  }
  demand(votes.size < 2, 'an interrupted request is done as a whole or not at all');
  return votes.has(true);
}

function issued(
  name: string,
  nodeId: string | null,
  { serial, notAfter }: { readonly serial: string; readonly notAfter: number },
  predecessor: string | null,
  isSigned = true,
): KnownCertificate {
  return { serial, name, nodeId, notAfter, predecessor, status: 'good', isConfirmed: false, isSigned };
}

async function readRow<T>(
  { store }: Replica,
  work: (tx: Parameters<Parameters<Replica['store']['read']>[0]>[0]) => Promise<T>,
): Promise<T> {
  return valueOf(await store.read(async (tx) => ok(await work(tx))));
}

function equalHex(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}
