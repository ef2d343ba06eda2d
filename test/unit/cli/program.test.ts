import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { withExample } from '../../../src/cli/example.ts';
import { runCommandLine } from '../../../src/cli/program.ts';
import { fault, LsError } from '../../../src/std/index.ts';
import { testWorld, type TestWorld } from '../../support/cli-world.ts';

type Action = (ctx: CliContext) => void | Promise<void>;

function run(args: readonly string[], action: Action = () => undefined, into: TestWorld = testWorld()) {
  const register = (program: Command, ctx: CliContext): void => {
    const group = program.command('pki').description('the certificate authority');
    withExample(group.command('show'), 'lifesign pki show alpha')
      .description('show a certificate')
      .argument('<name>')
      .option('--all')
      .action(() => action(ctx));
  };
  return runCommandLine(args, { world: into.world, areas: [register], version: '1.2.3' });
}

describe('a command line', () => {
  it('without arguments tells a newcomer what to type first', async () => {
    const into = testWorld();
    expect(await run([], undefined, into)).toBe(0);
    expect(into.stdout()).toContain('$ lifesign demo');
    expect(into.stdout()).toContain('$ lifesign pki init');
    expect(into.stderr()).toBe('');
  });

  it('prints help with an example at every level', async () => {
    for (const args of [['--help'], ['pki', '--help'], ['pki', 'show', '--help'], ['help', 'pki']]) {
      const into = testWorld();
      expect(await run(args, undefined, into)).toBe(0);
      expect(into.stdout()).toContain('Usage: lifesign');
    }
    for (const args of [
      ['pki', '--help'],
      ['pki', 'show', '--help'],
    ]) {
      const into = testWorld();
      await run(args, undefined, into);
      expect(into.stdout()).toContain('$ lifesign pki show alpha');
    }
    const into = testWorld();
    await run(['pki', 'show', '--help'], undefined, into);
    expect(into.stdout()).toContain('$ lifesign pki show alpha');
    expect(into.stdout()).toContain('--json');
  });

  it('shows the help of a group that is named without a command, and refuses', async () => {
    const into = testWorld();
    expect(await run(['pki'], undefined, into)).toBe(3);
    expect(into.stdout()).toBe('');
    expect(into.stderr()).toContain('Usage: lifesign pki');
  });

  it.each([
    { args: ['pik'], code: 'LS_CLI_UNKNOWN_COMMAND', near: 'pki' },
    { args: ['pki', 'sohw'], code: 'LS_CLI_UNKNOWN_COMMAND', near: 'show' },
    { args: ['pki', 'show', 'alpha', '--al'], code: 'LS_CLI_UNKNOWN_OPTION', near: '--all' },
    { args: ['pki', 'show', 'alpha', '--jsno'], code: 'LS_CLI_UNKNOWN_OPTION', near: '--json' },
    { args: ['pki', 'show'], code: 'LS_CLI_USAGE', near: 'name' },
    { args: ['pki', 'show', 'alpha', 'beta'], code: 'LS_CLI_USAGE', near: 'show' },
    { args: ['pki', 'show', 'alpha', '--home'], code: 'LS_CLI_USAGE', near: '--home' },
  ])('refuses $args with $code and names $near', async ({ args, code, near }) => {
    const into = testWorld();
    expect(await run(args, undefined, into)).toBe(3);
    expect(into.stderr()).toMatch(new RegExp(`^error\\[${code}\\]: [^\n]*${near}[^\n]*\n$`));
    expect(into.stdout()).toBe('');
  });

  it('takes --json and --home before and after the command', async () => {
    for (const args of [
      ['--json', '--home', '/h', 'pki', 'show', 'alpha'],
      ['pki', 'show', 'alpha', '--json', '--home', '/h'],
    ]) {
      const into = testWorld();
      const action: Action = (ctx) => ctx.report({ home: ctx.home('ca') }, () => 'no JSON');
      expect(await run(args, action, into)).toBe(0);
      expect(into.stdout()).toBe('{"home":"/h"}\n');
    }
  });

  it('prints the human lines without --json', async () => {
    const into = testWorld();
    await run(['pki', 'show', 'alpha'], (ctx) => ctx.report({}, () => ['one', 'two']), into);
    expect(into.stdout()).toBe('one\ntwo\n');
  });

  it('keeps notes and progress to people', async () => {
    const talk: Action = (ctx) => {
      ctx.progress('asking the CA');
      ctx.note('the CA is slow');
    };
    const pipe = testWorld();
    await run(['pki', 'show', 'alpha'], talk, pipe);
    expect(pipe.stderr()).toBe('the CA is slow\n');
    const script = testWorld({ isTTY: true });
    await run(['pki', 'show', 'alpha', '--json'], talk, script);
    expect(script.stderr()).toBe('');
    const terminal = testWorld({ isTTY: true });
    await run(['pki', 'show', 'alpha'], talk, terminal);
    expect(terminal.stderr()).toBe('asking the CA…\r\u001b[Kthe CA is slow\n');
  });

  it('ends with the answer the command gave', async () => {
    expect(await run(['pki', 'show', 'alpha'], (ctx) => ctx.answer(1))).toBe(1);
    expect(await run(['pki', 'show', 'alpha'], (ctx) => ctx.answer(2))).toBe(2);
  });

  it('turns a fault into one line and the exit code of the catalogue', async () => {
    const into = testWorld();
    const refuse: Action = () => {
      throw new LsError(fault('LS_CLI_NO_HOME', 'nothing\nhere'));
    };
    expect(await run(['pki', 'show', 'alpha'], refuse, into)).toBe(3);
    expect(into.stderr()).toMatch(/^error\[LS_CLI_NO_HOME\]: nothing here; name one with --home [^\n]*\n$/);
  });

  it('turns a fault into one JSON object with --json', async () => {
    const into = testWorld();
    const refuse: Action = () => {
      throw new LsError(fault('LS_CLI_NO_HOME', 'nothing here', fault('LS_CLI_USAGE', 'because')));
    };
    expect(await run(['pki', 'show', 'alpha', '--json'], refuse, into)).toBe(3);
    expect(JSON.parse(into.stderr())).toMatchObject({
      error: { code: 'LS_CLI_NO_HOME', detail: 'nothing here', exit: 3, because: { code: 'LS_CLI_USAGE' } },
    });
  });

  it('turns an unexpected exception into one line and 5, with its stack only on request', async () => {
    const fail: Action = () => Promise.reject(new TypeError('x is\nundefined'));
    const into = testWorld();
    expect(await run(['pki', 'show', 'alpha'], fail, into)).toBe(5);
    expect(into.stderr()).toMatch(/^error\[LS_CLI_INTERNAL\]: TypeError: x is undefined; [^\n]*\n$/);
    const debug = testWorld({ env: { LIFESIGN_DEBUG: '1' } });
    await run(['pki', 'show', 'alpha'], fail, debug);
    expect(debug.stderr()).toContain('program.test.ts');
  });

  it('says nothing of a refusal that came of the interruption', async () => {
    const into = testWorld();
    const ask: Action = (ctx) => {
      ctx.interruption.signal();
      into.interruption.interrupt('SIGINT');
      throw new LsError(fault('LS_CLI_NO_HOME', 'the question was not answered'));
    };
    expect(await run(['pki', 'show', 'alpha'], ask, into)).toBe(0);
    expect(into.stderr()).toBe('');
  });

  it('reports a failure to end cleanly even when it was interrupted', async () => {
    const into = testWorld();
    const ask: Action = (ctx) => {
      ctx.interruption.signal();
      into.interruption.interrupt('SIGINT');
      throw new Error('the disk is gone');
    };
    expect(await run(['pki', 'show', 'alpha'], ask, into)).toBe(5);
    expect(into.stderr()).toContain('the disk is gone');
  });

  it('takes an aborted wait for what it is once the user has interrupted', async () => {
    const into = testWorld();
    const wait: Action = async (ctx) => {
      const signal = ctx.interruption.signal();
      into.interruption.interrupt('SIGINT');
      await Promise.resolve();
      signal.throwIfAborted();
    };
    expect(await run(['pki', 'show', 'alpha'], wait, into)).toBe(0);
    expect(into.stderr()).toBe('');
    expect(into.interruption.exitCode).toBe(130);
  });
});
