import type { FaultKind } from './kind.ts';

export const ledgerFaults = {
  LS_LEDGER_ENTRY: {
    cause: 'hostile-peer',
    stateChanged: false,
    exit: 1,
    http: 422,
    advice: 'compare the entry with its definition in docs/FORMATS.md',
  },
  LS_LEDGER_ENTRY_SIZE: {
    cause: 'bug',
    stateChanged: false,
    exit: 5,
    http: 413,
    advice: 'report it: an entry must have at least one byte and at most 64 MiB',
  },
  LS_LEDGER_NOTE: {
    cause: 'hostile-peer',
    stateChanged: false,
    exit: 1,
    http: 422,
    advice: 'fetch the signed note again; compare it with the C2SP signed-note format',
  },
  LS_LEDGER_NOTE_KEY: {
    cause: 'hostile-peer',
    stateChanged: false,
    exit: 1,
    http: 422,
    advice: 'check that the note and the key belong to the same log',
  },
  LS_LEDGER_NOTE_SIGNATURE: {
    cause: 'hostile-peer',
    stateChanged: false,
    exit: 1,
    http: 422,
    advice: 'treat the note as forged or altered; fetch it again from its log',
  },
  LS_LEDGER_CHECKPOINT: {
    cause: 'hostile-peer',
    stateChanged: false,
    exit: 1,
    http: 422,
    advice: 'fetch the checkpoint again; compare it with the C2SP tlog-checkpoint format',
  },
  LS_LEDGER_PROOF: {
    cause: 'hostile-peer',
    stateChanged: false,
    exit: 1,
    http: 422,
    advice: 'treat the proof as false; ask another holder of the log',
  },
  LS_LEDGER_DAMAGED: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice: 'keep the directory as evidence, check the disk, and restore the ledger from a backup',
  },
  LS_LEDGER_ROLLBACK: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 500,
    advice:
      'the log is older than, or differs from, what its key signed: restore the newest copy; never delete the checkpoint',
  },
  LS_LEDGER_DISK_FULL: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 507,
    advice: 'free space on the file system of the ledger; writing resumes by itself',
  },
  LS_LEDGER_IO: {
    cause: 'environment',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice: 'check the disk, then restart; nothing more is written to this ledger until then',
  },
  LS_LEDGER_QUEUE_FULL: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice:
      'the disk is slower than what is logged: wait for earlier appends, or move the ledger to a faster disk',
  },
  LS_LEDGER_CLOSED: {
    cause: 'bug',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice: 'report it: something was logged after the ledger was closed',
  },
} as const satisfies Record<string, FaultKind>;
