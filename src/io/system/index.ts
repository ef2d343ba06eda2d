export { systemClock, systemRandom } from './system.ts';
