import { beforeEach, describe, expect, it } from 'vitest';
import { assemble } from '../../../src/mesh/assemble.ts';
import type { Core } from '../../../src/mesh/core.ts';
import { MAX_KNOWN_CERTIFICATES } from '../../../src/mesh/directory.ts';
import type { CertId } from '../../../src/std/index.ts';
import type { VerifiedPeer } from '../../../src/trust/index.ts';
import { MeshWorld, successorOf } from '../../support/mesh-world.ts';
import type { TestIdentity } from '../../support/pki.ts';
import { codeOf, valueOf } from '../../support/result.ts';

let world: MeshWorld;
let core: Core;
let b: TestIdentity;

beforeEach(() => {
  world = new MeshWorld(['a', 'b']);
  core = assemble(world.optionsOf('a'));
  b = world.node('b').identity;
});

const judged = (identity: TestIdentity): VerifiedPeer =>
  valueOf(core.directory.admit(identity.chain, core.now.wall));

describe('Directory', () => {
  it('remembers nothing of a certificate that was only judged', () => {
    judged(b);
    expect(core.directory.current(b.nodeId)).toBeUndefined();
    expect(core.directory.byCertId(b.certId)).toBeUndefined();
    expect(core.directory.verdict(b.nodeId, core.now.wall)).toBe('none');
    expect(core.keeper.pin(b.nodeId)).toBeUndefined();
  });

  it('knows, pins and judges whom it adopted', () => {
    valueOf(core.directory.adopt(judged(b), 4, []));
    expect(core.directory.current(b.nodeId)?.key.certId).toBe(b.certId);
    expect(core.directory.verdict(b.nodeId, core.now.wall)).toBe('good');
    expect(core.keeper.pin(b.nodeId)).toMatchObject({ epoch: 4, certId: b.certId });
  });

  it('refuses another key without a statement of the pinned one, and keeps the pin', () => {
    valueOf(core.directory.adopt(judged(b), 4, []));
    const next = world.pki.node('b', { nodeId: b.nodeId });
    const again = world.pki.node('b', { nodeId: b.nodeId });
    const wrong = [
      [],
      [successorOf(next, again, world.pki.domainId)],
      [successorOf(b, again, world.pki.domainId)],
    ];
    for (const succession of wrong) {
      expect(codeOf(core.directory.adopt(judged(next), 5, succession))).toBe('LS_MESH_SUCCESSION');
      expect(core.directory.current(b.nodeId)?.key.certId).toBe(b.certId);
      expect(core.keeper.pin(b.nodeId)).toMatchObject({ epoch: 4, certId: b.certId });
    }
    valueOf(core.directory.adopt(judged(next), 5, [successorOf(b, next, world.pki.domainId)]));
    expect(core.directory.current(b.nodeId)?.key.certId).toBe(next.certId);
    expect(codeOf(core.directory.adopt(judged(b), 6, []))).toBe('LS_MESH_SUCCESSION');
  });

  it('takes another certificate for the same key as it is', () => {
    valueOf(core.directory.adopt(judged(b), 4, []));
    const renewed = world.pki.node('b', { nodeId: b.nodeId, key: b.key });
    valueOf(core.directory.adopt(judged(renewed), 4, []));
    expect(core.directory.current(b.nodeId)?.key.certId).toBe(renewed.certId);
  });

  it('never lowers the epoch of a pin', () => {
    valueOf(core.directory.adopt(judged(b), 4, []));
    valueOf(core.directory.adopt(judged(b), 2, []));
    expect(core.keeper.pin(b.nodeId)?.epoch).toBe(4);
  });

  it('knows no member and no stranger as a CA', () => {
    expect(core.issuers.signingKey(b.certId, core.now.wall)).toBeUndefined();
    expect(codeOf(core.issuers.learn(b.chain, { now: core.now.wall, mono: core.now.mono }))).toBeDefined();
    expect(core.issuers.signingKey(b.certId, core.now.wall)).toBeUndefined();
  });

  it('forgets the oldest unused certificate at one above its bound, never one in use', () => {
    const real = judged(b);
    const idOf = (i: number): CertId => i.toString(16).padStart(32, '0') as CertId;
    const known = (): number =>
      Array.from({ length: MAX_KNOWN_CERTIFICATES + 2 }, (_, i) => core.directory.byCertId(idOf(i))).filter(
        Boolean,
      ).length;
    valueOf(core.directory.adopt(real, 1, []));
    // One key with very many certificates: the cheapest way to reach the bound.
    for (let i = 0; i < MAX_KNOWN_CERTIFICATES - 2; i++) {
      valueOf(core.directory.adopt({ ...real, key: { ...real.key, certId: idOf(i) } }, 1, []));
    }
    expect(known()).toBe(MAX_KNOWN_CERTIFICATES - 2);
    expect(core.directory.byCertId(b.certId)).toBeDefined();
    for (let i = 1; i <= 3; i++) {
      const certId = idOf(MAX_KNOWN_CERTIFICATES - 3 + i);
      valueOf(core.directory.adopt({ ...real, key: { ...real.key, certId } }, 1, []));
    }
    expect(core.directory.byCertId(b.certId)).toBeUndefined();
    expect(core.directory.byCertId(core.own.credential.certId)).toBeDefined();
    expect(known()).toBeLessThanOrEqual(MAX_KNOWN_CERTIFICATES - 1);
    expect(core.directory.current(b.nodeId)?.key.certId).toBe(idOf(MAX_KNOWN_CERTIFICATES));
  });
});
