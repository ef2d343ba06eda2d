export { CrlChecker, MAX_QUEUED_CHECKS } from './crl-checker.ts';
