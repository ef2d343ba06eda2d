export type IdentityState = 'enrolled' | 'active' | 'revoked' | 'removed';
export type Status = 'good' | 'held' | 'revoked';

/** What a reason on a CRL makes of a certificate. */
export function statusOf(reason: string | undefined): Status {
  if (reason === undefined) return 'good';
  return reason === 'certificateHold' ? 'held' : 'revoked';
}

export interface KnownCertificate {
  readonly serial: string;
  readonly name: string;
  /** Null for an operator's. */
  readonly nodeId: string | null;
  readonly notAfter: number;
  readonly predecessor: string | null;
  status: Status;
  /** Its subject has shown that it has it. */
  isConfirmed: boolean;
  /** Signed and kept; until then it was only decided on. */
  isSigned: boolean;
}

export interface KnownIdentity {
  readonly nodeId: string;
  readonly name: string;
  state: IdentityState;
  /** In the order of their issuance. */
  readonly serials: string[];
}

export interface KnownToken {
  readonly tokenId: string;
  readonly name: string;
  readonly replace: boolean;
  readonly expiresAt: number;
  voided: 'revoked' | 'removed' | null;
  /** What it was redeemed for. */
  spent: { readonly serial: string; readonly key: number } | null;
}

/** What the CA has to know, in the simplest words: data without behaviour, so that a backup is a copy of it. */
export interface View {
  readonly identities: Map<string, KnownIdentity>;
  /** The live identity of a name, else its last one. */
  readonly holders: Map<string, string>;
  readonly certificates: Map<string, KnownCertificate>;
  readonly tokens: Map<string, KnownToken>;
  /** Revocations of certificates that a restored CA never heard of. */
  readonly foreign: Map<string, Exclude<Status, 'good'>>;
}

export function emptyView(): View {
  return {
    identities: new Map(),
    holders: new Map(),
    certificates: new Map(),
    tokens: new Map(),
    foreign: new Map(),
  };
}

export function copyOf(view: View): View {
  return structuredClone(view);
}

export function holderOf(view: View, name: string): KnownIdentity | undefined {
  const nodeId = view.holders.get(name);
  return nodeId === undefined ? undefined : view.identities.get(nodeId);
}

export function certificatesOf(view: View, nodeId: string): readonly KnownCertificate[] {
  const serials = view.identities.get(nodeId)?.serials ?? [];
  return serials.flatMap((serial) => view.certificates.get(serial) ?? []);
}

export function isEnded({ state }: KnownIdentity): boolean {
  return state === 'revoked' || state === 'removed';
}

export function endedCode({ state }: KnownIdentity): string {
  return state === 'removed' ? 'LS_IDENTITY_REMOVED' : 'LS_IDENTITY_REVOKED';
}
