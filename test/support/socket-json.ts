import { request } from 'node:http';

/** GETs `path` over a Unix socket; undefined when nobody answers with 200 in time, as a frozen process does not. */
export function getJson(socketPath: string, path: string, timeoutMs = 2_000): Promise<unknown> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = request({ socketPath, path, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => resolve(undefined));
      response.on('close', () => {
        resolve(response.statusCode === 200 && response.complete ? parse(chunks) : undefined);
      });
    });
    sent.on('error', () => resolve(undefined));
    sent.end();
  });
}

function parse(chunks: readonly Buffer[]): unknown {
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
