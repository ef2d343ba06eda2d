/*
 * All of the folder at once, for tests and tools. The program enters by the parts, so that no process loads what it
 * does not use (the rule app-takes-parts).
 */
export * from './backup/index.ts';
export * from './ca-client/index.ts';
export * from './crl-check/index.ts';
export * from './crypto/index.ts';
export * from './files/index.ts';
export * from './json/index.ts';
export * from './keys/index.ts';
export * from './ledger/index.ts';
export * from './ocsp-client/index.ts';
export * from './pkcs11/index.ts';
export * from './postgres/index.ts';
export { LOCK_WAIT_MS, MAX_WAITING_TRANSACTIONS } from './sql/index.ts';
export * from './sqlite/index.ts';
export * from './system/index.ts';
export * from './transport/index.ts';
