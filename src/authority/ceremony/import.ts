import { equalBytes, err, fault, ok, toHex, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import type { AuthorityDeps, InitialisedAuthority, InitialiseRequest } from '../deps.ts';
import { keepRootCrl } from '../crl.ts';
import { beginnerContext, checkRequest, found, genesisOf, initialised } from '../initialise.ts';
import { certificateEvent, journal } from '../journal.ts';
import { shippedProfiles } from '../profiles.ts';
import { newestRoot } from '../root-ca.ts';
import { checkImport, type ImportedFiles } from './check.ts';
import { journalRootCrl } from './import-root-crl.ts';

export interface ImportRequest extends InitialiseRequest {
  readonly files: ImportedFiles;
  /** See {@link ImportTarget}. */
  readonly hosts: readonly string[];
}

/**
 * Begins a CA whose root is elsewhere: what the root has made is checked, and kept with the first full CRL and the
 * roster of no members in one transaction. The same files again change nothing.
 *
 * Errors: those of checkImport, with nothing changed; LS_CA_ALREADY_INITIALISED for a store that holds another CA;
 * LS_CA_REQUEST; LS_CA_STORE_*.
 */
export async function importAuthority(
  deps: AuthorityDeps,
  request: ImportRequest,
  now: UnixMs,
): Promise<Result<InitialisedAuthority, Fault>> {
  const refused = checkRequest(request);
  if (refused !== undefined) return err(refused);
  const { trustDomain, hosts, files } = request;
  const [issuingKey] = deps.keys.issuing;
  if (issuingKey === undefined) throw new RangeError('a CA begins with an issuing key');
  const target = { trustDomain, hosts, issuingSpki: issuingKey.spki };
  const checker = { crypto: deps.crypto, profiles: deps.profiles ?? shippedProfiles() };
  const checked = checkImport(checker, target, files, now);
  if (!checked.ok) return checked;
  const { root, issuing, crl } = checked.value;
  const genesis = genesisOf(deps, request, { root: root.der, issuing: issuing.der }, now);
  const context = beginnerContext(deps, genesis);
  if (!context.ok) return context;
  return deps.store.transaction(async (tx) => {
    const held = await tx.genesis();
    if (held === null) {
      return ok(
        await found(context.value, tx, { logKey: request.logKey, now }, async () => {
          const values = [toHex(deps.crypto.sha256(root.der))];
          await journal(tx, [certificateEvent('imported', values, issuing.der)], now);
          await journalRootCrl(context.value, tx, crl, now);
          await keepRootCrl(context.value, tx, newestRoot(context.value.roots), crl.der, now);
        }),
      );
    }
    const isSame = equalBytes(held.root, root.der) && equalBytes(held.issuing, issuing.der);
    if (isSame) return ok(initialised(context.value));
    return err(fault('LS_CA_ALREADY_INITIALISED', 'the store holds a CA of other certificates already'));
  });
}
