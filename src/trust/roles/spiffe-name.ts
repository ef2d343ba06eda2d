import { err, fault, ok, parseNodeName, type Fault, type NodeName, type Result } from '../../std/index.ts';
import { commonNameOf, spiffeIdOf, type Certificate } from '../../x509/index.ts';

/**
 * The name in the certificate's one URI, `spiffe://<trust-domain>/<role>/<name>`, which must be its one common
 * name too. Errors: LS_TRUST_NAME, LS_TRUST_WRONG_DOMAIN, LS_TRUST_WRONG_ROLE.
 * Source: X509-SVID §2, SPIFFE-ID §2.
 */
export function spiffeName(
  certificate: Certificate,
  trustDomain: string,
  role: 'node' | 'operator',
): Result<NodeName, Fault> {
  const who = `certificate ${certificate.serialHex}`;
  const id = spiffeIdOf(certificate);
  if (id === undefined)
    return err(fault('LS_TRUST_NAME', `${who} has not exactly one URI that is a SPIFFE id`));
  if (id.trustDomain !== trustDomain) {
    return err(fault('LS_TRUST_WRONG_DOMAIN', `${who} belongs to another trust domain than ${trustDomain}`));
  }
  const [foundRole, name = '', ...further] = id.path.split('/');
  if (foundRole !== role)
    return err(fault('LS_TRUST_WRONG_ROLE', `the URI of ${who} is not that of a ${role}`));
  const parsed = parseNodeName(name);
  if (parsed === undefined || further.length > 0) {
    return err(fault('LS_TRUST_NAME', `the URI of ${who} ends in no ${role} name`));
  }
  if (commonNameOf(certificate) === parsed) return ok(parsed);
  return err(fault('LS_TRUST_NAME', `the common name of ${who} is not ${parsed}, as in its URI`));
}
