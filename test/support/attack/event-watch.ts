import { request, type ClientRequest } from 'node:http';
import { join } from 'node:path';

/** A change of state as one node saw it: a line of `mesh events`. */
export interface Seen {
  readonly by: string;
  readonly t: string;
  readonly peer: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly epoch: number;
}

/** Follows `mesh events` of many nodes from their first event on, so that none is missed, however many there are. */
export class EventWatch {
  readonly seen: Seen[] = [];
  readonly #streams = new Set<ClientRequest>();

  /** Follows the node of that home until it ends. Requires: it listens. */
  follow(by: string, home: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = request({ socketPath: join(home, 'control.sock'), path: '/v1/events', agent: false });
      this.#streams.add(stream);
      stream.on('error', reject);
      stream.on('response', (response) => {
        resolve();
        let text = '';
        response.setEncoding('utf8');
        response.on('error', () => undefined);
        response.on('data', (chunk: string) => {
          const lines = (text + chunk).split('\n');
          text = lines.pop() ?? '';
          for (const line of lines) this.#line(by, line);
        });
      });
      stream.end();
    });
  }

  /** Of how many moments `subject` was seen in `state`, by whom. */
  of(subject: string, state: string): readonly Seen[] {
    return this.seen.filter(({ peer, to }) => peer === subject && to === state);
  }

  close(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #line(by: string, line: string): void {
    if (!line.startsWith('data: {"t"')) return;
    this.seen.push({ by, ...(JSON.parse(line.slice('data: '.length)) as Omit<Seen, 'by'>) });
  }
}
