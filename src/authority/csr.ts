import { err, fault, ok } from '../std/index.ts';
import type { CryptoPort, Fault, FaultCode, Result, SignatureAlgorithm } from '../std/index.ts';
import { MAX_CSR_BYTES, parseCsr, verifyCsr, type DistinguishedName, type ProvenCsr } from '../x509/index.ts';

/** Keys that a node or operator certificate may have: what heartbeats can be signed with. */
const SUBJECT_KEY_ALGORITHMS: readonly SignatureAlgorithm[] = ['ES256', 'Ed25519'];

/** id-at-commonName. Source: RFC 5280 appendix A.1. */
const COMMON_NAME = '2.5.4.3';

/** A request whose sender holds the key it names. Nothing else in it was believed yet. */
export interface CheckedCsr {
  readonly csr: ProvenCsr;
  /** The commonName of the subject; undefined when there is none, or more than one. */
  readonly commonName: string | undefined;
  readonly spkiSha256: Uint8Array;
}

/** Errors: LS_CSR_TOO_LARGE, LS_CSR_MALFORMED, LS_CSR_KEY, LS_CSR_PROOF; the parser's reason is the cause. */
export function checkCsr(der: Uint8Array, crypto: CryptoPort): Result<CheckedCsr, Fault> {
  if (der.length > MAX_CSR_BYTES) {
    return err(
      fault('LS_CSR_TOO_LARGE', `the request has ${der.length} bytes, allowed are ${MAX_CSR_BYTES}`),
    );
  }
  const parsed = parseCsr(der);
  if (!parsed.ok) return err(fault(codeFor(parsed.error), parsed.error.detail, parsed.error));
  const { keyAlgorithm, subjectName, spki } = parsed.value;
  if (!SUBJECT_KEY_ALGORITHMS.includes(keyAlgorithm)) {
    return err(fault('LS_CSR_KEY', `the request is for a key of algorithm ${keyAlgorithm}`));
  }
  const proven = verifyCsr(parsed.value, crypto);
  if (!proven.ok) return err(fault('LS_CSR_PROOF', proven.error.detail, proven.error));
  return ok({
    csr: proven.value,
    commonName: commonNameOf(subjectName),
    spkiSha256: crypto.sha256(spki),
  });
}

function codeFor(reason: Fault): FaultCode {
  return reason.code === 'LS_X509_KEY_ALGORITHM' ? 'LS_CSR_KEY' : 'LS_CSR_MALFORMED';
}

function commonNameOf(subject: DistinguishedName): string | undefined {
  const [only, ...others] = subject.rdns.flat().filter(({ oid }) => oid === COMMON_NAME);
  return others.length === 0 ? (only?.text ?? undefined) : undefined;
}
