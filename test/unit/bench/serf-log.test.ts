import { describe, expect, it } from 'vitest';
import { parseSerfLine } from '../../../bench/support/serf-log.ts';

const at = '    2026/11/23 21:39:05';

describe('the log of a serf agent', () => {
  it('tells of members that join, fail and leave', () => {
    expect(parseSerfLine(`${at} [INFO] serf: EventMemberJoin: n01 127.0.0.1`)).toEqual({
      peer: 'n01',
      to: 'alive',
    });
    expect(parseSerfLine(`${at} [INFO] serf: EventMemberFailed: n01 127.0.0.1`)).toEqual({
      peer: 'n01',
      to: 'down',
    });
    expect(parseSerfLine(`${at} [INFO] serf: EventMemberLeave: n01 127.0.0.1`)).toEqual({
      peer: 'n01',
      to: 'left',
    });
  });

  it.each([
    `${at} [INFO] memberlist: Suspect b has failed, no acks received`,
    `${at} [INFO] memberlist: Marking b as failed, suspect timeout reached (0 peer confirmations)`,
    `${at} [INFO] agent: Received event: member-failed`,
    `${at} [INFO] serf: EventMemberUpdate: n01`,
    '==> Serf agent running!',
    '',
  ])('has other lines: %s', (line) => {
    expect(parseSerfLine(line)).toBeUndefined();
  });
});
