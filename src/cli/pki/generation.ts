import { InvalidArgumentError } from 'commander';

/** Commander argument parser for the number of an issuing CA. */
export function generationArgument(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A generation is a number, as `pki rollover status` shows it.');
}
