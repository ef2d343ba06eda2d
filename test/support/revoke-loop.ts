import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openAuthority } from '../../src/authority/index.ts';
import { nodeCrypto } from '../../src/io/crypto/node-crypto.ts';
import { signerFromPkcs8 } from '../../src/io/crypto/signer.ts';
import { openSqliteStore } from '../../src/io/sqlite/index.ts';
import { systemClock, systemRandom } from '../../src/io/system/system.ts';
import { onlyList } from './issuing.ts';

/*
 * A process to be killed: revokes the nodes it is given, one after the other, and says on stdout what it has been
 * told is done. Usage: node revoke-loop.ts STORE ISSUING-KEY.der NAME…
 *
 *   crl NUMBER SHA256          a CRL was published
 *   roster NUMBER SHA256       a roster was published
 *   revoked NAME SERIAL,… CRL-NUMBER ROSTER-NUMBER
 *   finished
 */
const FULL_CRL_EVERY = 7;

const [storePath = '', keyPath = '', ...names] = process.argv.slice(2);
const opened = await openAuthority({
  store: openSqliteStore(storePath),
  keys: { issuing: [signerFromPkcs8(readFileSync(keyPath))] },
  crypto: nodeCrypto,
  random: systemRandom,
  config: { urls: ['https://ca.mesh.internal:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 },
});
if (!opened.ok) throw new Error(`${opened.error.code}: ${opened.error.detail}`);
const authority = opened.value;
authority.onPublication(({ crl, roster }) => {
  if (crl !== undefined) say(`crl ${crl.number} ${digest(onlyList(crl))}`);
  if (roster !== undefined) say(`roster ${roster.number} ${digest(roster.record)}`);
});
for (const [index, name] of names.entries()) {
  const done = await authority.revoke({ name, reason: 'keyCompromise' }, systemClock.now().wall);
  if (!done.ok) throw new Error(`${done.error.code}: ${done.error.detail}`);
  const { serials, crlNumber, rosterNumber } = done.value;
  say(`revoked ${name} ${serials.join(',')} ${crlNumber} ${rosterNumber ?? 'none'}`);
  if (index % FULL_CRL_EVERY === 0) await authority.publishFull(systemClock.now().wall);
}
say('finished');
// A kill ends this process, however late it comes.
setTimeout(() => undefined, 60_000);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
