import { equalBytes, type NodeId } from '../std/index.ts';
import { MAX_ISSUER_BYTES } from '../link/index.ts';
import { askedNow, type Core } from './core.ts';
import type { KnownIssuer } from './issuers.ts';
import type { LinkTable } from './link-table.ts';
import type { Link } from './link.ts';

/**
 * Tells peers of issuing CAs, each link once, and ahead of what those have signed: a member without a feed of the CA
 * could not judge it otherwise.
 */
export class Introductions {
  readonly #core: Core;
  readonly #links: LinkTable;

  constructor(core: Core, links: LinkTable) {
    this.#core = core;
    this.#links = links;
  }

  /** A link came up: it hears of every issuing CA in use but its own. */
  greet(link: Link): void {
    for (const known of this.#core.issuers.inUse(askedNow(this.#core))) this.introduce(link, known);
  }

  introduce(link: Link, known: KnownIssuer): void {
    const { certId } = known.verified.key;
    const { certificate } = known;
    if (link.introduced.has(certId) || certificate.length > MAX_ISSUER_BYTES) return;
    link.introduced.add(certId);
    const shown = link.peer.chain[1];
    if (shown !== undefined && equalBytes(shown.der, certificate)) return;
    this.#links.send(link, { kind: 'issuer', der: certificate });
  }

  /** To every linked peer but the one it came from. */
  introduceToAll(known: KnownIssuer, except?: NodeId): void {
    for (const link of this.#links.up) {
      if (link.peer.nodeId === except) link.introduced.add(known.verified.key.certId);
      else this.introduce(link, known);
    }
  }
}
