import type { GeneralName, NameConstraintBase } from '../general-name.ts';
import { endsInLabels, hostLabels } from './host-name.ts';

/** Whether a name lies in a subtree; `unsure` when name or subtree has a shape the rule of its form cannot judge. */
export type SubtreeMatch = 'inside' | 'outside' | 'unsure';

/** The name forms whose constraints are processed. A constraint of any other form refuses the path. */
export type ConstrainedForm = 'uri' | 'dns' | 'ip';

export function formOfConstraint(base: NameConstraintBase): ConstrainedForm | undefined {
  switch (base.kind) {
    case 'uri':
    case 'dns':
      return base.kind;
    case 'ip-range':
      return 'ip';
    case 'email':
    case 'directory':
    case 'registered-id':
    case 'other':
      return undefined;
  }
}

/** Compares a name with a constraint of the same form. Source: RFC 5280 §4.2.1.10. */
export function matchSubtree(name: GeneralName, base: NameConstraintBase): SubtreeMatch {
  if (name.kind === 'uri' && base.kind === 'uri') return matchUri(name.value, base.value);
  if (name.kind === 'dns' && base.kind === 'dns') return matchDns(name.value, base.value);
  if (name.kind === 'ip' && base.kind === 'ip-range') return matchIp(name.address, base.address, base.mask);
  return 'unsure';
}

/** A host is matched exactly; with a leading period the constraint covers what lies below it, and not itself. */
function matchUri(uri: string, constraint: string): SubtreeMatch {
  const host = hostLabels(hostOfUri(uri) ?? '');
  const below = constraint.startsWith('.');
  const base = hostLabels(below ? constraint.slice(1) : constraint);
  if (host === undefined || base === undefined) return 'unsure';
  const inside =
    endsInLabels(host, base) && (below ? host.length > base.length : host.length === base.length);
  return inside ? 'inside' : 'outside';
}

/** The constraint and every name made by adding labels on its left. An empty constraint covers all names. */
function matchDns(name: string, constraint: string): SubtreeMatch {
  const labels = hostLabels(name);
  if (labels === undefined) return 'unsure';
  if (constraint === '') return 'inside';
  const base = hostLabels(constraint);
  if (base === undefined) return 'unsure';
  return endsInLabels(labels, base) ? 'inside' : 'outside';
}

/** An IPv4 range says nothing of IPv6 addresses and the reverse. Source: RFC 5280 §4.2.1.10, RFC 4632 §3.1. */
function matchIp(address: Uint8Array, base: Uint8Array, mask: Uint8Array): SubtreeMatch {
  if (base.length !== mask.length) return 'unsure';
  if (address.length !== base.length) return 'outside';
  const inside = address.every((byte, i) => ((byte ^ (base[i] ?? 0)) & (mask[i] ?? 0)) === 0);
  return inside ? 'inside' : 'outside';
}

const URI_WITH_AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/(?<authority>[^/?#]*)(?:[/?#].*)?$/i;
const HOST_AND_PORT = /^(?<host>[^@:[\]]+)(?::[0-9]*)?$/;

/** The host of an absolute URI; undefined without authority, and for user information and address literals. */
function hostOfUri(uri: string): string | undefined {
  const authority = URI_WITH_AUTHORITY.exec(uri)?.groups?.['authority'];
  return HOST_AND_PORT.exec(authority ?? '')?.groups?.['host'];
}
