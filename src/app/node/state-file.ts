import { readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import { jsonCheck, parseJson } from '../../io/json/index.ts';
import type { PersistentState, Pin } from '../../mesh/index.ts';
import { fault, LsError, unixMs, type CertId, type NodeId } from '../../std/index.ts';

/** 10,000 pins of about 300 bytes. */
const MAX_STATE_BYTES = 8 * 1024 * 1024;

const hexId = { type: 'string', pattern: '^[0-9a-f]{32}$' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const pin = {
  type: 'object',
  additionalProperties: false,
  required: ['node_id', 'cert_id', 'algorithm', 'spki', 'epoch'],
  properties: {
    node_id: hexId,
    cert_id: hexId,
    algorithm: { enum: ['ES256', 'ES384', 'Ed25519'] },
    spki: { type: 'string', maxLength: 1_024 },
    epoch: count,
  },
} as const;
const isState = jsonCheck({
  type: 'object',
  additionalProperties: false,
  required: ['epoch', 'trusted_time_ms', 'pins'],
  properties: {
    epoch: count,
    trusted_time_ms: count,
    pins: { type: 'array', items: pin, maxItems: 10_000 },
  },
});

const NEW_NODE: PersistentState = { epoch: 0, trustedTimeMs: unixMs(0), pins: [] };

/**
 * Reads state.json; a node that never ran has none. Throws LS_NODE_STATE_FILE for anything unreadable: a node that
 * has forgotten its epoch must not guess one.
 */
export async function readState(path: string): Promise<PersistentState> {
  const text = await readFileCapped(path, MAX_STATE_BYTES).catch((cause: unknown) => {
    if (cause instanceof LsError && cause.code === 'LS_FILE_NOT_FOUND') return undefined;
    throw cause;
  });
  if (text === undefined) return NEW_NODE;
  const parsed = parseJson(Buffer.from(text).toString('utf8'));
  if (!isState(parsed)) throw new LsError(fault('LS_NODE_STATE_FILE', `${path} is not readable`));
  return {
    epoch: parsed.epoch,
    trustedTimeMs: unixMs(parsed.trusted_time_ms),
    pins: parsed.pins.map((pin): Pin => ({
      nodeId: pin.node_id as NodeId,
      certId: pin.cert_id as CertId,
      algorithm: pin.algorithm,
      spki: new Uint8Array(Buffer.from(pin.spki, 'base64')),
      epoch: pin.epoch,
    })),
  };
}

/** Replaces state.json; resolves once it is on the disk. */
export async function writeState(path: string, state: PersistentState): Promise<void> {
  const file = {
    epoch: state.epoch,
    trusted_time_ms: state.trustedTimeMs,
    pins: state.pins.map((pin) => ({
      node_id: pin.nodeId,
      cert_id: pin.certId,
      algorithm: pin.algorithm,
      spki: Buffer.from(pin.spki).toString('base64'),
      epoch: pin.epoch,
    })),
  };
  await writeFileDurably(path, `${JSON.stringify(file)}\n`);
}
