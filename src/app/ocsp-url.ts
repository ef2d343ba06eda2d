import { oids, type Certificate } from '../x509/index.ts';

/** Where the certificate says that its status can be asked for, if it does. Source: RFC 5280 §4.2.2.1. */
export function ocspUrlOf({ extensions }: Certificate): string | undefined {
  for (const { method, location } of extensions.authorityInfoAccess?.value ?? []) {
    if (method === oids.ocspAccess && location.kind === 'uri') return location.value;
  }
  return undefined;
}
