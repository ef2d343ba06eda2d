/** Who has to act: we (bug), the operator (misconfiguration), a peer that misbehaves, or the machine and network. */
export type FaultCause = 'bug' | 'misconfiguration' | 'hostile-peer' | 'environment';

/** What docs/ERRORS.md says of one code. A test keeps the two equal. */
export interface FaultKind {
  readonly cause: FaultCause;
  /** True when durable state may have changed before the error was raised. */
  readonly stateChanged: boolean;
  /** The exit code of a command that ends with this error. */
  readonly exit: number;
  /** The HTTP status of an API call that ends with this error. */
  readonly http: number;
  /** What to do, in one clause, for a person at a terminal. */
  readonly advice: string;
}
