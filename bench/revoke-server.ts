import { join } from 'node:path';
import { initCa } from '../src/app/ca/init.ts';
import { openCa } from '../src/app/ca/open.ts';
import { serveCa } from '../src/app/ca/serve.ts';
import { openLog } from '../src/app/log.ts';
import { systemClock } from '../src/io/index.ts';
import { LsError, unixMs } from '../src/std/index.ts';
import { fillStore } from './support/fill-store.ts';

/* The CA of bench/revoke.ts: `pki init`, a store filled as if long in use, a full CRL of all that, and `pki serve`. */

const HOUR_MS = 3_600_000;

const [directory = '', revoked = '0', live = '0'] = process.argv.slice(2);
const home = join(directory, 'state');
const passphrase = { env: { LIFESIGN_PASSPHRASE: 'bench' } };
const now = () => systemClock.now().wall;

await initCa({ home, urls: ['https://localhost:18440'], permitDns: [], passphrase, now });
const ca = await openCa(home, passphrase);
await fillStore(ca.store, {
  revoked: Number(revoked),
  live: Number(live),
  crlNumber: 2,
  now: unixMs(now() - HOUR_MS / 2),
});
const begin = performance.now();
const published = await ca.authority.publishFull(now());
if (!published.ok) throw new LsError(published.error);
const fullCrlMs = performance.now() - begin;
await ca.close();
const anyPort = { host: '127.0.0.1', port: 0 };
const server = await serveCa({
  home,
  listen: anyPort,
  crlListen: anyPort,
  passphrase,
  log: openLog(process.env),
});
process.send?.({
  controlSocket: server.controlSocket,
  fullCrlMs,
  fullCrlBytes: published.value.issuing[0]?.full.length ?? 0,
});
process.on('SIGTERM', () => void server.close().then(() => process.exit()));
