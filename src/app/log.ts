import { destination, pino, stdTimeFunctions, type Logger } from 'pino';

export type Log = Logger;

/** Levels of LIFESIGN_LOG, least first. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
const SECRETS = ['secret', 'token', 'passphrase', 'csr', '*.secret', '*.token', '*.passphrase', '*.csr'];
const STDERR = 2;

/**
 * The operational log: one JSON object a line on stderr, secrets replaced. LIFESIGN_LOG sets the level, `info` by
 * default. The ledger is something else: what happened is proved there, and only told here.
 */
export function openLog(env: Readonly<Record<string, string | undefined>>): Log {
  const wanted = LEVELS.find((level) => level === env['LIFESIGN_LOG']);
  return pino(
    {
      level: wanted ?? 'info',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: SECRETS, censor: '[secret]' },
    },
    destination({ fd: STDERR, sync: true }),
  );
}
