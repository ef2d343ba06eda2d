import { derOid, derPrintableString, derSequence, derSetOf, derUtf8String } from '../codec/index.ts';
import { oids } from './oids.ts';

/** What lifesign writes into Names; every RDN has one attribute. */
export interface NameFields {
  readonly organizationName?: string | undefined;
  readonly commonName?: string | undefined;
  /** X.520 serialNumber: the nodeId of node certificates. */
  readonly serialNumber?: string | undefined;
}

/**
 * DER of a Name, in the order organizationName, commonName, serialNumber.
 * UTF8String, but PrintableString for serialNumber, as X.520 demands.
 * Throws RangeError for a serialNumber outside PrintableString. Source: RFC 5280 §4.1.2.4 and appendix A.1.
 */
export function encodeName(fields: NameFields): Uint8Array {
  const rdns: Uint8Array[] = [];
  if (fields.organizationName !== undefined) {
    rdns.push(rdn(oids.organizationName, derUtf8String(fields.organizationName)));
  }
  if (fields.commonName !== undefined) rdns.push(rdn(oids.commonName, derUtf8String(fields.commonName)));
  if (fields.serialNumber !== undefined)
    rdns.push(rdn(oids.serialNumber, derPrintableString(fields.serialNumber)));
  return derSequence(...rdns);
}

function rdn(oid: string, value: Uint8Array): Uint8Array {
  return derSetOf(derSequence(derOid(oid), value));
}
