import type { FaultKind } from './kind.ts';

export const backupFaults = {
  LS_BACKUP_NOT_ONE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'name a file that `lifesign pki backup` has written',
  },
  LS_BACKUP_VERSION: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'use the lifesign version that wrote this backup, or a newer one',
  },
  LS_BACKUP_PASSPHRASE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice:
      'give the passphrase that the backup was made with; if it is right, the head of the file is damaged',
  },
  LS_BACKUP_TRUNCATED: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice: 'copy the file again from where it was made, or use another backup',
  },
  LS_BACKUP_DAMAGED: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice: 'copy the file again from where it was made, or use another backup; nothing of this one is used',
  },
  LS_BACKUP_CONTENT: {
    cause: 'bug',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice: 'use another backup, and report this one: it is intact, but not as lifesign writes it',
  },
  LS_BACKUP_EXISTS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'choose another name: a backup never replaces a file',
  },
  LS_BACKUP_STORE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice:
      'keep a pg_dump of the database and, beside it, a copy of the home (docs/OPERATIONS.md says in which order)',
  },
  LS_BACKUP_FILE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'move what is named out of the CA home, so that the backup can be a whole one',
  },
} as const satisfies Record<string, FaultKind>;
