import { Value } from 'typebox/value';
import { Type } from 'typebox';
import { readFileCapped, writeFileDurably } from '../../io/index.ts';
import type { PersistentState, Pin } from '../../mesh/index.ts';
import { fault, LsError, unixMs, type CertId, type NodeId } from '../../std/index.ts';

/** 10,000 pins of about 300 bytes. */
const MAX_STATE_BYTES = 8 * 1024 * 1024;

const hexId = Type.String({ pattern: '^[0-9a-f]{32}$' });
const stateSchema = Type.Object(
  {
    epoch: Type.Integer({ minimum: 0 }),
    trusted_time_ms: Type.Integer({ minimum: 0 }),
    pins: Type.Array(
      Type.Object(
        {
          node_id: hexId,
          cert_id: hexId,
          algorithm: Type.Enum(['ES256', 'ES384', 'Ed25519']),
          spki: Type.String({ maxLength: 1_024 }),
          epoch: Type.Integer({ minimum: 0 }),
        },
        { additionalProperties: false },
      ),
      { maxItems: 10_000 },
    ),
  },
  { additionalProperties: false },
);

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
  if (!Value.Check(stateSchema, parsed))
    throw new LsError(fault('LS_NODE_STATE_FILE', `${path} is not readable`));
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
