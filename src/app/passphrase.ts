import { terminalPrompt, type PassphraseSources } from '../io/keys/index.ts';

/** `--passphrase-file` if given, else the environment, a systemd credential, or the person at this terminal. */
export function passphraseSources(
  env: PassphraseSources['env'],
  file: string | undefined,
): PassphraseSources {
  return { file, env, prompt: terminalPrompt(process.stdin, process.stderr) };
}
