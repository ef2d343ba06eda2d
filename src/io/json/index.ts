export { jsonCheck } from './json-check.ts';
