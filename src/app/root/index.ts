export { signNewRootCrl, type SignedRootCrl, type SignRootCrlRequest } from './crl.ts';
export { crossCertify, type CrossCertified, type CrossCertifyRequest } from './cross.ts';
export { initRoot, type InitialisedRoot, type InitRootRequest } from './init.ts';
export { signIssuingCa, type SignedIssuing, type SignIssuingRequest } from './sign.ts';
