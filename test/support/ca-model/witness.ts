import { createHash } from 'node:crypto';
import type { CurrentCrls, Publication } from '../../../src/authority/index.ts';
import { decodeRoster, verifyRoster, type Roster } from '../../../src/membership/index.ts';
import { equalBytes, type CryptoPort, type DomainId } from '../../../src/std/index.ts';
import { certIdOfCertificate, parseCertificate, parseCrl } from '../../../src/x509/index.ts';
import { valueOf } from '../result.ts';
import { demand } from './violation.ts';
import { ofActive, onlyList } from '../issuing.ts';

type Kind = 'CRL' | 'root CRL' | 'roster';

/** Everything that a CA and all that was restored of it ever showed: a number stands for one content, for ever. */
export class Witness {
  readonly #digests = new Map<string, string>();
  readonly #newest = new Map<Kind, number>();
  readonly #crypto: CryptoPort;
  readonly #domainId: DomainId;
  readonly #issuing: Uint8Array;
  /** The newest roster and its hash. */
  #roster: { readonly number: number; readonly hash: Uint8Array } | undefined;
  #thisUpdate = 0;

  constructor(crypto: CryptoPort, domainId: DomainId, issuing: Uint8Array) {
    this.#crypto = crypto;
    this.#domainId = domainId;
    this.#issuing = issuing;
  }

  /** What one replica tells its listeners; what another one published in between it may tell late. */
  hear({ crl, roster }: Publication): void {
    if (crl !== undefined) {
      const der = onlyList(crl);
      demand(numberOfCrl(der) === crl.number, `CRL ${crl.number} is published under its number`);
      this.#note('CRL', crl.number, der);
    }
    if (roster !== undefined) this.#note('roster', roster.number, roster.record);
  }

  /** What the CA serves now, which is never behind what it served or told before. */
  look(crls: CurrentCrls, record: Uint8Array): Roster {
    const { full, fullNumber, delta, number, root, rootNumber } = ofActive(crls);
    this.#note('CRL', fullNumber, full);
    if (delta !== null) this.#note('CRL', number, delta);
    this.#note('root CRL', rootNumber, root);
    demand(numberOfCrl(delta ?? full) === number, `CRL ${number} is served under its number`);
    const { thisUpdate } = valueOf(parseCrl(delta ?? full));
    demand(thisUpdate >= this.#thisUpdate, `CRL ${number} is of no earlier time than the one before`);
    this.#thisUpdate = thisUpdate;
    const roster = this.#readRoster(record);
    this.#note('roster', roster.number, record);
    this.#demandNewest('CRL', number);
    this.#demandNewest('root CRL', rootNumber);
    this.#demandNewest('roster', roster.number);
    return roster;
  }

  #readRoster(record: Uint8Array): Roster {
    const issuing = valueOf(parseCertificate(this.#issuing));
    const certId = certIdOfCertificate(issuing, this.#crypto);
    const key = { certId, algorithm: issuing.keyAlgorithm ?? 'ES256', spki: issuing.spki };
    const { body, structureHash } = valueOf(
      verifyRoster(this.#crypto, this.#domainId, valueOf(decodeRoster(record)), key),
    );
    const before = this.#roster;
    // Of those in between one only knows that there were some.
    if (before !== undefined && body.number === before.number + 1)
      demand(equalBytes(body.prev, before.hash), `roster ${body.number} continues the one before`);
    this.#roster = { number: body.number, hash: structureHash };
    return body;
  }

  #note(kind: Kind, number: number, bytes: Uint8Array): void {
    const digest = createHash('sha256').update(bytes).digest('hex');
    const known = this.#digests.get(`${kind} ${number}`);
    demand(known === undefined || known === digest, `${kind} ${number} has one content for ever`);
    this.#digests.set(`${kind} ${number}`, digest);
    this.#newest.set(kind, Math.max(number, this.#newest.get(kind) ?? 0));
  }

  #demandNewest(kind: Kind, number: number): void {
    const newest = this.#newest.get(kind) ?? 0;
    demand(number >= newest, `${kind} ${number} is served after ${kind} ${newest}`);
  }
}

function numberOfCrl(der: Uint8Array): number | undefined {
  return valueOf(parseCrl(der)).extensions.crlNumber?.value;
}
