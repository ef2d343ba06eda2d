import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const PORT = 18_889;
const START_MS = 10_000;
const AUTH_KEY = '00112233445566778899aabbccddeeff';

/** The table of cfssl's own migrations. Source: cfssl, certdb/sqlite/migrations. */
const SCHEMA = `CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL,
  ca_label blob, status blob NOT NULL, reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL,
  PRIMARY KEY (serial_number, authority_key_identifier))`;

const CONFIG = {
  signing: {
    profiles: {},
    default: {
      auth_key: 'bench',
      expiry: '168h',
      usages: ['digital signature', 'server auth', 'client auth'],
    },
  },
  auth_keys: { bench: { type: 'standard', key: AUTH_KEY } },
};

export interface CfsslCa {
  readonly pid: number;
  readonly port: number;
  close(): Promise<void>;
}

/** `cfssl serve` over HTTPS with a P-256 CA and SQLite, on one core; null where it is not installed. */
export async function startCfssl(): Promise<CfsslCa | null> {
  if (spawnSync('cfssl', ['version']).status !== 0) return null;
  const directory = await mkdtemp(join(tmpdir(), 'lifesign-bench-cfssl-'));
  const file = (name: string): string => join(directory, name);
  makeSelfSigned(file('ca.key'), file('ca.pem'), '/CN=bench ca');
  makeSelfSigned(file('tls.key'), file('tls.pem'), '/CN=localhost');
  const store = new DatabaseSync(file('certs.db'));
  store.exec(SCHEMA);
  store.close();
  await writeFile(file('config.json'), JSON.stringify(CONFIG));
  await writeFile(
    file('db.json'),
    JSON.stringify({ driver: 'sqlite3', data_source: `file:${file('certs.db')}?_busy_timeout=60000` }),
  );
  const args = ['serve', '-ca', file('ca.pem'), '-ca-key', file('ca.key'), '-config', file('config.json')];
  const tls = ['-db-config', file('db.json'), '-tls-cert', file('tls.pem'), '-tls-key', file('tls.key')];
  const child = spawn('cfssl', [...args, ...tls, '-port', String(PORT), '-loglevel', '5'], {
    env: { ...process.env, GOMAXPROCS: '1' },
    stdio: 'ignore',
  });
  await untilListening(PORT);
  return {
    pid: child.pid ?? 0,
    port: PORT,
    async close() {
      child.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The body of an authenticated request: who does not know the key gets nothing signed. */
export function authenticated(csrPem: string, host: string): string {
  const request = Buffer.from(JSON.stringify({ certificate_request: csrPem, hosts: [host] }));
  const token = createHmac('sha256', Buffer.from(AUTH_KEY, 'hex')).update(request).digest('base64');
  return JSON.stringify({ token, request: request.toString('base64') });
}

function makeSelfSigned(key: string, certificate: string, subject: string): void {
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const rest = ['-keyout', key, '-out', certificate, '-subj', subject, '-days', '30'];
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'];
  if (spawnSync('openssl', [...made, ...rest, ...usage]).status !== 0) throw new Error('openssl req failed');
}

async function untilListening(port: number): Promise<void> {
  const giveUpAt = performance.now() + START_MS;
  while (performance.now() < giveUpAt) {
    const answers = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        resolve(true);
      });
      socket.on('error', () => {
        resolve(false);
      });
      socket.on('connect', () => socket.destroy());
    });
    if (answers) return;
    await delay(50);
  }
  throw new Error(`nothing listens on ${String(port)}`);
}
