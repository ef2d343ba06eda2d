import { faultCatalogue, faultKind, type FaultCode } from '../src/std/index.ts';

const HEAD = `# Error codes

Generated from \`src/std/faults/\` by \`npm run docs\`; a test keeps the two equal.

Every refusal has a stable code \`LS_AREA_REASON\`. On a terminal it is one line, \`error[CODE]: what and where; what to
do\`; with \`--json\` an object on stderr; over HTTP a problem document (RFC 9457) whose member \`code\` holds it. Codes
are never renamed.

- **Cause**: who has to act. *bug*: we; *misconfiguration*: the operator; *hostile-peer*: a peer sent what no correct
  one sends; *environment*: the machine or the network.
- **State**: whether durable state may have changed before the error was raised.
- **Exit**: the exit code of a command that ends with it. **HTTP**: the status of an API call that ends with it.
`;

const COLUMNS = ['Code', 'Cause', 'State', 'Exit', 'HTTP', 'What to do'];

/** docs/ERRORS.md, whole. */
export function errorsPage(): string {
  const codes = (Object.keys(faultCatalogue) as FaultCode[]).sort();
  const areas = [...new Set(codes.map(areaOf))];
  const sections = areas.map((area) => {
    const rows = codes.filter((code) => areaOf(code) === area).map(rowOf);
    return [`## ${area}`, '', ...[COLUMNS, COLUMNS.map(() => '---'), ...rows].map(tableLine)].join('\n');
  });
  return `${[HEAD, ...sections].join('\n')}\n`.replaceAll(/\n(## )/g, '\n\n$1').replaceAll(/\n{3,}/g, '\n\n');
}

function rowOf(code: FaultCode): readonly string[] {
  const kind = faultKind(code);
  const state = kind.stateChanged ? 'may have changed' : 'unchanged';
  return [`\`${code}\``, kind.cause, state, String(kind.exit), String(kind.http), kind.advice];
}

function areaOf(code: string): string {
  return code.split('_')[1] ?? code;
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
