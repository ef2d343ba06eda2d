import type { Publication } from '../../authority/index.ts';
import type { FeedEvent } from './feed-hub.ts';
import { authoritiesJson, base64Of, seedJson } from './wire.ts';

/** What the nodes are told of a committed transaction: revocations first, new CAs before their CRLs. */
export function publicationEvents(publication: Publication): readonly FeedEvent[] {
  const { authorities, crl, rootCrl, roster, seeds } = publication;
  const events: FeedEvent[] = [];
  if (rootCrl !== undefined) events.push({ kind: 'crl', delta: false, der: base64Of(rootCrl.der) });
  if (authorities?.active) events.push({ kind: 'authorities', ...authoritiesJson(authorities) });
  for (const der of crl?.lists ?? []) {
    events.push({ kind: 'crl', delta: crl?.delta === true, der: base64Of(der) });
  }
  if (roster !== undefined) events.push({ kind: 'roster', record: base64Of(roster.record) });
  if (seeds !== undefined) events.push({ kind: 'seeds', seeds: seeds.map(seedJson) });
  return events;
}
