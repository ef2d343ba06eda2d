import { Option, type Command } from 'commander';
import type { AuditedHomeJson, AuditFindingJson, AuditJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatTable } from '../format.ts';

interface VerifyOptions {
  readonly root?: string;
  readonly mode: 'full';
}

const HEADINGS = ['NODE', 'RECORDS', 'SIGNATURES', 'SIZE', 'ROOT', 'TIME'];
const SHORT_ROOT = 12;
/** Findings shown to a person; --json has them all. */
const SHOWN_FINDINGS = 20;

export function registerVerify(audit: Command, ctx: CliContext): void {
  withExample(
    audit.command('verify'),
    'lifesign audit verify certs/alpha certs/beta certs/gamma --root root.pem',
    'lifesign audit verify ca/state certs/alpha --root root.pem',
    'lifesign audit verify --json /var/lib/lifesign | jq .faults',
  )
    .description(
      'verify the ledgers of homes, each by itself and all against each other; exit 1 for a contradiction, 2 for missing evidence',
    )
    .argument(
      '[homes...]',
      'homes of nodes and of the CA, or copies of them (default: the node home that --home selects)',
    )
    .option('--root <file>', 'the root certificate to trust (default: the root.pem of the homes)')
    .addOption(new Option('--mode <mode>', 'how much to verify').choices(['full']).default('full'))
    .action(async (homes: readonly string[], options: VerifyOptions) => {
      const { auditHomes } = await import('../../app/index.ts');
      ctx.progress('verifying every record and signature');
      const report = await auditHomes({
        homes: homes.length === 0 ? [ctx.home('node')] : homes,
        ...(options.root === undefined ? {} : { root: options.root }),
      });
      ctx.report(report, () => describe(report));
      if (report.faults.length > 0) ctx.answer(1);
      else if (!report.ok) ctx.answer(2);
    });
}

function describe(report: AuditJson): readonly string[] {
  const { records, signatures, faults, missing, unlisted, homes } = report;
  const table = formatTable(HEADINGS, homes.map(rowOf));
  const shown = [
    ...faults.map((finding) => line('fault', finding)),
    ...missing.map((finding) => line('missing', finding)),
  ];
  const hidden = Math.max(0, shown.length - SHOWN_FINDINGS) + unlisted;
  const more = hidden === 0 ? [] : [`and ${String(hidden)} more; --json lists them`];
  const counts = `${String(records)} records, ${String(signatures)} signatures`;
  const verdict = report.ok
    ? `OK: ${counts}`
    : `NOT OK: ${counts}, ${String(faults.length)} faults, ${String(missing.length)} pieces of evidence missing`;
  return [...table, ...shown.slice(0, SHOWN_FINDINGS), ...more, verdict];
}

function rowOf(home: AuditedHomeJson): readonly string[] {
  const root = home.root?.slice(0, SHORT_ROOT) ?? 'unknown';
  const span = home.firstAt === null ? 'empty' : `${home.firstAt} to ${home.lastAt ?? ''}`;
  return [
    home.node ?? home.home,
    String(home.records),
    String(home.signatures),
    String(home.size),
    root,
    span,
  ];
}

/** `fault[CODE]: file at byte 123, entry 7, node alpha, epoch 2, seq 9: expected …, found …` */
function line(kind: 'fault' | 'missing', finding: AuditFindingJson): string {
  const { code, file, offset, index, node, epoch, seq, expected, found } = finding;
  const where = [
    offset === null ? file : `${file} at byte ${String(offset)}`,
    ...(index === null ? [] : [`entry ${String(index)}`]),
    ...(node === null ? [] : [`node ${node}`]),
    ...(epoch === null ? [] : [`epoch ${String(epoch)}`]),
    ...(seq === null ? [] : [`seq ${String(seq)}`]),
  ].join(', ');
  const what = [
    ...(expected === null ? [] : [`expected ${expected}`]),
    ...(found === null ? [] : [`found ${found}`]),
  ].join(', ');
  return printable(what === '' ? `${kind}[${code}]: ${where}` : `${kind}[${code}]: ${where}: ${what}`);
}

/** A log is hostile: what it says must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '\u{fffd}');
}
