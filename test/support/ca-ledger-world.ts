import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { auditCa, type AuditReport } from '../../src/audit/index.ts';
import {
  importAuthority,
  ledgerBatches,
  openAuthority,
  type Authority,
  type LedgerRow,
  type StoreReader,
} from '../../src/authority/index.ts';
import {
  DerivedLog,
  ledgerLayout,
  LedgerDirectory,
  openSqliteStore,
  systemRandom,
  snapshotSqliteStore,
  type LeafSource,
} from '../../src/io/index.ts';
import { caLogOrigin, encodeEntry, type LedgerEntry } from '../../src/ledger/index.ts';
import { ok, type Signer, type UnixMs } from '../../src/std/index.ts';
import { makeTrustBundle } from '../../src/trust/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, peerOf, renewalFor, type TestCa } from './ca.ts';
import { testCrypto, testKey } from './crypto.ts';
import type { TestPki } from './pki.ts';
import { rawKey } from './raw-key.ts';
import { valueOf } from './result.ts';
import { tempDir } from './temp-dir.ts';

/** The story once told, for every test to have a copy of. */
interface Template {
  readonly ca: TestCa;
  readonly logKey: Signer;
  readonly bytes: Uint8Array;
  readonly checkpoint: Uint8Array;
}

let template: Promise<Template> | undefined;

/** A CA over a store on disk whose ledger has a checkpoint, and whoever has write access to its files. */
export class CaLedgerWorld {
  readonly ca: TestCa;
  readonly dir: string;
  readonly logKey: Signer;
  readonly #file: string;

  private constructor(ca: TestCa, dir: string, file: string, logKey: Signer) {
    this.ca = ca;
    this.dir = dir;
    this.#file = file;
    this.logKey = logKey;
  }

  static async make(logKey: Signer = testKey('Ed25519')): Promise<CaLedgerWorld> {
    const dir = await tempDir();
    const file = join(dir, 'store.sqlite');
    const ca = await makeTestCa({ store: openSqliteStore(file), request: { logKey: rawKey(logKey) } });
    return new CaLedgerWorld(ca, dir, file, logKey);
  }

  /** A CA whose root is `pki`'s, and elsewhere. */
  static async imported(pki: TestPki): Promise<CaLedgerWorld> {
    const dir = await tempDir();
    const file = join(dir, 'store.sqlite');
    const logKey = testKey('Ed25519');
    const store = openSqliteStore(file);
    onTestFinished(() => store.close());
    const deps: TestCa['deps'] = {
      store,
      keys: { issuing: [pki.issuing.key], roots: [pki.root.key] },
      crypto: testCrypto,
      random: systemRandom,
      config: { urls: ['https://ca.mesh.internal:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 },
    };
    const { trustDomain } = pki;
    const files = { certificates: [pki.root.der, pki.issuing.der], crls: [pki.rootCrl({ number: 1 })] };
    const request = { trustDomain, permittedDns: [], hosts: [], files, logKey: rawKey(logKey) };
    valueOf(await importAuthority(deps, request, CA_NOW));
    const authority = valueOf(await openAuthority({ ...deps, keys: { issuing: [pki.issuing.key] } }));
    return new CaLedgerWorld({ deps, authority }, dir, file, logKey);
  }

  /** Everything that a CA does, once: alpha renewed, beta revoked, gamma removed, a server and an operator. */
  static async story(): Promise<CaLedgerWorld> {
    const { ca, logKey, bytes, checkpoint } = await (template ??= CaLedgerWorld.told());
    const dir = await tempDir();
    const file = join(dir, 'store.sqlite');
    await writeFile(file, bytes);
    await writeFile(ledgerLayout(dir).checkpoint, checkpoint);
    const store = openSqliteStore(file);
    onTestFinished(() => store.close());
    const deps = { ...ca.deps, store };
    return new CaLedgerWorld({ deps, authority: valueOf(await openAuthority(deps)) }, dir, file, logKey);
  }

  static async told(): Promise<Template> {
    const world = await CaLedgerWorld.make();
    const { authority } = world.ca;
    const alpha = await enrollMember(authority, 'alpha');
    const beta = await enrollMember(authority, 'beta');
    const gamma = await enrollMember(authority, 'gamma');
    for (const { enrollment } of [alpha, beta, gamma])
      valueOf(await authority.activate(await peerOf(authority, enrollment.chain), null, CA_NOW));
    const peer = await peerOf(authority, alpha.enrollment.chain);
    valueOf(await authority.reenroll(peer, renewalFor(authority, peer, alpha.key).request, CA_NOW));
    valueOf(await authority.revoke({ name: 'beta', reason: 'keyCompromise' }, later(2_000)));
    valueOf(await authority.remove('gamma', later(3_000)));
    const { facts } = valueOf(await authority.createToken({ name: 'delta' }, later(3_000)));
    valueOf(await authority.deleteToken(facts.tokenId, later(3_000)));
    valueOf(await authority.createToken({ name: 'epsilon' }, later(3_000)));
    valueOf(await authority.publishFull(later(4_000)));
    valueOf(await authority.issueServer({ hosts: ['ca.mesh.internal'], spki: testKey().spki }, later(4_000)));
    await world.sign();
    await world.ca.deps.store.close();
    const { ca, logKey } = world;
    return { ca, logKey, bytes: await readFile(world.#file), checkpoint: await world.checkpoint() };
  }

  /** Another CA with the same keys, over a copy of the store as it is now. */
  async twin(): Promise<Authority> {
    const copy = join(this.dir, 'twin.sqlite');
    snapshotSqliteStore(this.#file, copy);
    const store = openSqliteStore(copy);
    onTestFinished(() => store.close());
    return valueOf(await openAuthority({ ...this.ca.deps, store }));
  }

  get leaves(): LeafSource {
    const rows = (from: number, limit: number): Promise<readonly LedgerRow[]> =>
      this.read((tx) => tx.ledger(from, limit));
    return { size: () => this.read((tx) => tx.ledgerSize()), batches: (from) => ledgerBatches(rows, from) };
  }

  async read<T>(work: (tx: StoreReader) => Promise<T>): Promise<T> {
    return valueOf(await this.ca.deps.store.read(async (tx) => ok(await work(tx))));
  }

  openLog(signer: Signer = this.logKey, trustDomain = 'mesh.internal'): Promise<DerivedLog> {
    const origin = caLogOrigin(trustDomain);
    return DerivedLog.open({ dir: this.dir, origin, signer, crypto: testCrypto, source: this.leaves });
  }

  async sign(): Promise<void> {
    await (await this.openLog()).advance();
  }

  get checkpointFile(): string {
    return ledgerLayout(this.dir).checkpoint;
  }

  checkpoint(): Promise<Uint8Array> {
    return readFile(this.checkpointFile);
  }

  /** As whoever has the file, past the program. */
  tamper(sql: string, ...values: readonly SQLInputValue[]): void {
    const database = new DatabaseSync(this.#file);
    try {
      database.exec('PRAGMA foreign_keys = OFF');
      database.exec('PRAGMA ignore_check_constraints = ON');
      database.prepare(sql).run(...values);
    } finally {
      database.close();
    }
  }

  /** Index of the first entry that `isIt`, by its readable part. */
  async find(text: string): Promise<number> {
    const rows = await this.read((tx) => tx.ledger(0, 1_000));
    const row = rows.find(({ body }) => Buffer.from(body).includes(text));
    if (row === undefined) throw new Error(`no entry has ${text}`);
    return row.index;
  }

  async body(index: number): Promise<Uint8Array> {
    const [row] = await this.read((tx) => tx.ledger(index, 1));
    if (row === undefined) throw new Error(`no entry ${String(index)}`);
    return row.body;
  }

  /** Puts an entry in the place of another, or of none. */
  put(index: number, entry: LedgerEntry, at: UnixMs = later(5_000)): void {
    this.tamper('INSERT OR REPLACE INTO ledger (idx, body) VALUES (?, ?)', index, encodeEntry(entry, at));
  }

  async audit(): Promise<AuditReport> {
    const { roots, trustDomain } = this.ca.authority.bundle();
    // The genesis root alone is pinned: what counts beside it the ledger has to show.
    const bundle = valueOf(makeTrustBundle(trustDomain, roots.slice(0, 1), testCrypto));
    const ledger = new LedgerDirectory(this.dir, 'ca');
    const checkpoint = await ledger.checkpoint();
    const { report } = await this.read((tx) =>
      auditCa(
        {
          name: 'ca',
          place: 'store.sqlite',
          checkpoint,
          tile: (level, index) => ledger.tile(level, index),
          rows: () => ledgerBatches((from, limit) => tx.ledger(from, limit), 0),
          tables: tx,
        },
        { bundle, crypto: testCrypto, home: 0 },
      ),
    );
    return report;
  }
}
