import { nodeApp } from '../../api/node/index.ts';
import { controlSocketPath, ensurePrivateDir } from '../../io/files/index.ts';
import type { NodeModes } from '../../mesh/index.ts';
import { listenOnSocket } from '../ca/listen.ts';
import type { Closers } from '../closers.ts';
import type { Log } from '../log.ts';
import type { NodeConfig, NodeHome } from '../node-config.ts';
import type { Agent } from './agent.ts';
import { ModesKeeper, type ModesChange } from './modes-file.ts';
import type { Reloader } from './reloader.ts';
import type { Renewer } from './renewer.ts';

interface ControlParts {
  readonly home: NodeHome;
  readonly config: NodeConfig;
  readonly agent: Agent;
  readonly renewer: Renewer;
  readonly reloader: Reloader;
  /** As the home keeps them. */
  readonly modes: NodeModes;
  readonly log: Log;
  readonly closers: Closers;
}

/** Opens the control socket of a node that runs; answers its path. */
export async function openControl(parts: ControlParts): Promise<string> {
  const { home, config, agent, renewer, log, closers } = parts;
  const place = controlSocketPath(home.home, process.env, process.getuid?.() ?? 0);
  if (place.moved) await ensurePrivateDir(place.directory);
  const modes = new ModesKeeper(home.modes, parts.modes, (changed) => {
    agent.feed({ kind: 'modes', modes: changed });
  });
  const view = {
    status: () => agent.status(),
    explain: (name: string) => agent.explain(name),
    matrix: () => agent.matrix(),
    recent: () => agent.transitions.recent(),
    subscribe: agent.transitions.subscribe.bind(agent.transitions),
    setModes: (change: ModesChange) => modes.change(change),
    leave: (reason: string) => {
      void agent.leave(reason);
    },
    reload: () => parts.reloader.reload(),
    renew: () => renewer.renewNow(),
  };
  const app = nodeApp(view, log);
  closers.add(() => app.close());
  const path = config.controlSocket ?? place.path;
  await listenOnSocket(app, path);
  return path;
}
