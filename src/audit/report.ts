import { faultKind, type FaultCode } from '../std/index.ts';

/** Findings of one kind that a report lists; more are counted. */
export const MAX_FINDINGS = 1_000;

/** One thing that is wrong, or missing, and where. */
export interface AuditFinding {
  readonly code: FaultCode;
  readonly file: string;
  /** In bytes; null when the finding is about the file as a whole. */
  readonly offset: number | null;
  /** Leaf index of the entry. */
  readonly index: number | null;
  /** Name of the node it is about; its id when no certificate names it. */
  readonly node: string | null;
  readonly epoch: number | null;
  readonly seq: number | null;
  readonly expected: string | null;
  readonly found: string | null;
}

/** What was read of one home. */
export interface AuditedHome {
  readonly home: string;
  readonly node: string | null;
  readonly nodeId: string | null;
  readonly records: number;
  /** Signatures that hold. */
  readonly signatures: number;
  readonly size: number;
  /** Root hash over all entries, hexadecimal; null when some could not be read. */
  readonly root: string | null;
  /** Milliseconds since 1970 of the first and last entry. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** What the entries of a CA's ledger add up to; only of CA homes. */
  readonly ca?: AuditedCaFacts;
}

export interface AuditedCaFacts {
  /** Certificates issued so far. */
  readonly certificates: number;
  readonly revoked: number;
  readonly crlNumber: number;
  readonly rosterNumber: number;
}

export interface AuditReport {
  /** Nothing is contradicted and nothing is missing. */
  readonly ok: boolean;
  /** Nothing is missing. */
  readonly complete: boolean;
  readonly records: number;
  readonly signatures: number;
  /** Nodes whose signatures were verified. */
  readonly nodes: number;
  /** Contradictions, in the order of homes, files and offsets. */
  readonly faults: readonly AuditFinding[];
  /** Evidence that is not there. */
  readonly missing: readonly AuditFinding[];
  /** Findings beyond those listed. */
  readonly unlisted: number;
  readonly homes: readonly AuditedHome[];
}

/** Where something was found. */
export interface Place {
  /** Which of the homes, from 0. */
  readonly home: number;
  readonly file: string;
  readonly offset: number | null;
  readonly index: number | null;
}

/** What a finding says besides code and place. */
export interface FindingDetails {
  readonly node?: string | null;
  readonly epoch?: number | null;
  readonly seq?: number | null;
  readonly expected?: string | null;
  readonly found?: string | null;
}

interface Noted {
  readonly place: Place;
  readonly finding: AuditFinding;
}

/** Collects findings; which are contradictions and which are gaps in the evidence is in the catalogue of faults. */
export class Findings {
  readonly #faults: Noted[] = [];
  readonly #missing: Noted[] = [];
  #unlisted = 0;

  add(code: FaultCode, place: Place, details: FindingDetails = {}): void {
    const list = isGap(code) ? this.#missing : this.#faults;
    if (list.length >= MAX_FINDINGS) {
      this.#unlisted += 1;
      return;
    }
    const { file, offset, index } = place;
    const { node = null, epoch = null, seq = null, expected = null, found = null } = details;
    list.push({ place, finding: { code, file, offset, index, node, epoch, seq, expected, found } });
  }

  get faults(): readonly AuditFinding[] {
    return inOrder(this.#faults);
  }

  get missing(): readonly AuditFinding[] {
    return inOrder(this.#missing);
  }

  get unlisted(): number {
    return this.#unlisted;
  }
}

/** Exit code 2 marks the codes that say no more than that evidence is not there. */
function isGap(code: FaultCode): boolean {
  return faultKind(code).exit === 2;
}

/** Follow from something else as a rule, and point less exactly than what they follow from. */
const DERIVED: ReadonlySet<FaultCode> = new Set(['LS_AUDIT_ROOT', 'LS_AUDIT_FORK', 'LS_AUDIT_TRUNCATED']);

/** By home; inside one by entry, what only follows from other findings after those, whole files last. */
function inOrder(noted: readonly Noted[]): readonly AuditFinding[] {
  const sorted = noted.toSorted((a, b) => {
    for (const [one, other] of [
      [a.place.home, b.place.home],
      [rankOf(a), rankOf(b)],
      [a.place.index ?? 0, b.place.index ?? 0],
    ] as const) {
      if (one !== other) return one - other;
    }
    return 0;
  });
  return sorted.map(({ finding }) => finding);
}

function rankOf({ place, finding }: Noted): number {
  if (place.index === null) return 2;
  return DERIVED.has(finding.code) ? 1 : 0;
}
