import type { CertificateFacts } from '../../../src/authority/index.ts';
import { decodeRelease } from '../../../src/trust/release.ts';
import { parseCrl, type CertificateList } from '../../../src/x509/index.ts';
import { valueOf } from '../result.ts';
import { endOfLast, mergeStatus } from './rules.ts';
import type { View } from './view.ts';

const HOLD = 'certificateHold';

/** What CRLs of a lost CA say. */
interface Lists {
  readonly revoked: ReadonlySet<string>;
  readonly held: ReadonlySet<string>;
  /** SERIAL DATE of each hold that was released. */
  readonly released: ReadonlySet<string>;
}

export function readLists(crls: readonly Uint8Array[]): Lists {
  const lists = crls.map((der) => valueOf(parseCrl(der)));
  const released = new Set(lists.flatMap(releasesOf));
  const entries = lists.flatMap((list) => [...list.entries]);
  const serials = (ofHolds: boolean): ReadonlySet<string> =>
    new Set(
      entries
        .filter(({ reason }) => reason !== 'removeFromCRL' && (reason === HOLD) === ofHolds)
        .filter(({ serialHex, revokedAt }) => !ofHolds || !released.has(`${serialHex} ${revokedAt}`))
        .map(({ serialHex }) => serialHex),
    );
  return { revoked: serials(false), held: serials(true), released };
}

/** Has the view of a backup follow what is known of the time since. `known`: what the backup itself lists. */
export function mergeInto(view: View, known: readonly CertificateFacts[], lists: Lists, at: number): void {
  for (const { serial, reason, revokedAt } of known) {
    const certificate = view.certificates.get(serial);
    const isOver = reason === HOLD && lists.released.has(`${serial} ${revokedAt ?? ''}`);
    if (certificate !== undefined && isOver) certificate.status = 'good';
  }
  for (const each of lists.released) {
    const [serial = ''] = each.split(' ');
    // Nobody knows whom it would set free.
    const isUnknown = !view.certificates.has(serial) && !lists.revoked.has(serial);
    if (isUnknown) mergeStatus(view, serial, 'held');
  }
  for (const serial of lists.held) if (!lists.revoked.has(serial)) mergeStatus(view, serial, 'held');
  const ended = [...lists.revoked].filter((serial) => mergeStatus(view, serial, 'revoked'));
  endOfLast(view, ended, at);
  for (const [tokenId, { spent }] of [...view.tokens]) if (spent === null) view.tokens.delete(tokenId);
}

function releasesOf({ extensions }: CertificateList): readonly string[] {
  return (extensions.releases?.value ?? []).map((bytes) => {
    const { serial, heldAtMs } = valueOf(decodeRelease(bytes)).body;
    return `${serial} ${heldAtMs}`;
  });
}
