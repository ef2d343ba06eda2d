import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on loopback that can break connections in the middle of an answer. */
export interface LossyProxy {
  readonly port: number;
  /** Connections are cut once the server has sent this many bytes on them; Infinity lets all pass. */
  cutAfterBytes: number;
  close(): void;
}

export function startLossyProxy(target: number): Promise<LossyProxy> {
  const open = new Set<Socket>();
  return new Promise((resolve) => {
    const server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      let sent = 0;
      const end = (): void => {
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream]) {
        open.add(socket);
        socket.on('error', end).on('close', end);
      }
      client.on('data', (chunk) => upstream.write(chunk));
      upstream.on('data', (chunk) => {
        sent += chunk.length;
        if (sent > proxy.cutAfterBytes) end();
        else client.write(chunk);
      });
    });
    const proxy: LossyProxy & { port: number } = {
      port: 0,
      cutAfterBytes: Infinity,
      close: () => {
        server.close();
        for (const socket of open) socket.destroy();
      },
    };
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      proxy.port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve(proxy);
    });
  });
}
