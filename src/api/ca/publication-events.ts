import type { Publication, RootCrlPublication } from '../../authority/index.ts';
import type { FeedEvent } from './feed-hub.ts';
import { authoritiesJson, base64Of, seedJson } from './wire.ts';

/** A node keeps that of a root which it does not know yet until it hears of it. */
export function rootCrlEvent({ der }: RootCrlPublication): FeedEvent {
  return { kind: 'crl', delta: false, der: base64Of(der) };
}

/** What the nodes are told of a committed transaction: revocations first, new CAs before their CRLs. */
export function publicationEvents(publication: Publication): readonly FeedEvent[] {
  const { authorities, crl, rootCrls = [], roster, seeds } = publication;
  const events: FeedEvent[] = rootCrls.map(rootCrlEvent);
  if (authorities?.active) events.push({ kind: 'authorities', ...authoritiesJson(authorities) });
  for (const der of crl?.lists ?? []) {
    events.push({ kind: 'crl', delta: crl?.delta === true, der: base64Of(der) });
  }
  if (roster !== undefined) events.push({ kind: 'roster', record: base64Of(roster.record) });
  if (seeds !== undefined) events.push({ kind: 'seeds', seeds: seeds.map(seedJson) });
  return events;
}
