import { parentPort } from 'node:worker_threads';
import { checkCrl, type CrlFindings } from '../../trust/index.ts';
import { nodeCrypto } from '../crypto/index.ts';
import type { CheckAnswer, CheckQuestion } from './messages.ts';

/* The thread in which large CRLs are checked: one question, one answer, in turn. It holds no keys and touches no files. */

parentPort?.on('message', (question: CheckQuestion) => {
  const answer: CheckAnswer = checkCrl(question, nodeCrypto);
  parentPort?.postMessage(answer, answer.ok ? buffersOf(answer.value.survey) : []);
});

/** What is handed over instead of copied. */
function buffersOf({ slots, notRepeated }: CrlFindings['survey']): ArrayBuffer[] {
  return [slots.buffer, ...(notRepeated === undefined ? [] : [notRepeated.buffer])];
}
