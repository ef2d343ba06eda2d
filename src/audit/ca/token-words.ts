import { aboutNoCertificate, outOfOrder, type Event } from './event.ts';
import { keep, type CaState } from './state.ts';

/** What the CA writes after a token that admits nobody without an approval, and after one for clients of RFC 7030. */
const NEEDS_APPROVAL = 'approval';
const OPEN_TO_EST = 'est';

export function tokenCreated(state: CaState, event: Event): void {
  const [name = '', tokenId = '', guard] = event.values;
  aboutNoCertificate(state, event);
  if (state.tokens.has(tokenId)) outOfOrder(state, event, 'a token of another id', `${tokenId} again`);
  keep(state.tokens, tokenId, name);
  keep(state.credit, name, (state.credit.get(name) ?? 0) + 1);
  const marks = guard?.split(',') ?? [];
  if (marks.includes(NEEDS_APPROVAL)) state.guarded.add(tokenId);
  else keep(state.freeCredit, name, (state.freeCredit.get(name) ?? 0) + 1);
  if (marks.every((mark) => mark === NEEDS_APPROVAL || mark === OPEN_TO_EST)) return;
  const expected = `${NEEDS_APPROVAL}, ${OPEN_TO_EST}, both or nothing`;
  state.findings.add('LS_AUDIT_CA_WORD', event.place, { node: name, expected, found: guard ?? null });
}

export function tokenDeleted(state: CaState, event: Event): void {
  const [name = '', tokenId = ''] = event.values;
  aboutNoCertificate(state, event);
  if (state.tokens.get(tokenId) !== name)
    outOfOrder(state, event, `token ${tokenId} was created for ${name}`, null);
}
