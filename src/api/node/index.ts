export { MAX_EVENT_STREAMS, nodeApp } from './app.ts';
export type { NodeView } from './view.ts';
export type { ExplanationJson, MatrixJson, NodeStatusJson, PeerStatusJson, TransitionJson } from './wire.ts';
