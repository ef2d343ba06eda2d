import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomSerial } from './fill-store.ts';

/** A CA of `openssl ca` whose index lists so many revoked certificates. */
export interface OpensslCa {
  /** `openssl ca -gencrl`, in milliseconds, into `crl`. Undefined when openssl fails. */
  genCrl(): number | undefined;
  readonly crl: string;
  readonly certificate: string;
  readonly key: string;
}

export function makeOpensslCa(directory: string, revoked: number): OpensslCa {
  mkdirSync(directory, { recursive: true });
  const file = (name: string): string => join(directory, name);
  const [key, certificate, crl] = [file('ca.key'), file('ca.pem'), file('crl.pem')];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '30',
  ];
  spawnSync('openssl', [...made, '-keyout', key, '-out', certificate, '-subj', '/CN=bench']);
  const lines = Array.from({ length: revoked }, () => {
    const serial = randomSerial().toUpperCase();
    return `R\t301231235959Z\t260101000000Z,superseded\t${serial}\tunknown\t/CN=${serial}\n`;
  });
  writeFileSync(file('index.txt'), lines.join(''));
  writeFileSync(file('crlnumber'), '01\n');
  const settings = {
    database: file('index.txt'),
    crlnumber: file('crlnumber'),
    private_key: key,
    certificate,
  };
  const config = Object.entries({ ...settings, default_md: 'sha256', default_crl_days: '3' });
  const section = config.map(([name, value]) => `${name} = ${value}\n`).join('');
  writeFileSync(file('ca.cnf'), `[ca]\ndefault_ca = bench\n[bench]\n${section}`);
  return {
    crl,
    certificate,
    key,
    genCrl() {
      const begin = performance.now();
      const ran = spawnSync('openssl', ['ca', '-config', file('ca.cnf'), '-gencrl', '-out', crl]);
      return ran.status === 0 ? Math.round(performance.now() - begin) : undefined;
    },
  };
}
