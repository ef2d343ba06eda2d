import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeCbor, isCborArray } from '../../src/codec/index.ts';
import { recordContext, recordTypeCode } from '../../src/heartbeat/index.ts';
import { encodeMessage, type Message } from '../../src/link/index.ts';
import { recordSamples } from '../support/record-samples.ts';
import { valueOf } from '../support/result.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'FORMATS.md'), 'utf8');

/** The elements of a CDDL array rule on the page, one a line. */
function elementsOf(rule: string): readonly string[] {
  const body = new RegExp(`^${rule} = \\[\\n((?:  .*\\n)*)\\]$`, 'm').exec(page)?.[1] ?? '';
  return body.split('\n').flatMap((line) => /^ {2}(\w+)/.exec(line)?.[1] ?? []);
}

describe.each(recordSamples.map((sample) => [sample.type, sample] as const))(
  'docs/FORMATS.md on %s',
  (type, sample) => {
    it('has a section, and a row with code, context and cap', () => {
      expect(page).toMatch(new RegExp(`^## ${type}$`, 'm'));
      const cap = sample.maxBytes.toLocaleString('en-US');
      const row = `^\\| ${type} \\| ${String(recordTypeCode(type))} \\| \`${recordContext(type)}\` \\|.*\\| ${cap} \\|$`;
      expect(page).toMatch(new RegExp(row, 'm'));
    });

    it('names every field in wire order', () => {
      expect(elementsOf(type)).toEqual(['version', ...sample.fields]);
    });
  },
);

describe('docs/FORMATS.md on messages', () => {
  const bytes = new Uint8Array(32);
  const messages: readonly Message[] = [
    {
      kind: 'hello',
      versionMin: 1,
      versionMax: 1,
      nonce: bytes.subarray(0, 8),
      epoch: 1,
      crlNumber: 0,
      rosterNumber: 0,
      advertise: null,
      domainId: bytes,
    },
    { kind: 'bye', code: 'LS_X', detail: '' },
    { kind: 'record', type: 'leave', bytes },
    { kind: 'crl', delta: true, der: bytes },
    { kind: 'digest', ids: [] },
    { kind: 'want', ids: [] },
    { kind: 'ping', token: 0 },
    { kind: 'pong', token: 0 },
    { kind: 'issuer', der: bytes },
  ];

  it.each(messages.map((message) => [message.kind, message] as const))(
    'gives the code and fields of %s',
    (kind, message) => {
      const body = encodeMessage(message).subarray(4);
      const wire = valueOf(decodeCbor(body, { maxBytes: 999, maxDepth: 9, maxItems: 99 }));
      const code = isCborArray(wire) ? wire[0] : undefined;
      const [, ...fields] = Object.keys(message);
      expect(page).toContain(`\n${kind} = [\n  kind: ${JSON.stringify(code)},\n`);
      expect(elementsOf(kind)).toEqual(['kind', ...fields]);
    },
  );
});
