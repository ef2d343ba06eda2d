import type { IssuingRequest, RolloverDesk } from '../../api/ca/index.ts';
import {
  makeIssuingRequest,
  type IssuingFacts,
  type MadeRoot,
  type PrepareRootRequest,
  type RootFacts,
} from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import {
  equalBytes,
  fault,
  LsError,
  toHex,
  utf8,
  type Fault,
  type Result,
  type Signer,
  type UnixMs,
} from '../../std/index.ts';
import type { Log } from '../log.ts';
import { certificatesPem } from '../pem-file.ts';
import { hasEnded } from '../../authority/index.ts';
import { issuingKeyName, rootKeyName } from './key-names.ts';
import type { CaKeys } from './key-store.ts';
import type { OpenCa } from './open.ts';

type PrepareFiles = Parameters<RolloverDesk['prepare']>[0];

export interface DeskParts {
  readonly ca: Pick<OpenCa, 'authority' | 'config' | 'home' | 'keys'>;
  readonly now: () => UnixMs;
  readonly log: Pick<Log, 'error' | 'info'>;
  /** What a server does when the generations have changed, beside what the desk does itself. */
  readonly onChange?: () => Promise<void>;
}

const MAX_PEM_BYTES = 1024 * 1024;
const PUBLIC_IN_PRIVATE_DIRECTORY = { mode: 0o600 };

/** Keys and files of the home where one issuing CA follows another. Its calls run one after the other. */
export class HomeRolloverDesk implements RolloverDesk {
  readonly #parts: DeskParts;
  /** Generations whose key the authority has. */
  readonly #held: Set<number>;
  #last: Promise<unknown> = Promise.resolve();
  #fault: Fault | undefined;

  /** `held`: the generations with whose keys the authority was opened. */
  constructor(parts: DeskParts, held: Iterable<number>) {
    this.#parts = parts;
    this.#held = new Set(held);
  }

  /** Why this server or its home does not follow the generations of the store, if so. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  prepare(files: PrepareFiles): Promise<IssuingFacts> {
    return this.#inTurn(async () => {
      const known = await this.#list();
      const prepared = known.find(({ state }) => state === 'prepared');
      if (prepared !== undefined && files.certificate === undefined) return prepared;
      const facts = await this.#prepareNext(prepared?.generation ?? nextOf(known), files);
      await this.#follow();
      return facts;
    });
  }

  request(): Promise<IssuingRequest> {
    return this.#inTurn(async () => {
      const known = await this.#list();
      const prepared = known.find(({ state }) => state === 'prepared');
      if (prepared !== undefined) {
        const detail = `generation ${prepared.generation} is prepared already`;
        throw new LsError(fault('LS_ROLLOVER_PENDING', detail));
      }
      const generation = nextOf(known);
      const { key } = await this.#nextKey(generation);
      const { trustDomain, permitDns, crlUrl } = this.#parts.ca.config;
      const wanted = { trustDomain, permittedDns: permitDns, crlUrl };
      const root = valueOf(await this.#parts.ca.authority.rollover.roots()).length;
      const csr = valueOf(makeIssuingRequest({ crypto: nodeCrypto }, wanted, key, generation, root));
      return { generation, csr, keySha256: toHex(nodeCrypto.sha256(key.spki)) };
    });
  }

  prepareRoot(made: MadeRoot | undefined): Promise<RootFacts> {
    return this.#inTurn(async () => {
      const facts = made === undefined ? await this.#makeRoot() : valueOf(await this.#pin(made));
      await this.#follow();
      return facts;
    });
  }

  follow(): Promise<void> {
    return this.#inTurn(() => this.#follow());
  }

  /** The next one, or again the one that has certified nothing yet. */
  async #makeRoot(): Promise<RootFacts> {
    const { authority, keys } = this.#parts.ca;
    const ring = unlocked(keys);
    await this.#refuseRootless(ring);
    const newest = valueOf(await authority.rollover.roots()).at(-1);
    if (newest === undefined) throw new RangeError('a CA has a root');
    if (newest.issuing.length === 0) return newest;
    const name = rootKeyName(newest.generation + 1);
    const isNew = (await ring.placeOf(name)) === undefined;
    const key = isNew ? await ring.make(name, 'ES256') : await ring.open(name);
    const prepared = await this.#pin({ key });
    if (prepared.ok) return prepared.value;
    // Another server was first, with a key of its own, which is to have this name.
    if (isNew && prepared.error.code === 'LS_ROLLOVER_PENDING') await ring.destroy(name);
    throw new LsError(prepared.error);
  }

  async #pin(request: PrepareRootRequest): Promise<Result<RootFacts, Fault>> {
    const { authority } = this.#parts.ca;
    const prepared = await authority.rollover.prepareRoot(request, this.#parts.now());
    if (prepared.ok) {
      const { generation, serial } = prepared.value;
      this.#parts.log.info({ event: 'rollover', root: generation, serial }, 'root prepared');
    }
    return prepared;
  }

  /** The newest root certifies what comes next. */
  async #refuseRootless(ring: CaKeys): Promise<void> {
    const newest = valueOf(await this.#parts.ca.authority.rollover.roots()).at(-1);
    const name = rootKeyName(newest?.generation ?? 1);
    if ((await ring.placeOf(name)) !== undefined) return;
    const detail = `the key ${name} is not in ${this.#parts.ca.home.keysDir}`;
    throw new LsError(fault('LS_ROLLOVER_ROOT_ABSENT', detail));
  }

  async #prepareNext(generation: number, files: PrepareFiles): Promise<IssuingFacts> {
    const { authority, keys } = this.#parts.ca;
    const ring = unlocked(keys);
    const isOffline = files.certificate !== undefined;
    if (!isOffline) await this.#refuseRootless(ring);
    const name = issuingKeyName(generation);
    const { key, isNew } = isOffline
      ? { key: await ring.open(name), isNew: false }
      : await this.#nextKey(generation);
    const prepared = await authority.rollover.prepare({ key, ...files }, this.#parts.now());
    if (prepared.ok) {
      this.#held.add(generation);
      return prepared.value;
    }
    // Another server was first, with a key of its own, which is to have this name.
    if (isNew && prepared.error.code === 'LS_ROLLOVER_PENDING') await ring.destroy(name);
    throw new LsError(prepared.error);
  }

  /** The one that was made by a call that ended before its CA was prepared, or a new one. */
  async #nextKey(generation: number): Promise<{ readonly key: Signer; readonly isNew: boolean }> {
    const ring = unlocked(this.#parts.ca.keys);
    const name = issuingKeyName(generation);
    if ((await ring.placeOf(name)) !== undefined) return { key: await ring.open(name), isNew: false };
    const key = await ring.make(name, 'ES256');
    this.#parts.log.info({ event: 'rollover', generation, key: name }, 'issuing key made');
    return { key, isNew: true };
  }

  async #follow(): Promise<void> {
    try {
      const known = await this.#list();
      await this.#takeKeys(known);
      await this.#writeCertificates(known);
      await this.#writeRoots();
      await this.#parts.onChange?.();
      this.#fault = undefined;
    } catch (cause) {
      const reason = cause instanceof LsError ? cause.fault : fault('LS_API_INTERNAL', String(cause));
      const { code, detail } = reason;
      if (this.#fault?.code !== code)
        this.#parts.log.error(
          { event: 'rollover', code, detail },
          'this server does not follow the rollover',
        );
      this.#fault = reason;
    }
  }

  /** Has the authority sign with the keys of CAs that another server has prepared. */
  async #takeKeys(known: readonly IssuingFacts[]): Promise<void> {
    const { authority, keys } = this.#parts.ca;
    if (keys === undefined) return;
    for (const { generation, state } of known) {
      if (hasEnded({ state }) || this.#held.has(generation)) continue;
      const key = await keys.open(issuingKeyName(generation));
      valueOf(await authority.rollover.prepare({ key }, this.#parts.now()));
      this.#held.add(generation);
      this.#parts.log.info({ event: 'rollover', generation }, 'issuing key taken into use');
    }
  }

  /** The active one first, and all that are in use. */
  async #writeCertificates(known: readonly IssuingFacts[]): Promise<void> {
    const used = known.filter(({ state }) => !hasEnded({ state }));
    const active = used.filter(({ state }) => state === 'active');
    if (active.length === 0) return;
    const others = used.filter(({ state }) => state !== 'active').toReversed();
    const pem = certificatesPem([...active, ...others].map(({ certificate }) => certificate));
    const { issuingCert } = this.#parts.ca.home;
    if (equalBytes(await readFileCapped(issuingCert, MAX_PEM_BYTES), utf8(pem))) return;
    await writeFileDurably(issuingCert, pem, PUBLIC_IN_PRIVATE_DIRECTORY);
  }

  /** The genesis root first. */
  async #writeRoots(): Promise<void> {
    const pem = certificatesPem(this.#parts.ca.authority.bundle().roots);
    const { rootCert } = this.#parts.ca.home;
    if (equalBytes(await readFileCapped(rootCert, MAX_PEM_BYTES), utf8(pem))) return;
    await writeFileDurably(rootCert, pem, PUBLIC_IN_PRIVATE_DIRECTORY);
  }

  async #list(): Promise<readonly IssuingFacts[]> {
    return valueOf(await this.#parts.ca.authority.rollover.list(this.#parts.now()));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** The desk of a home as it was opened just now. */
export async function openDesk(parts: DeskParts): Promise<HomeRolloverDesk> {
  const known = valueOf(await parts.ca.authority.rollover.list(parts.now()));
  return new HomeRolloverDesk(parts, generationsInUse(known));
}

function generationsInUse(known: readonly IssuingFacts[]): readonly number[] {
  return known.filter(({ state }) => !hasEnded({ state })).map(({ generation }) => generation);
}

function nextOf(known: readonly IssuingFacts[]): number {
  return Math.max(0, ...known.map(({ generation }) => generation)) + 1;
}

function unlocked(keys: CaKeys | undefined): CaKeys {
  if (keys !== undefined) return keys;
  throw new LsError(
    fault('LS_KEY_NO_PASSPHRASE', 'this call needs the keys of the CA, which were not unlocked'),
  );
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
