export { checkDemo, type DemoObservation } from './check.ts';
export { DEMO_NAMES, DEMO_TRUST_DOMAIN, DemoCluster, type DemoVoice } from './cluster.ts';
export { startDemo } from './start.ts';
