export { enrollNode, type EnrolledNode, type EnrollNodeRequest } from './enroll.ts';
export { renewNode, type RenewedNode } from './renew.ts';
