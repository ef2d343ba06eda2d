export { MAX_EVENT_STREAMS, nodeApp } from './app.ts';
export type { NodeView } from './view.ts';
export { statusJson, transitionJson } from './wire.ts';
