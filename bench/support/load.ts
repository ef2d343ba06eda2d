import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

const MICROSECONDS_PER_TICK = 10_000;

/** What a server did for so many requests. */
export interface Cost {
  readonly requestsPerSecond: number;
  /** Of the server process with its threads, each request. */
  readonly cpuMicroseconds: number;
  /** What one core would do if it never waited for disk or network. */
  readonly perCoreSecond: number;
}

export interface Load {
  readonly pid: number;
  readonly connections: number;
  readonly connect: (opened: () => void) => Socket;
}

/** One connection each with one request under way, until all requests are answered. Throws for any answer but a 200. */
export async function costOf(load: Load, requests: readonly Buffer[]): Promise<Cost> {
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => opened(load)));
  const queue = { next: 0, requests };
  const [cpu, begin] = [await cpuMicroseconds(load.pid), performance.now()];
  await Promise.all(sockets.map((socket) => lane(socket, queue)));
  const seconds = (performance.now() - begin) / 1_000;
  const each = ((await cpuMicroseconds(load.pid)) - cpu) / requests.length;
  return {
    requestsPerSecond: Math.round(requests.length / seconds),
    cpuMicroseconds: Number(each.toFixed(1)),
    perCoreSecond: Math.round(1e6 / each),
  };
}

interface Queue {
  next: number;
  readonly requests: readonly Buffer[];
}

function opened({ connect }: Load): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(() => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

function lane(socket: Socket, queue: Queue): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new AnswerReader();
    const sendNext = (): void => {
      const request = queue.requests[queue.next++];
      if (request === undefined) socket.destroy();
      else socket.write(request);
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        if (reader.push(chunk)) sendNext();
      } catch (cause) {
        socket.destroy(cause instanceof Error ? cause : new Error(String(cause)));
      }
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
    sendNext();
  });
}

/** Finds where an answer ends. Its body is only counted. */
class AnswerReader {
  #head: Buffer = Buffer.alloc(0);
  #missing: number | undefined;

  /** True when the answer is complete. */
  push(chunk: Buffer): boolean {
    if (this.#missing === undefined) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const headEnd = this.#head.indexOf('\r\n\r\n');
      if (headEnd === -1) return false;
      this.#missing = bodyLength(this.#head) - (this.#head.length - headEnd - 4);
    } else this.#missing -= chunk.length;
    if (this.#missing > 0) return false;
    if (this.#missing < 0) throw new Error('more came than was asked for');
    this.#missing = undefined;
    this.#head = Buffer.alloc(0);
    return true;
  }
}

function bodyLength(head: Buffer): number {
  const text = head.toString('latin1');
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  if (!text.startsWith('HTTP/1.1 200') || length === undefined) throw new Error(text.slice(0, 1_000));
  return Number(length);
}

/** Processor time of a process and its threads so far, by the kernel's count. */
export async function cpuMicroseconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}

/** An HTTP/1.1 POST on a connection that is kept. */
export function postRequest(path: string, mediaType: string, body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    `Content-Type: ${mediaType}`,
    `Content-Length: ${String(bytes.length)}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
}
