import { CommanderError } from 'commander';
import { describeFault, fault, faultKind, LsError, type Fault, type FaultCode } from '../std/index.ts';

const CODE_OF_COMMANDER: Readonly<Record<string, FaultCode>> = {
  'commander.unknownCommand': 'LS_CLI_UNKNOWN_COMMAND',
  'commander.unknownOption': 'LS_CLI_UNKNOWN_OPTION',
};
/** A group of commands was named without a command: its help went to stderr. */
const HELP_INSTEAD = 'commander.help';

/** What an exception out of a command means: nothing wrong, help instead of a result, or a fault. */
export function faultOfError(error: unknown): Fault | 'shown' | 'help-instead' {
  if (error instanceof LsError) return error.fault;
  if (error instanceof CommanderError) return faultOfCommander(error);
  return fault(
    'LS_CLI_INTERNAL',
    oneLine(error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  );
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The error as its one line for a person, or as a JSON document; both end in a newline. */
export function formatFault(reason: Fault, json: boolean): string {
  return json ? `${JSON.stringify({ error: faultObject(reason) })}\n` : `${describeFault(reason)}\n`;
}

/** Everything known about an unexpected error, for LIFESIGN_DEBUG. */
export function debugText(error: unknown): string {
  if (!(error instanceof Error)) return `${String(error)}\n`;
  const cause = error.cause === undefined ? '' : `caused by ${debugText(error.cause)}`;
  return `${error.stack ?? error.message}\n${cause}`;
}

function faultObject(reason: Fault): object {
  const kind = faultKind(reason.code);
  return {
    code: reason.code,
    detail: reason.detail,
    advice: kind.advice,
    cause: kind.cause,
    stateChanged: kind.stateChanged,
    exit: kind.exit,
    ...(reason.cause === undefined ? {} : { because: faultObject(reason.cause) }),
  };
}

function faultOfCommander(error: CommanderError): Fault | 'shown' | 'help-instead' {
  if (error.exitCode === 0) return 'shown';
  if (error.code === HELP_INSTEAD) return 'help-instead';
  const message = oneLine(error.message.replace(/^error: /, '')).replace(/\.$/, '');
  return fault(CODE_OF_COMMANDER[error.code] ?? 'LS_CLI_USAGE', message);
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
