import { commonNameOf, spiffeIdOf } from '../identity.ts';
import type { Lint } from './lint.ts';

/**
 * Exactly one URI, `spiffe://<trust domain>/<segment>/<commonName>`, where the profile has a segment; no URI
 * elsewhere. Source: SPIFFE X509-SVID §2, SPIFFE-ID §2.
 */
export const spiffeId: Lint = {
  rule: 'spiffe-id',
  check({ certificate, profile }) {
    const uris = (certificate.extensions.subjectAltName?.value ?? []).filter((name) => name.kind === 'uri');
    const segment = profile.kind === 'end-entity' ? profile.spiffeSegment : undefined;
    if (segment === undefined) return uris.length === 0 ? undefined : 'a URI where none belongs';
    const id = spiffeIdOf(certificate);
    if (id === undefined) return 'not exactly one URI that is a SPIFFE id';
    return id.path === `${segment}/${commonNameOf(certificate) ?? ''}` ? undefined : `path "${id.path}"`;
  },
};
