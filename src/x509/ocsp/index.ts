export {
  certIdKey,
  namesIssuer,
  ocspCertId,
  ocspHashes,
  ocspIssuerOf,
  type OcspCertId,
  type OcspHash,
  type OcspIssuer,
} from './cert-id.ts';
export * from './limits.ts';
export { encodeOcspRequest, parseOcspRequest, type OcspRequest } from './request.ts';
export {
  parseOcspResponse,
  type BasicOcspResponse,
  type OcspCertStatus,
  type OcspErrorStatus,
  type OcspResponse,
  type OcspStatus,
  type ResponderId,
  type SingleOcspResponse,
} from './response.ts';
export { encodeOcspError, signOcspResponse, type OcspResponseFields } from './response-write.ts';
export { verifyOcspResponse, type OcspVerification, type VerifiedOcspAnswer } from './verify.ts';
