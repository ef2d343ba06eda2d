import { describe, expect, it } from 'vitest';
import { DEFAULT_RECOVERY, Member, type SubjectRecord } from '../../../src/membership/index.ts';
import { monoMs } from '../../../src/std/index.ts';
import { digestNamed, hash, nodeIdNamed, nodeName } from '../../support/record-samples.ts';

const INTERVAL = 1_000;
const WELL = { inquorate: false, viewStale: false };

function record<T extends SubjectRecord['type']>(type: T, seq: number): SubjectRecord<T> {
  const label = `${type} ${String(seq)}`;
  return { type, seq, bytes: hash(label), id: digestNamed(label), structureHash: hash(`s ${label}`) };
}

function member(): Member {
  const observed = new Member({ nodeId: nodeIdNamed('a'), name: nodeName('a'), state: 'active' });
  observed.observe(true, monoMs(0));
  return observed;
}

function livingMember(now = 0): Member {
  const living = member();
  living.startEpoch(1, record('epoch-start', 0), INTERVAL, monoMs(now));
  living.heard(record('heartbeat', 1), INTERVAL, true, monoMs(now));
  return living;
}

describe('a member', () => {
  it('without an epoch-start has no certificate that counts and was never heard', () => {
    expect(member().evidence('good', WELL, monoMs(0))).toMatchObject({
      certificate: 'none',
      hearing: 'never',
    });
  });

  it('is heard once its own link brought a heartbeat', () => {
    expect(livingMember().evidence('good', WELL, monoMs(100)).hearing).toBe('fresh');
  });

  it('is not heard through what others relay', () => {
    const relayed = member();
    relayed.startEpoch(1, record('epoch-start', 0), INTERVAL, monoMs(0));
    relayed.heard(record('heartbeat', 1), INTERVAL, false, monoMs(0));
    expect(relayed.evidence('good', WELL, monoMs(100)).hearing).toBe('never');
    expect(relayed.last?.seq).toBe(1);
  });

  it('is silent from its deadline on', () => {
    const living = livingMember();
    const deadline = living.deadline ?? 0;
    expect(living.isSilent(monoMs(deadline - 1))).toBe(false);
    expect(living.isSilent(monoMs(deadline))).toBe(true);
  });

  it('is silent at once when its connection is refused, until it is heard again', () => {
    const living = livingMember();
    living.connectionRefused();
    expect(living.isSilent(monoMs(10))).toBe(true);
    living.heard(record('heartbeat', 2), INTERVAL, true, monoMs(20));
    expect(living.isSilent(monoMs(30))).toBe(false);
  });

  it('that was never there is not silent for a refused connection', () => {
    const absent = member();
    absent.connectionRefused();
    expect(absent.isSilent(monoMs(10))).toBe(false);
  });

  it('refuses an epoch that is not higher', () => {
    const living = livingMember();
    expect(() => living.startEpoch(1, record('epoch-start', 0), INTERVAL, monoMs(0))).toThrow(RangeError);
  });

  it('that goes on in a new epoch is heard until its old deadline, however many it starts', () => {
    const living = livingMember();
    const deadline = living.deadline ?? 0;
    const hearing = (at: number) => living.evidence('good', WELL, monoMs(at)).hearing;
    living.startEpoch(2, record('epoch-start', 0), INTERVAL, monoMs(100), true);
    expect(hearing(101)).toBe('fresh');
    expect(living.nextChange()).toBe(deadline);
    living.startEpoch(3, record('epoch-start', 0), INTERVAL, monoMs(deadline - 1), true);
    expect(hearing(deadline - 1)).toBe('fresh');
    expect(hearing(deadline)).toBe('never');
    living.heard(record('heartbeat', 1), INTERVAL, true, monoMs(deadline));
    expect(hearing(deadline + 1)).toBe('fresh');
  });

  it('that starts a new epoch has to be heard again: another process, or one whose connection is refused', () => {
    const another = livingMember();
    another.startEpoch(2, record('epoch-start', 0), INTERVAL, monoMs(100));
    expect(another.evidence('good', WELL, monoMs(101)).hearing).toBe('never');
    another.startEpoch(3, record('epoch-start', 0), INTERVAL, monoMs(102), true);
    expect(another.evidence('good', WELL, monoMs(103)).hearing).toBe('never');
    const refused = livingMember();
    refused.connectionRefused();
    refused.startEpoch(2, record('epoch-start', 0), INTERVAL, monoMs(100), true);
    expect(refused.evidence('good', WELL, monoMs(101)).hearing).toBe('never');
  });

  it('starts a new epoch without the accusations, the leave and the death of the last', () => {
    const living = livingMember();
    living.leave = new Uint8Array([1]);
    living.downCertificate = new Uint8Array([2]);
    living.rebutted(record('heartbeat', 2), []);
    living.startEpoch(2, record('epoch-start', 0), INTERVAL, monoMs(5));
    expect(living.evidence('good', WELL, monoMs(5))).toMatchObject({
      left: false,
      down: false,
      accusations: 0,
      hearing: 'never',
    });
    expect(living.book.rebuttedSeq).toBe(-1);
  });

  it('recovers from DOWN only after enough heartbeats and the delay', () => {
    const living = livingMember();
    living.downCertificate = new Uint8Array([1]);
    living.startEpoch(2, record('epoch-start', 0), INTERVAL, monoMs(0));
    const recovering = (at: number): boolean => living.evidence('good', WELL, monoMs(at)).recovering;
    for (let seq = 1; seq < DEFAULT_RECOVERY.riseHeartbeats; seq++) {
      living.heard(record('heartbeat', seq), INTERVAL, true, monoMs(seq));
    }
    expect(recovering(DEFAULT_RECOVERY.delayMs)).toBe(true);
    living.heard(record('heartbeat', 9), INTERVAL, true, monoMs(50));
    expect(recovering(DEFAULT_RECOVERY.delayMs - 1)).toBe(true);
    expect(recovering(DEFAULT_RECOVERY.delayMs)).toBe(false);
  });

  it('that restarts before anyone called it down need not recover', () => {
    const living = livingMember();
    living.startEpoch(2, record('epoch-start', 0), INTERVAL, monoMs(0));
    expect(living.evidence('good', WELL, monoMs(0)).recovering).toBe(false);
  });

  it('continues its chain over heartbeats and renewals alike', () => {
    const living = livingMember();
    living.rekeyed(record('key-change', 2));
    expect(living.head).toMatchObject({ epoch: 1, seq: 2 });
    expect(living.last?.seq).toBe(1);
    expect(living.keyChanges).toHaveLength(1);
  });
});

describe('a member that others observe', () => {
  function bystander(): Member {
    const living = member();
    living.observe(false, monoMs(0));
    living.startEpoch(1, record('epoch-start', 0), INTERVAL, monoMs(0));
    return living;
  }

  it('is never silent to us, and by others whatever we hear', () => {
    const living = bystander();
    expect(living.isSilent(monoMs(1e6))).toBe(false);
    expect(living.evidence('good', WELL, monoMs(1e6)).hearing).toBe('by-others');
    living.heard(record('heartbeat', 1), INTERVAL, true, monoMs(5));
    expect(living.evidence('good', WELL, monoMs(6)).hearing).toBe('by-others');
  });

  it('has its time when it becomes ours, and is silent afterwards, not unknown', () => {
    const living = bystander();
    living.observe(true, monoMs(50_000));
    expect(living.evidence('good', WELL, monoMs(50_001)).hearing).toBe('fresh');
    expect(living.isSilent(monoMs(50_000 + 2.4 * INTERVAL))).toBe(false);
    expect(living.evidence('good', WELL, monoMs(50_000 + 2.5 * INTERVAL)).hearing).toBe('silent');
  });

  it('that was not active before is unknown until we hear it', () => {
    const newcomer = new Member({ nodeId: nodeIdNamed('a'), name: nodeName('a'), state: 'enrolled' });
    newcomer.observe(false, monoMs(0));
    newcomer.startEpoch(1, record('epoch-start', 0), INTERVAL, monoMs(0));
    newcomer.roster = 'active';
    newcomer.observe(true, monoMs(10));
    expect(newcomer.evidence('good', WELL, monoMs(11)).hearing).toBe('never');
    newcomer.heard(record('heartbeat', 1), INTERVAL, true, monoMs(12));
    expect(newcomer.evidence('good', WELL, monoMs(13)).hearing).toBe('fresh');
  });

  it('is not refused by a link that is none of ours to judge', () => {
    const living = bystander();
    living.connectionRefused();
    living.observe(true, monoMs(10));
    expect(living.isSilent(monoMs(11))).toBe(false);
  });

  it('that comes back from death has the delay to wait, not heartbeats to be heard', () => {
    const living = bystander();
    living.downCertificate = hash('down');
    living.startEpoch(2, record('epoch-start', 0), INTERVAL, monoMs(0));
    expect(living.evidence('good', WELL, monoMs(DEFAULT_RECOVERY.delayMs - 1)).recovering).toBe(true);
    expect(living.evidence('good', WELL, monoMs(DEFAULT_RECOVERY.delayMs)).recovering).toBe(false);
  });
});
