export { enrollNode, type EnrolledNode, type EnrollNodeRequest } from './enroll.ts';
