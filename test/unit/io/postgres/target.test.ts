import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isPostgresUrl, parsePostgresUrl, withoutPassword } from '../../../../src/io/index.ts';
import { expectCode } from '../../../support/expect-code.ts';

const SECRET = 'never-to-be-shown';

describe('the URL of a PostgreSQL store', () => {
  it('names user, password, host, port and database', () => {
    const target = parsePostgresUrl('postgres://ca%40x:s%2Fe@db.example:5433/ca_store');
    expect(target).toMatchObject({ host: 'db.example', port: 5433, user: 'ca@x', database: 'ca_store' });
    expect(target.password()).toBe('s/e');
  });

  it('has defaults for the port and the password', () => {
    const target = parsePostgresUrl('postgresql://ca@db.example/ca');
    expect(target.port).toBe(5432);
    expect(target.password()).toBeUndefined();
  });

  it.each([
    ['postgres://ca@db.example/ca', { rootCertFile: null }],
    ['postgres://ca@192.0.2.1/ca', { rootCertFile: null }],
    ['postgres://ca@db.example/ca?sslrootcert=/etc/ca.pem', { rootCertFile: '/etc/ca.pem' }],
    ['postgres://ca@localhost/ca?sslmode=verify-full', { rootCertFile: null }],
    ['postgres://ca@localhost/ca?sslrootcert=/etc/ca.pem', { rootCertFile: '/etc/ca.pem' }],
    ['postgres://ca@db.example/ca?sslmode=disable', null],
    ['postgres://ca@localhost/ca', null],
    ['postgres://ca@127.0.0.1/ca', null],
    ['postgres://ca@[::1]/ca', null],
    ['postgres://ca@x/ca?host=%2Frun%2Fpostgresql', null],
  ])('has TLS over a network unless it is turned off: %s', (url, tls) => {
    expect(parsePostgresUrl(url).tls).toEqual(tls);
  });

  it('reaches a Unix socket, and an IPv6 address', () => {
    expect(parsePostgresUrl('postgres://ca@x/ca?host=/run/postgresql').host).toBe('/run/postgresql');
    expect(parsePostgresUrl('postgres://ca@[2001:db8::1]/ca').host).toBe('2001:db8::1');
  });

  it.each([
    `mysql://u:${SECRET}@h/d`,
    `postgres://u:${SECRET}@/d`,
    `postgres://:${SECRET}@h/d`,
    `postgres://u:${SECRET}@h/`,
    `postgres://u:${SECRET}@h/a/b`,
    `postgres://u:${SECRET}@h:99999/d`,
    `postgres://u:${SECRET}%zz@h/d`,
    `postgres://u:${SECRET}@h/d#x`,
    `postgres://u:${SECRET}@h/d?sslmode=require`,
    `postgres://u:${SECRET}@h/d?sslmode=no-verify`,
    `postgres://u:${SECRET}@h/d?sslmode=`,
    `postgres://u:${SECRET}@h/d?sslmode=disable&sslmode=disable`,
    `postgres://u:${SECRET}@h/d?sslmode=disable&sslrootcert=/x`,
    `postgres://u:${SECRET}@h/d?password=${SECRET}`,
    `postgres://u:${SECRET}@h/d?options=-c%20fsync%3Doff`,
    `postgres://u:${SECRET}@h/${'d'.repeat(2_048)}`,
    `postgres:${SECRET}`,
    SECRET,
  ])('is refused, and its password not repeated: %s', async (url) => {
    const said = await expectCode('LS_CONFIG_STORE', () => parsePostgresUrl(url));
    expect(inspect(said, { depth: Infinity })).not.toContain(SECRET);
  });

  it('is shown without its password', () => {
    expect(withoutPassword(`postgres://u:${SECRET}@h/d`)).toBe('postgres://u@h/d');
    expect(withoutPassword(SECRET)).not.toContain(SECRET);
    const target = parsePostgresUrl(`postgres://u:${SECRET}@h/d`);
    expect(inspect(target, { depth: Infinity, showHidden: true }) + JSON.stringify(target)).not.toContain(
      SECRET,
    );
  });

  it('is told from other kinds of store', () => {
    expect(
      ['postgres://x', 'postgresql://x', 'sqlite', 'postgres', 'postgresx://x'].map(isPostgresUrl),
    ).toEqual([true, true, false, false, false]);
  });
});
