import type { DistinguishedName } from './name.ts';

/** Source: RFC 5280 §4.2.1.6. */
export type GeneralName =
  | { readonly kind: 'uri'; readonly value: string }
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  /** 4 or 16 bytes. */
  | { readonly kind: 'ip'; readonly address: Uint8Array }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  | { readonly kind: 'registered-id'; readonly oid: string }
  /** otherName [0], x400Address [3] and ediPartyName [5]: kept, never interpreted. */
  | { readonly kind: 'other'; readonly tagNumber: 0 | 3 | 5; readonly der: Uint8Array };

/** What a name constraint permits or excludes: a GeneralName, or for addresses a range. Source: RFC 5280 §4.2.1.10. */
export type NameConstraintBase =
  | Exclude<GeneralName, { readonly kind: 'ip' }>
  /** Both 4 or both 16 bytes; the mask is a CIDR prefix. */
  | { readonly kind: 'ip-range'; readonly address: Uint8Array; readonly mask: Uint8Array };
