import type { FaultKind } from './kind.ts';

export const ioFaults = {
  LS_HOME_LOCKED: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice: 'stop the process that uses this home, or choose another one with --home',
  },
  LS_HOME_UNWRITABLE: {
    cause: 'environment',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'create the directory or give this user write access to it, or choose another one with --home',
  },
  LS_HOME_PERMISSIONS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'make the directory yours and private (chown, chmod 700), or choose another one with --home',
  },
  LS_DISK_FULL: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 507,
    advice: 'free space or raise the quota, then run the same command again',
  },
  LS_FILE_NOT_FOUND: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'check the path',
  },
  LS_FILE_UNREADABLE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'check the path, and that this user may read it',
  },
  LS_FILE_TOO_LARGE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 413,
    advice: 'check that this is the file you meant',
  },
  LS_FILE_IO: {
    cause: 'environment',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice: 'look at the system log for disk errors before you start again',
  },
  LS_KEY_PERMISSIONS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'run chmod 600 on the key file, and replace the key if others may have read it',
  },
  LS_KEY_PASSPHRASE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'give the right passphrase',
  },
  LS_KEY_NO_PASSPHRASE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice:
      'give one with --passphrase-file, LIFESIGN_PASSPHRASE or the systemd credential lifesign-passphrase',
  },
  LS_KEY_FORMAT: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'give a PEM file that holds one PKCS#8 private key for P-256, P-384 or Ed25519',
  },
} as const satisfies Record<string, FaultKind>;
