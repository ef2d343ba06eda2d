import type { FaultKind } from './kind.ts';

/** Keys on a PKCS#11 token, and what ends the life of a key. */
export const keyFaults = {
  LS_CONFIG_KEY_STORE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice:
      'write file, or pkcs11:token=NAME?module-path=/PATH/LIBRARY.so with the PIN in &pin-source=file:/PATH or elsewhere',
  },
  LS_KEY_ADDON: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice:
      'install the npm package pkcs11js@2.1.7 where lifesign is installed (it is compiled there), or set LIFESIGN_PKCS11JS to its folder',
  },
  LS_KEY_MODULE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice: 'check that module-path of key_store names the PKCS#11 library of the token',
  },
  LS_KEY_TOKEN_UNAVAILABLE: {
    cause: 'environment',
    stateChanged: false,
    exit: 4,
    http: 503,
    advice: 'bring the token back; a running server goes on by itself then',
  },
  LS_KEY_TOKEN_REFUSED: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice: 'use a token that can do what the answer names, or allow it in its policy',
  },
  LS_KEY_TOKEN_SIGNATURE: {
    cause: 'environment',
    stateChanged: false,
    exit: 5,
    http: 503,
    advice:
      'nothing of it was published; check the token, and that private and public key on it belong together',
  },
  LS_KEY_PIN: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice:
      'give the right PIN and start again; it is tried once only, because a token locks itself after a few',
  },
  LS_KEY_NO_PIN: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'give it by pin-source in key_store, LIFESIGN_PIN or the systemd credential lifesign-pin',
  },
  LS_KEY_NOT_FOUND: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice: 'bring back the key, its file or the token that holds it',
  },
  LS_KEY_EXISTS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'choose another object=… for the new keys: nothing that is there is replaced',
  },
  LS_KEY_IN_USE: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 409,
    advice:
      'keep it: the CA signs with it; the key of an issuing CA may go once the root has revoked that CA',
  },
  LS_KEY_COPY: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 500,
    advice: 'name a copy of the key file that is somewhere else, and that the same passphrase opens',
  },
  LS_KEY_UNRECORDED: {
    cause: 'environment',
    stateChanged: true,
    exit: 5,
    http: 500,
    advice:
      'put right what is named as the reason, then run the same command again: it ends and records what was begun',
  },
  LS_KEY_STORE_AMBIGUOUS: {
    cause: 'misconfiguration',
    stateChanged: false,
    exit: 3,
    http: 503,
    advice: 'say in key_store which token is meant, by its serial',
  },
} as const satisfies Record<string, FaultKind>;
