'use strict';
/*
 * Runs another program in this one's place: same terminal, same signals, same ending.
 * Written for old Node.js releases too: no syntax or API newer than Node 14.
 */
const { spawn } = require('child_process');
const os = require('os');

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const CANNOT_RUN = 5;
/** Set for the program that runs in our place. */
const RELAYED = 'LIFESIGN_RELAYED';

/**
 * Spawns `command`, passes on signals, and ends this process as the child ended (its exit code, or
 * 128 + n for signal n). The open IPC channel tells the child when this process is killed outright.
 */
function relay(command, args) {
  const env = Object.assign({}, process.env, { [RELAYED]: '1' });
  const child = spawn(command, args, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(
      `error[LS_CLI_RUNTIME]: cannot run ${command}: ${error.message}; reinstall lifesign\n`,
    );
    process.exit(CANNOT_RUN);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + os.constants.signals[signal]);
  });
}

/**
 * In the child: when the relaying parent is gone for good, end as by SIGTERM instead of living on unseen.
 * Removes the mark, so that programs started from here do not take themselves for the relayed one.
 */
function followParent() {
  const relayed = process.env[RELAYED] !== undefined;
  delete process.env[RELAYED];
  if (!relayed || process.channel === undefined) return;
  process.channel.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

module.exports = { RELAYED, followParent, relay };
