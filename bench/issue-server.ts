import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCa } from '../src/app/ca/init.ts';
import { serveCa } from '../src/app/ca/serve.ts';
import { openLog } from '../src/app/log.ts';
import { systemClock } from '../src/io/index.ts';

/* The CA of bench/issue.ts: what `pki init` and `pki serve` do, in the directory of the argument, without rate limits. */

const [directory = '', store = 'sqlite'] = process.argv.slice(2);
const home = join(directory, 'state');
const passphrase = { env: { LIFESIGN_PASSPHRASE: 'bench' } };
const urls = ['https://localhost:18440'];
const now = () => systemClock.now().wall;

await initCa({ home, urls, permitDns: ['bench.internal'], store, passphrase, now });
const config = join(home, 'ca.yaml');
const text = await readFile(config, 'utf8');
await writeFile(config, `${text}limits:\n  requests_per_second: 1000000\n  burst: 1000000\n`);
const anyPort = { host: '127.0.0.1', port: 0 };
const ca = await serveCa({
  home,
  listen: anyPort,
  crlListen: anyPort,
  passphrase,
  log: openLog(process.env),
});
process.send?.({
  port: ca.listening?.port ?? 0,
  crlPort: ca.crlListening.port,
  controlSocket: ca.controlSocket,
});
process.on('SIGTERM', () => void ca.close().then(() => process.exit()));
