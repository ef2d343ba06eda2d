/** What a line of `serf agent` says about another member; undefined for every other line. */
export function parseSerfLine(line: string): { readonly peer: string; readonly to: string } | undefined {
  const [, event, peer] = /\[INFO\] serf: EventMember(Join|Failed|Leave): (\S+) /.exec(line) ?? [];
  if (event === undefined || peer === undefined) return undefined;
  return { peer, to: STATES[event] ?? 'unknown' };
}

/** In our words. */
const STATES: Readonly<Record<string, string>> = { Join: 'alive', Failed: 'down', Leave: 'left' };
