import { ok, parseSerialNumber, unixMs } from '../../std/index.ts';
import type { Fault, Result, SerialNumber, UnixMs } from '../../std/index.ts';
import type { IssuingCa } from '../issuing-ca.ts';
import type { StoreReader } from '../store.ts';
import { actingTime } from '../time.ts';
import type { IssuingFacts } from './interface.ts';
import type { AuthorityBase } from '../standing.ts';

export async function listIssuing(
  base: AuthorityBase,
  now: UnixMs,
): Promise<Result<readonly IssuingFacts[], Fault>> {
  return base.deps.store.read(async (tx) => {
    const at = await actingTime(tx, now);
    const facts: IssuingFacts[] = [];
    for (const ca of await base.issuingCas.read(tx)) facts.push(await issuingFacts(base, tx, ca, at));
    return ok(facts);
  });
}

/** The one of this generation as it stands in the transaction. Requires: there is one. */
export async function factsOfGeneration(
  base: AuthorityBase,
  tx: StoreReader,
  generation: number,
  now: UnixMs,
): Promise<IssuingFacts> {
  const ca = (await base.issuingCas.read(tx)).find((each) => each.generation === generation);
  if (ca === undefined) throw new RangeError(`there is no issuing CA ${generation}`);
  return issuingFacts(base, tx, ca, now);
}

async function issuingFacts(
  { deps }: AuthorityBase,
  tx: StoreReader,
  { row, certificate }: IssuingCa,
  now: UnixMs,
): Promise<IssuingFacts> {
  const { generation, state, preparedAt, activatedAt, endedAt, firstCrlNumber } = row;
  return {
    ...{ generation, state, preparedAt, activatedAt, endedAt, firstCrlNumber },
    certificate: certificate.der,
    serial: serialOf(certificate.serialHex),
    spkiSha256: deps.crypto.sha256(certificate.spki),
    notBefore: unixMs(certificate.notBefore),
    notAfter: unixMs(certificate.notAfter),
    ...(await tx.belowIssuer(generation, now)),
  };
}

function serialOf(text: string): SerialNumber {
  const serial = parseSerialNumber(text);
  if (serial === undefined) throw new RangeError('a serial of an issuing CA that was parsed');
  return serial;
}
