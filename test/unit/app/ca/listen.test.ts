import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished, expect, it } from 'vitest';
import type { Refusal } from '../../../../src/api/index.ts';
import { limitConnections } from '../../../../src/app/ca/listen.ts';

const LIMITS = { connections: 5, connectionsPerAddress: 2 };

async function limited() {
  const refusals: Refusal[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  limitConnections(server, LIMITS, (refusal) => refusals.push(refusal));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    refusals,
    /** Whether a connection from this address is still open once another call has gone by. */
    async stays(from: string): Promise<boolean> {
      const socket = connect({ host: '127.0.0.1', port, localAddress: from });
      sockets.push(socket);
      const closed = once(
        socket.on('error', () => undefined),
        'close',
      ).then(() => false);
      return Promise.race([closed, new Promise<boolean>((done) => setTimeout(() => done(true), 200))]);
    },
    close: () => sockets.shift()?.destroy(),
  };
}

it('closes one connection too many of an address at once, tells of it, and takes another when one is gone', async () => {
  const { stays, close, refusals } = await limited();
  expect([await stays('127.0.0.2'), await stays('127.0.0.2'), await stays('127.0.0.2')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(await stays('127.0.0.3')).toBe(true);
  expect(refusals).toMatchObject([
    { of: 'connection', from: '127.0.0.2', reason: { code: 'LS_API_CONNECTION_LIMIT' } },
  ]);
  close();
  await expect.poll(() => stays('127.0.0.2'), { timeout: 5_000 }).toBe(true);
});

it('closes one connection too many altogether, and tells of all of them under one name', async () => {
  const { stays, refusals } = await limited();
  for (const n of [2, 3, 4, 5, 6]) expect(await stays(`127.0.0.${n}`)).toBe(true);
  expect([await stays('127.0.0.7'), await stays('127.0.0.8')]).toEqual([false, false]);
  expect(refusals.map(({ from, reason: { code } }) => [from, code])).toEqual([
    ['anybody', 'LS_API_CONNECTION_LIMIT'],
    ['anybody', 'LS_API_CONNECTION_LIMIT'],
  ]);
});
