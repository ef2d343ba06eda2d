import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';

const WARM_UP = 50;
const MEASURED = 300;

/** Processor time of one TLS 1.3 handshake with a P-256 certificate on each side: both sides, and nothing else. */
export async function bareHandshakeMicroseconds(): Promise<number> {
  const { key, cert } = await selfSigned();
  const own = { key, cert, ca: cert, minVersion: 'TLSv1.3' } as const;
  const server = createServer({ ...own, requestCert: true }, (socket) => socket.end('.'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const handshake = async (): Promise<void> => {
    const socket = connect({ ...own, host: '127.0.0.1', port, checkServerIdentity: () => undefined });
    socket.resume();
    await once(socket, 'close');
  };
  for (let done = 0; done < WARM_UP; done++) await handshake();
  const before = process.cpuUsage();
  for (let done = 0; done < MEASURED; done++) await handshake();
  const { user, system } = process.cpuUsage(before);
  server.close();
  return Math.round((user + system) / MEASURED);
}

async function selfSigned(): Promise<{ readonly key: Buffer; readonly cert: Buffer }> {
  const directory = await mkdtemp(join(tmpdir(), 'lifesign-bench-tls-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const made = ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-subj', '/CN=bench', '-days', '2'];
  try {
    if (spawnSync('openssl', made).status !== 0) throw new Error('openssl req failed');
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(directory, { recursive: true });
  }
}
