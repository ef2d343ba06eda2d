import { describe, expect, it } from 'vitest';
import { isConnectionOver, postgresFaultOf } from '../../../../src/io/postgres/errors.ts';

/** As `pg` throws what a server says. */
function serverError(code: string): Error {
  return Object.assign(new Error('said the server'), { severity: 'ERROR', code });
}

function codeOf(thrown: unknown): string | undefined {
  return postgresFaultOf(thrown)?.code;
}

describe('errors of PostgreSQL', () => {
  it.each([
    ['08006', 'LS_CA_STORE_UNREACHABLE'],
    ['25006', 'LS_CA_STORE_READ_ONLY'],
    ['25P03', 'LS_CA_STORE_UNREACHABLE'],
    ['28000', 'LS_CA_STORE_REFUSED'],
    ['28P01', 'LS_CA_STORE_REFUSED'],
    ['3D000', 'LS_CA_STORE_REFUSED'],
    ['40001', 'LS_CA_STORE_BUSY'],
    ['40P01', 'LS_CA_STORE_BUSY'],
    ['42501', 'LS_CA_STORE_REFUSED'],
    ['42P01', 'LS_CA_STORE_SCHEMA'],
    ['53100', 'LS_CA_STORE_FULL'],
    ['53200', 'LS_CA_STORE_BUSY'],
    ['53300', 'LS_CA_STORE_BUSY'],
    ['55P03', 'LS_CA_STORE_BUSY'],
    ['57014', 'LS_CA_STORE_BUSY'],
    ['57P01', 'LS_CA_STORE_UNREACHABLE'],
    ['57P03', 'LS_CA_STORE_UNREACHABLE'],
    ['58030', 'LS_CA_STORE_IO'],
    ['XX000', 'LS_CA_STORE_IO'],
    ['XX001', 'LS_CA_STORE_CORRUPT'],
    ['XX002', 'LS_CA_STORE_CORRUPT'],
  ])('%s is %s', (sqlState, code) => {
    expect(codeOf(serverError(sqlState))).toBe(code);
  });

  it.each(['23505', '23503', '42601', '22P02', '25P02'])(
    '%s is a bug, not a fault of the store',
    (sqlState) => {
      expect(codeOf(serverError(sqlState))).toBeUndefined();
    },
  );

  it('are of the connection when the server did not say them', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(codeOf(refused)).toBe('LS_CA_STORE_UNREACHABLE');
    expect(codeOf(new Error('Query read timeout'))).toBe('LS_CA_STORE_UNREACHABLE');
    expect(codeOf('odd')).toBe('LS_CA_STORE_UNREACHABLE');
    const both = postgresFaultOf(new AggregateError([refused, new Error('the other address')]));
    expect(both?.detail).toContain('connect ECONNREFUSED; the other address');
  });

  it('end the connection where another one may do better', () => {
    const isOver = (thrown: unknown): boolean => {
      const reason = postgresFaultOf(thrown);
      return reason !== undefined && isConnectionOver(reason);
    };
    expect(['57P01', '25006', '25P03'].every((code) => isOver(serverError(code)))).toBe(true);
    expect(['40001', '53100', '55P03'].some((code) => isOver(serverError(code)))).toBe(false);
  });
});
