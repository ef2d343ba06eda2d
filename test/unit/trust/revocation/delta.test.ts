import { describe, expect, it } from 'vitest';
import { err, fault, toHex } from '../../../../src/std/index.ts';
import { issuerKeyOf, MAX_ENTRIES_HELD, RevocationState } from '../../../../src/trust/index.ts';
import { checkDeltaKeepsAll } from '../../../../src/trust/revocation/continuity.ts';
import { tooLarge } from '../../../../src/trust/revocation/crl-form.ts';
import { findEntry, type HeldLists } from '../../../../src/trust/revocation/state.ts';
import {
  parseCertificate,
  parseCrl,
  type CertificateList,
  type CrlEntry,
  type CrlReason,
} from '../../../../src/x509/index.ts';
import { testKey } from '../../../support/crypto.ts';
import { deltaIndicator, forgeCrl, type CrlSpec, type RevokedSpec } from '../../../support/forge/crl.ts';
import { extension } from '../../../support/forge/extensions.ts';
import { deltaSpec, issuing, issuingCrlSpec, NOW, serial } from '../../../support/forge/pki.ts';
import { holding, take } from '../../../support/forge/trust.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const hex = (label: string): string => toHex(serial(label));
const revoked = (label: string, reason?: RevokedSpec['reason']): RevokedSpec => ({
  serialHex: hex(label),
  revokedAt: NOW - 1000,
  ...(reason === undefined ? {} : { reason }),
});
const key = issuerKeyOf(valueOf(parseCertificate(issuing)));
const reasonOf = (state: RevocationState, label: string): CrlReason | undefined => {
  const held = key === undefined ? undefined : state.issuer(key);
  return held === undefined ? undefined : findEntry(held, hex(label))?.reason;
};
const knows = (state: RevocationState, label: string): boolean => reasonOf(state, label) !== undefined;
const full = issuingCrlSpec(5, [revoked('a')]);
const codeAfter = (state: RevocationState, next: CrlSpec): string | undefined => codeOf(take(state, next));

describe('a delta CRL', () => {
  it('adds its entries to those of the full CRL', () => {
    const applied = valueOf(take(holding(full), deltaSpec(6, 5, [revoked('b')])));
    expect(applied).toMatchObject({ crlNumber: 6, complete: false, news: true });
    expect([knows(applied.state, 'a'), knows(applied.state, 'b'), knows(applied.state, 'c')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('replaces the delta before it', () => {
    const state = holding(full, deltaSpec(6, 5, [revoked('b')]));
    const applied = valueOf(take(state, deltaSpec(8, 5, [revoked('b'), revoked('c')])));
    expect([knows(applied.state, 'b'), knows(applied.state, 'c')]).toEqual([true, true]);
    expect(applied.state.crls()).toHaveLength(2);
  });

  it('may stand on an older full CRL than the one held', () => {
    const applied = valueOf(take(holding(full), deltaSpec(6, 3, [revoked('a'), revoked('b')])));
    expect(knows(applied.state, 'b')).toBe(true);
  });

  it('is folded into the next full CRL', () => {
    const state = holding(full, deltaSpec(6, 5, [revoked('b')]));
    const applied = valueOf(take(state, issuingCrlSpec(7, [revoked('a'), revoked('b')])));
    expect(applied).toMatchObject({ news: true });
    expect(applied.state.crls()).toHaveLength(1);
  });

  it('that is held already is no news', () => {
    const delta = forgeCrl(deltaSpec(6, 5, [revoked('b')]));
    expect(valueOf(take(holding(full, delta), delta))).toMatchObject({
      crlNumber: 6,
      news: false,
    });
  });

  it('may turn a hold into a revocation', () => {
    const state = holding(issuingCrlSpec(5, [revoked('a', 'certificateHold')]));
    const applied = valueOf(take(state, deltaSpec(6, 5, [revoked('a', 'keyCompromise')])));
    expect(reasonOf(applied.state, 'a')).toBe('keyCompromise');
  });

  it('may release what was never held', () => {
    const applied = valueOf(take(holding(full), deltaSpec(6, 5, [revoked('z', 'removeFromCRL')])));
    expect(knows(applied.state, 'z')).toBe(false);
  });
});

describe('the base of a delta', () => {
  it('must be held', () => {
    expect(codeAfter(RevocationState.empty(), deltaSpec(6, 5, [revoked('b')]))).toBe('LS_CRL_DELTA_BASE');
  });

  it('must not be newer than the full CRL held', () => {
    expect(codeAfter(holding(full), deltaSpec(7, 6, [revoked('b')]))).toBe('LS_CRL_DELTA_BASE');
  });

  it('is a full CRL, not the delta before', () => {
    const state = holding(full, deltaSpec(6, 5, [revoked('b')]));
    expect(codeAfter(state, deltaSpec(7, 6, [revoked('c')]))).toBe('LS_CRL_DELTA_BASE');
  });

  it('must be older than the delta itself', () => {
    const state = holding(issuingCrlSpec(5));
    expect(codeAfter(state, { ...deltaSpec(5, 5, []) })).toBe('LS_CRL_DELTA_BASE');
  });

  it('must have the same scope', () => {
    const scoped = deltaSpec(6, 5, [revoked('b')]);
    const scope = extension(
      '2.5.29.28',
      true,
      Uint8Array.from([0x30, 0x0a, 0xa0, 0x08, 0xa0, 0x06, 0x86, 0x04, 0x75, 0x3a, 0x2f, 0x2f]),
    );
    expect(codeAfter(holding(full), { ...scoped, extensions: { ...scoped.extensions, scope } })).toBe(
      'LS_CRL_SCOPE',
    );
  });
});

describe('the number of a delta', () => {
  const state = holding(full, deltaSpec(7, 5, [revoked('b')]));

  it('never goes back', () => {
    expect(codeAfter(state, deltaSpec(6, 5, [revoked('b')]))).toBe('LS_CRL_STALE');
  });

  it('is given once', () => {
    expect(codeAfter(state, deltaSpec(7, 5, [revoked('b'), revoked('c')]))).toBe('LS_CRL_CONFLICT');
    expect(codeAfter(state, deltaSpec(7, 4, [revoked('b')]))).toBe('LS_CRL_CONFLICT');
  });

  it('may be that of a full CRL which says the same', () => {
    const same = valueOf(take(state, issuingCrlSpec(7, [revoked('a'), revoked('b')])));
    expect(same).toMatchObject({ complete: true });
    expect(valueOf(take(same.state, deltaSpec(7, 5, [revoked('b')])))).toMatchObject({
      news: false,
    });
  });

  it('must not be that of a full CRL which says more or less', () => {
    expect(codeAfter(state, issuingCrlSpec(7, [revoked('a'), revoked('b'), revoked('c')]))).toBe(
      'LS_CRL_CONFLICT',
    );
    expect(codeAfter(state, issuingCrlSpec(7, [revoked('a')]))).toBe('LS_CRL_OMITS_ENTRY');
    expect(codeAfter(holding(full), deltaSpec(5, 4, [revoked('b')]))).toBe('LS_CRL_CONFLICT');
  });
});

describe('a delta that takes back', () => {
  it.each(['keyCompromise', 'certificateHold'] as const)(
    'an entry of the full CRL (%s) has no effect, and what it adds has',
    (reason) => {
      const state = holding(issuingCrlSpec(5, [revoked('a', reason)]));
      const applied = valueOf(take(state, deltaSpec(6, 5, [revoked('a', 'removeFromCRL'), revoked('b')])));
      expect(applied.ignoredReleases).toEqual([hex('a')]);
      expect([knows(applied.state, 'a'), knows(applied.state, 'b')]).toEqual([true, true]);
      expect(codeAfter(applied.state, issuingCrlSpec(7, [revoked('b')]))).toBe('LS_CRL_OMITS_ENTRY');
    },
  );

  it('a revocation that was a hold in the full CRL is refused, whether released or left out', () => {
    const onHold = issuingCrlSpec(5, [revoked('a', 'certificateHold')]);
    const state = holding(onHold, deltaSpec(6, 5, [revoked('a', 'keyCompromise')]));
    expect(codeAfter(state, deltaSpec(7, 5, [revoked('a', 'removeFromCRL')]))).toBe('LS_CRL_OMITS_ENTRY');
    expect(codeAfter(state, deltaSpec(7, 5, []))).toBe('LS_CRL_OMITS_ENTRY');
  });

  it('an entry of the delta before is refused, whether released or left out', () => {
    const state = holding(full, deltaSpec(6, 5, [revoked('b')]));
    expect(codeAfter(state, deltaSpec(7, 5, [revoked('b', 'removeFromCRL')]))).toBe('LS_CRL_OMITS_ENTRY');
    expect(codeAfter(state, deltaSpec(7, 5, [revoked('c')]))).toBe('LS_CRL_OMITS_ENTRY');
    expect(codeAfter(state, deltaSpec(7, 5, []))).toBe('LS_CRL_OMITS_ENTRY');
  });

  it('a revocation by calling it a hold is refused', () => {
    expect(codeAfter(holding(full), deltaSpec(6, 5, [revoked('a', 'certificateHold')]))).toBe(
      'LS_CRL_OMITS_ENTRY',
    );
  });

  it('what the delta before made of a hold in the full CRL is refused, by leaving it out too', () => {
    const held = issuingCrlSpec(5, [revoked('a', 'certificateHold')]);
    const state = holding(held, deltaSpec(6, 5, [revoked('a', 'keyCompromise')]));
    expect(codeAfter(state, deltaSpec(7, 5, []))).toBe('LS_CRL_OMITS_ENTRY');
    const same = holding(held, deltaSpec(6, 5, [revoked('a', 'certificateHold')]));
    expect(codeAfter(same, deltaSpec(7, 5, []))).toBeUndefined();
  });

  it('is seen through by the next full CRL too', () => {
    const state = holding(full, deltaSpec(6, 5, [revoked('b')]));
    expect(codeAfter(state, issuingCrlSpec(7, [revoked('a')]))).toBe('LS_CRL_OMITS_ENTRY');
    expect(codeAfter(state, issuingCrlSpec(7, [revoked('b')]))).toBe('LS_CRL_OMITS_ENTRY');
  });
});

describe('the signer of a delta', () => {
  it('is the key that signed the full CRL', () => {
    const forged = { ...deltaSpec(6, 5, [revoked('b')]), signer: testKey() };
    expect(codeAfter(holding(full), forged)).toBe('LS_CRL_SIGNATURE');
  });
});

describe('cost', () => {
  it('of a delta does not grow with the full CRL: its entries are looked up, never walked', () => {
    const applied = valueOf(parseCrl(forgeCrl(full)));
    let walked = 0;
    const watched: CertificateList = {
      ...applied,
      entries: {
        size: applied.entries.size,
        find: (serialHex) => applied.entries.find(serialHex),
        notRepeatedIn(next): Iterable<CrlEntry> {
          walked += 1;
          return applied.entries.notRepeatedIn(next);
        },
        [Symbol.iterator](): Iterator<CrlEntry> {
          walked += 1;
          return applied.entries[Symbol.iterator]();
        },
      },
    };
    const held: HeldLists = {
      full: watched,
      fullNumber: 5,
      delta: undefined,
      released: new Set(),
      crlNumber: 5,
      thisUpdate: watched.thisUpdate,
      nextUpdate: watched.thisUpdate,
    };
    const delta = valueOf(parseCrl(forgeCrl(deltaSpec(6, 5, [revoked('b')]))));
    const releases = { permits: () => err(fault('LS_CRL_OMITS_ENTRY', 'none came')) };
    expect(checkDeltaKeepsAll(held, delta, { certifiesCas: false, now: NOW, releases })).toBeUndefined();
    expect(findEntry(held, hex('a'))).toBeDefined();
    expect(walked).toBe(0);
  });

  it('is bounded by the number of entries held of one issuer', () => {
    expect(tooLarge(MAX_ENTRIES_HELD)).toBeUndefined();
    expect(tooLarge(MAX_ENTRIES_HELD + 1)?.code).toBe('LS_CRL_TOO_LARGE');
  });
});

describe('a delta marked by its indicator only', () => {
  it('is never taken for a full CRL', () => {
    const empty = issuingCrlSpec(6, []);
    const delta = { ...empty, extensions: { ...empty.extensions, delta: deltaIndicator(5) } };
    const applied = valueOf(take(holding(full), delta));
    expect(knows(applied.state, 'a')).toBe(true);
  });
});
