import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { answerWithProblems, PROBLEM_MEDIA_TYPE, problemOf, type Problem } from '../../../src/api/index.ts';
import { fault, faultCatalogue, LsError, type FaultCode } from '../../../src/std/index.ts';

const codes = Object.keys(faultCatalogue) as FaultCode[];

async function answerTo(
  failure: unknown,
): Promise<{ status: number; type: string; retryAfter: unknown; problem: Problem; body: string }> {
  const app = fastify({ logger: false });
  answerWithProblems(app);
  app.get('/', () => {
    throw failure;
  });
  const answer = await app.inject('/');
  await app.close();
  return {
    status: answer.statusCode,
    type: String(answer.headers['content-type']),
    retryAfter: answer.headers['retry-after'],
    problem: JSON.parse(answer.body) as Problem,
    body: answer.body,
  };
}

describe('problem details', () => {
  it.each(codes)('%s has an HTTP status that is an error', (code) => {
    const problem = problemOf(fault(code, 'detail'));
    // Neither done nor refused: it waits for an operator.
    if (code === 'LS_ENROLL_PENDING') expect(problem.status).toBe(202);
    else expect(problem.status).toBeGreaterThanOrEqual(400);
    expect(problem.status).toBeLessThan(600);
    expect(problem.code).toBe(code);
  });

  it.each([
    ['LS_API_RATE_LIMITED', '5'],
    ['LS_CA_STORE_BUSY', '5'],
    ['LS_CA_READ_ONLY', undefined],
    ['LS_TRUST_WRONG_ROLE', undefined],
  ] as const)('%s says when to ask again only if it is over in a moment', async (code, retryAfter) => {
    expect((await answerTo(new LsError(fault(code, 'detail')))).retryAfter).toBe(retryAfter);
  });

  it('carry code, detail and status of a fault', async () => {
    const { status, type, problem } = await answerTo(
      new LsError(fault('LS_TRUST_WRONG_ROLE', 'an operator called')),
    );
    expect(status).toBe(403);
    expect(type).toBe(PROBLEM_MEDIA_TYPE);
    expect(problem).toMatchObject({
      type: 'urn:lifesign:error:LS_TRUST_WRONG_ROLE',
      status: 403,
      code: 'LS_TRUST_WRONG_ROLE',
      detail: 'an operator called',
    });
  });

  it('tell nothing of an unexpected error', async () => {
    const { status, problem, body } = await answerTo(new Error('the key is 42'));
    expect(status).toBe(500);
    expect(problem.code).toBe('LS_API_INTERNAL');
    expect(body).not.toContain('42');
  });

  it('cut an endless detail', () => {
    expect(problemOf(fault('LS_API_INVALID', 'x'.repeat(5_000))).detail.length).toBe(1_000);
  });

  it('answer an unknown path', async () => {
    const app = fastify({ logger: false });
    answerWithProblems(app);
    const answer = await app.inject('/nothing?secret=1');
    await app.close();
    expect(answer.statusCode).toBe(404);
    expect(answer.json<Problem>().code).toBe('LS_API_NOT_FOUND');
    expect(answer.body).not.toContain('secret');
  });
});
