import { faultKind, type FaultCode } from './faults/catalogue.ts';

/** Why something was refused: a stable code and one clause that says what and where. A value, not an exception. */
export interface Fault {
  readonly code: FaultCode;
  /** What was wrong, with the values that matter. Never secret, never longer than a line. */
  readonly detail: string;
  readonly cause?: Fault | undefined;
}

export function fault(code: FaultCode, detail: string, cause?: Fault): Fault {
  return cause === undefined ? { code, detail } : { code, detail, cause };
}

/** The exception that carries a fault through the shells (CLI, HTTP, I/O). Cores return faults instead. */
export class LsError extends Error {
  readonly fault: Fault;

  constructor(reason: Fault, options?: { readonly cause?: unknown }) {
    super(describeFault(reason), options);
    this.name = 'LsError';
    this.fault = reason;
  }

  get code(): FaultCode {
    return this.fault.code;
  }
}

/** `error[LS_AREA_REASON]: what and where; what to do` on one line. */
export function describeFault(reason: Fault): string {
  return `error[${reason.code}]: ${reason.detail}; ${faultKind(reason.code).advice}`.replaceAll(
    /\s*\n\s*/g,
    ' ',
  );
}
