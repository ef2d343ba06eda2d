import type { Publication } from '../../authority/index.ts';
import type { FeedEvent } from './feed-hub.ts';
import { base64Of, seedJson } from './wire.ts';

/** What the nodes are told of a committed transaction, revocations first. */
export function publicationEvents(publication: Publication): readonly FeedEvent[] {
  const { crl, rootCrl, roster, seeds } = publication;
  const events: FeedEvent[] = [];
  if (rootCrl !== undefined) events.push({ kind: 'crl', delta: false, der: base64Of(rootCrl.der) });
  if (crl !== undefined) events.push({ kind: 'crl', delta: crl.delta, der: base64Of(crl.der) });
  if (roster !== undefined) events.push({ kind: 'roster', record: base64Of(roster.record) });
  if (seeds !== undefined) events.push({ kind: 'seeds', seeds: seeds.map(seedJson) });
  return events;
}
