import { expect, it } from 'vitest';
import { refusalLog } from '../../../../src/app/ca/refusal-log.ts';
import type { Log } from '../../../../src/app/log.ts';
import { fault, monoMs } from '../../../../src/std/index.ts';

it('writes each kind of refusal of one address once a minute, with a count, whatever it was tried with', () => {
  const lines: [string, object][] = [];
  const write = (level: string) => (line: object) => lines.push([level, line]);
  let at = 0;
  const tell = refusalLog({ warn: write('warn'), info: write('info') } as unknown as Log, () => monoMs(at));
  for (let n = 0; n < 5_000; n++)
    tell({ reason: fault('LS_TOKEN_UNKNOWN', 'no such token'), from: '10.0.0.1', subject: String(n) });
  tell({ reason: fault('LS_TOKEN_UNKNOWN', 'no such token'), from: '10.0.0.2', subject: 'x' });
  tell({ reason: fault('LS_CSR_PROOF', 'no proof'), from: '10.0.0.1', subject: 'x' });
  for (const subject of ['one', 'two', 'one', 'two'])
    tell({ reason: fault('LS_ENROLL_PENDING', 'waits'), from: '10.0.0.1', subject });
  expect(lines.map(([level]) => level)).toEqual(['warn', 'warn', 'warn', 'info', 'info']);
  at = 60_000;
  tell({ reason: fault('LS_TOKEN_UNKNOWN', 'no such token'), from: '10.0.0.1', subject: 'y' });
  expect(lines.at(-1)).toMatchObject(['warn', { code: 'LS_TOKEN_UNKNOWN', repeated: 4_999 }]);
});
