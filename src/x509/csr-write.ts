import type { Signer } from '../std/index.ts';
import {
  contextConstructed,
  derOid,
  derSequence,
  derSetOf,
  derUnsigned,
  derUtf8String,
} from '../codec/index.ts';
import { oids } from './oids.ts';
import { signObject } from './signed.ts';

export interface CsrFields {
  /** DER Name. */
  readonly subject: Uint8Array;
  /** 1 to 255 characters. */
  readonly challengePassword?: string | undefined;
  /** DER of each Extension that is asked for. */
  readonly extensions?: readonly Uint8Array[] | undefined;
}

/** A PKCS#10 request for the signer's key, signed by it (which is the proof of possession). Source: RFC 2986 §4. */
export function signCsr(fields: CsrFields, signer: Signer): Uint8Array {
  const attributes: Uint8Array[] = [];
  if (fields.challengePassword !== undefined) {
    attributes.push(attribute(oids.challengePassword, derUtf8String(fields.challengePassword)));
  }
  if (fields.extensions !== undefined && fields.extensions.length > 0) {
    attributes.push(attribute(oids.extensionRequest, derSequence(...fields.extensions)));
  }
  const sorted = derSetOf(...attributes);
  const info = derSequence(derUnsigned(0), fields.subject, signer.spki, implicitSet(sorted));
  return signObject(info, signer);
}

function attribute(oid: string, value: Uint8Array): Uint8Array {
  return derSequence(derOid(oid), derSetOf(value));
}

/** `[0] IMPLICIT SET OF`: the same content under another tag. */
function implicitSet(set: Uint8Array): Uint8Array {
  const tagged = Uint8Array.from(set);
  tagged[0] = contextConstructed(0);
  return tagged;
}
