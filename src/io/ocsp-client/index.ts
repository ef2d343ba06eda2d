export { postOcsp } from './post-ocsp.ts';
