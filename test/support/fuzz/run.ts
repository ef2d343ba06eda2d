import { mutant, SeededDice } from './mutate.ts';

/** A decoder under attack. */
export interface FuzzTarget {
  readonly name: string;
  /** Well-formed inputs to start from. */
  readonly seeds: readonly [Uint8Array, ...Uint8Array[]];
  /**
   * Decodes `input` and checks what must hold of what was accepted. Returns the fault code, or undefined when it was
   * accepted. Throwing anything is a finding.
   */
  readonly decode: (input: Uint8Array) => string | undefined;
}

/** What was seen of one decoder. */
export interface FuzzResult {
  readonly target: string;
  readonly inputs: number;
  readonly accepted: number;
  /** Distinct fault codes met, accepted not counted. */
  readonly codes: number;
  /** Of one input; above MAX_INPUT_MS the best of several tries. */
  readonly slowestMs: number;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly elapsedMs: number;
  /** Most heap and array buffers above where the run began, sampled between inputs; garbage included. */
  readonly memoryAboveStartMiB: number;
  readonly results: readonly FuzzResult[];
}

/** The longest that one input of at most 64 KiB may take in each of {@link TRIES}: a pause of the machine is no hang. */
export const MAX_INPUT_MS = 250;
const TRIES = 4;
/** Memory above the start of the run that nothing may need, garbage between two collections included. */
export const MAX_MEMORY_MIB = 512;
/** Inputs kept because they led somewhere new, for each target. */
const MAX_CORPUS = 256;
/** Inputs of one target before it is the next one's turn. */
const TURN = 200;

/** Attacks each target in turn for `durationMs`. Throws with the input in hexadecimal at the first finding. */
export function fuzz(targets: readonly FuzzTarget[], durationMs: number, seed: number): FuzzReport {
  const dice = new SeededDice(seed);
  const attacks = targets.map((target) => new Attack(target, dice));
  const started = performance.now();
  const base = memoryMiB();
  let memoryAboveStartMiB = 0;
  while (performance.now() - started < durationMs) {
    for (const attack of attacks) {
      attack.turn();
      memoryAboveStartMiB = Math.max(memoryAboveStartMiB, Math.round(memoryMiB() - base));
      if (memoryAboveStartMiB > MAX_MEMORY_MIB) {
        throw new Error(`${attack.result.target}: ${memoryAboveStartMiB} MiB above the start`);
      }
    }
  }
  const results = attacks.map(({ result }) => result);
  const inputs = results.reduce((sum, result) => sum + result.inputs, 0);
  return { inputs, elapsedMs: Math.round(performance.now() - started), memoryAboveStartMiB, results };
}

class Attack {
  readonly #target: FuzzTarget;
  readonly #dice: SeededDice;
  readonly #corpus: Uint8Array[];
  readonly #codes = new Set<string>();
  #inputs = 0;
  #accepted = 0;
  #slowestMs = 0;

  constructor(target: FuzzTarget, dice: SeededDice) {
    this.#target = target;
    this.#dice = dice;
    this.#corpus = [...target.seeds];
    for (const input of target.seeds) {
      const code = target.decode(input);
      if (code !== undefined) throw new Error(`${target.name}: a well-formed input is refused with ${code}`);
    }
  }

  get result(): FuzzResult {
    return {
      target: this.#target.name,
      inputs: this.#inputs,
      accepted: this.#accepted,
      codes: this.#codes.size,
      slowestMs: Math.round(this.#slowestMs * 10) / 10,
    };
  }

  turn(): void {
    for (let i = 0; i < TURN; i++) this.#attack(mutant(this.#any(), this.#any(), this.#dice));
  }

  #attack(input: Uint8Array): void {
    const { code, tookMs } = this.#timed(input);
    let surelyMs = tookMs;
    for (let tries = 1; surelyMs > MAX_INPUT_MS && tries < TRIES; tries++) {
      surelyMs = Math.min(surelyMs, this.#timed(input).tookMs);
    }
    this.#inputs += 1;
    this.#slowestMs = Math.max(this.#slowestMs, surelyMs);
    if (surelyMs > MAX_INPUT_MS) throw this.#finding(input, `${surelyMs} ms for ${input.length} bytes`);
    if (code === undefined) this.#accepted += 1;
    else if (!this.#codes.has(code)) {
      this.#codes.add(code);
      this.#keep(input);
    }
    if (code === undefined && this.#dice.below(64) === 0) this.#keep(input);
  }

  #timed(input: Uint8Array): { readonly code: string | undefined; readonly tookMs: number } {
    const before = performance.now();
    try {
      const code = this.#target.decode(input);
      return { code, tookMs: performance.now() - before };
    } catch (error) {
      throw this.#finding(input, 'threw', error);
    }
  }

  /** Keeps the seeds, and of the rest what came last. */
  #keep(input: Uint8Array): void {
    const seeds = this.#target.seeds.length;
    if (this.#corpus.length < MAX_CORPUS + seeds) this.#corpus.push(input);
    else this.#corpus[seeds + this.#dice.below(MAX_CORPUS)] = input;
  }

  #any(): Uint8Array {
    return this.#corpus[this.#dice.below(this.#corpus.length)] ?? this.#target.seeds[0];
  }

  #finding(input: Uint8Array, what: string, cause?: unknown): Error {
    return new Error(`${this.#target.name}: ${what}; input ${Buffer.from(input).toString('hex')}`, { cause });
  }
}

function memoryMiB(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}
