export { jsonCheck } from './json-check.ts';
export { parseJson } from './parse-json.ts';
