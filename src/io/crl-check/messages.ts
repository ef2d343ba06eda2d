import type { Fault, Result } from '../../std/index.ts';
import type { CrlCheck, CrlFindings } from '../../trust/index.ts';

/** From the asking thread to the one that checks. One at a time. */
export type CheckQuestion = CrlCheck;

/** The answer to the one question that is open. */
export type CheckAnswer = Result<CrlFindings, Fault>;
