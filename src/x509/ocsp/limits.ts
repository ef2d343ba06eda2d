/** Longest OCSPRequest that is read: a signed one with its certificate fits, a chain does not. */
export const MAX_OCSP_REQUEST_BYTES = 4 * 1024;
/** Longest OCSPResponse that is read. */
export const MAX_OCSP_RESPONSE_BYTES = 32 * 1024;
/** Most certificates asked about in one request, and answered in one response. */
export const MAX_OCSP_CERT_IDS = 8;
/** Most certificates that a response carries to show who signed it. */
export const MAX_OCSP_CERTIFICATES = 4;
/** RFC 9654 §2.1: a nonce of 0 or of more than 128 bytes is refused; a client sends 32. */
export const MAX_OCSP_NONCE_BYTES = 128;
export const OCSP_NONCE_BYTES = 32;
/** How far the clocks of responder and relying party may differ. */
export const MAX_OCSP_SKEW_MS = 5 * 60_000;
