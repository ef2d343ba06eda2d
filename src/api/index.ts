export * from './ca/index.ts';
export * from './node/index.ts';
export { answerWithProblems, PROBLEM_MEDIA_TYPE, problemOf, sendProblem, type Problem } from './problem.ts';
export { validateWithSchemas, type SchemaTypes } from './validation.ts';
