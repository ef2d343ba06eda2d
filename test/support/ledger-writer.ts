import { openLedger } from '../../src/io/ledger/index.ts';
import { fixedKey } from './fixed-keys.ts';

/*
 * A process of its own that appends as fast as it can and prints each size once it is durable, until it is killed.
 * Usage: node test/support/ledger-writer.ts DIR
 */

const CONCURRENT = 8;
const BODY_BYTES = 200;

const ledger = await openLedger({
  dir: process.argv[2] ?? '',
  signer: fixedKey('Ed25519', 'ledger writer'),
  origin: 'lifesign/mesh.internal/0123456789abcdef0123456789abcdef',
});
let next = ledger.head().size;
process.stdout.write(`${String(next)}\n`);

await Promise.all(
  Array.from({ length: CONCURRENT }, async () => {
    for (;;) {
      const body = new Uint8Array(BODY_BYTES).fill(1);
      new DataView(body.buffer).setUint32(0, next);
      next += 1;
      const { firstIndex } = await ledger.append([body]);
      process.stdout.write(`${String(firstIndex + 1)}\n`);
    }
  }),
);
