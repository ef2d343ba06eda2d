import { encodeBase64Url } from '../../codec/index.ts';
import { toHex, utf8 } from '../../std/index.ts';
import type { Place } from '../report.ts';
import type { CaTables, RequestInStore } from './source.ts';
import { keep, type CaState, type RequestToCa } from './state.ts';
import { aboutNoCertificate, outOfOrder, type Event } from './event.ts';

const SHA256_HEX = /^[0-9a-f]{64}$/;
const NO_REASON = '-';

/** Somebody with the token asked, for this key. */
export function requested(state: CaState, event: Event): void {
  const [name = '', tokenId = '', key = ''] = event.values;
  aboutNoCertificate(state, event);
  if (state.tokens.get(tokenId) !== name)
    outOfOrder(state, event, `token ${tokenId} was created for ${name}`, null);
  if (!SHA256_HEX.test(key)) outOfOrder(state, event, 'the SHA-256 of a key', key);
  if (state.requests.has(tokenId)) {
    outOfOrder(state, event, 'one request with a token', `${tokenId} again`);
    return;
  }
  const isGuarded = state.guarded.has(tokenId);
  const request = { place: event.place, name, key, isGuarded, decision: undefined, isUsed: false };
  keep(state.requests, tokenId, request);
  keep(state.requestsOfKey, key, [...(state.requestsOfKey.get(key) ?? []), request]);
}

/** A denial is final, an approval is until it was used. */
export function decided(state: CaState, event: Event, verdict: 'approved' | 'denied'): void {
  const [name = '', tokenId = '', by = '', reason = ''] = event.values;
  aboutNoCertificate(state, event);
  const request = state.requests.get(tokenId);
  if (request?.name !== name) {
    outOfOrder(state, event, `request ${tokenId} of ${name} before`, request?.name ?? 'none');
    return;
  }
  const before = request.decision?.verdict;
  const mayBe = before === undefined || (before === 'approved' && verdict === 'denied');
  if (!mayBe || request.isUsed) outOfOrder(state, event, 'a request that waits', before ?? 'enrolled');
  request.decision = { verdict, by, reason };
}

/** Whether this enrollment had the approval it needed: of its very key, or a token that asked for none. */
export function checkApproved(state: CaState, event: Event, key: string): void {
  const [name = ''] = event.values;
  const waiting = (state.requestsOfKey.get(key) ?? []).filter((each) => each.name === name && !each.isUsed);
  const request = waiting.find(({ decision }) => decision?.verdict === 'approved') ?? waiting[0];
  if (request === undefined) {
    useFreeToken(state, event, name);
    return;
  }
  // Where approval was asked for by ca.yaml alone, that may have changed while the request waited.
  const verdict = request.decision?.verdict ?? (request.isGuarded ? 'not decided' : 'approved');
  if (verdict !== 'approved') outOfOrder(state, event, `an approval of ${name} with this key`, verdict);
  request.isUsed = true;
  if (!request.isGuarded) useFreeToken(state, event, name);
}

function useFreeToken(state: CaState, event: Event, name: string): void {
  const free = state.freeCredit.get(name) ?? 0;
  keep(state.freeCredit, name, free - 1);
  if (free >= 1 || (state.credit.get(name) ?? 0) < 0) return;
  outOfOrder(state, event, `an approval, or a token for ${name} that needs none`, 'none');
}

/** Every row that waits or was decided has its entries, and says the same. */
export async function compareRequests(state: CaState, tables: CaTables, whole: Place): Promise<void> {
  for (const row of await tables.requests()) {
    const said = state.requests.get(row.tokenId);
    const expected = said === undefined ? 'an entry for each request' : sayEntry(said);
    const found = sayRow(state, row);
    if (expected === found) continue;
    const place = said?.place ?? whole;
    state.findings.add('LS_AUDIT_CA_STORE_REQUEST', place, { node: row.name, expected, found });
  }
}

function sayEntry({ name, key, decision }: RequestToCa): string {
  const { verdict = 'pending', by = '', reason = '' } = decision ?? {};
  return [name, key, verdict, by, reason].join(' ').trimEnd();
}

function sayRow(state: CaState, { name, spkiSha256, decision }: RequestInStore): string {
  const { verdict = 'pending', by = '' } = decision ?? {};
  const said = decision?.reason ?? null;
  const reason = said === null ? NO_REASON : encodeBase64Url(state.crypto.sha256(utf8(said)));
  return [name, toHex(spkiSha256), verdict, by, decision === null ? '' : reason].join(' ').trimEnd();
}
