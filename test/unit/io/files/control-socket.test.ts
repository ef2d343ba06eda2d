import { describe, expect, it } from 'vitest';
import { CONTROL_SOCKET_MAX_BYTES, controlSocketPath } from '../../../../src/io/index.ts';

const SUFFIX_BYTES = '/control.sock'.length;

describe('controlSocketPath', () => {
  it('stays in the home up to the bound and moves one byte above it', () => {
    const fitting = `/${'a'.repeat(CONTROL_SOCKET_MAX_BYTES - SUFFIX_BYTES - 1)}`;
    expect(controlSocketPath(fitting, {}, 7)).toEqual({
      path: `${fitting}/control.sock`,
      directory: fitting,
      moved: false,
    });
    const moved = controlSocketPath(`${fitting}a`, {}, 7);
    expect(moved.moved).toBe(true);
    expect(moved.directory).toBe('/tmp/lifesign-7');
    expect(Buffer.byteLength(moved.path)).toBeLessThanOrEqual(CONTROL_SOCKET_MAX_BYTES);
  });

  it('counts bytes, not characters', () => {
    expect(controlSocketPath(`/${'ü'.repeat(50)}`, {}, 7).moved).toBe(true);
  });

  it('prefers the first runtime directory that systemd gives', () => {
    const place = controlSocketPath(`/${'a'.repeat(120)}`, { RUNTIME_DIRECTORY: '/run/lifesign:/run/b' }, 7);
    expect(place.directory).toBe('/run/lifesign');
    expect(place.path.startsWith('/run/lifesign/')).toBe(true);
  });

  it('passes over a runtime directory that is relative, empty or too long itself', () => {
    for (const value of ['run', '', `/${'r'.repeat(99)}`]) {
      expect(controlSocketPath(`/${'a'.repeat(120)}`, { RUNTIME_DIRECTORY: value }, 7).directory).toBe(
        '/tmp/lifesign-7',
      );
    }
  });

  it('gives each home its own place, the same one every time', () => {
    const places = ['a', 'b', 'a'].map((c) => controlSocketPath(`/${c.repeat(120)}`, {}, 7).path);
    expect(places[0]).toBe(places[2]);
    expect(places[0]).not.toBe(places[1]);
  });
});
