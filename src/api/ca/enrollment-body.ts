import type { Enrollment } from '../../authority/index.ts';
import { enrolledAmongJson, enrolledJson } from './wire.ts';

/** The end of a body, and what it was made of. */
interface SharedPart {
  readonly of: readonly object[];
  readonly bytes: Buffer;
}

/**
 * Makes the JSON of {@link enrollmentJson} as bytes. Most of them are the roster and the CRLs, which are the same for all
 * who are enrolled in one transaction: those are written once. Requires: the arrays of an enrollment are never changed.
 */
export class EnrollmentBodies {
  #shared: SharedPart = { of: [], bytes: Buffer.alloc(0) };

  bodyOf(enrollment: Enrollment): Buffer {
    const own = JSON.stringify(enrolledJson(enrollment));
    return Buffer.concat([Buffer.from(`${own.slice(0, -1)},`), this.#sharedPart(enrollment)]);
  }

  #sharedPart(enrollment: Enrollment): Buffer {
    const { roots, crossCertificates, issuing, crls, roster, seeds } = enrollment;
    const of = [...roots, ...crossCertificates, ...issuing, ...crls, roster, seeds];
    const known = this.#shared;
    if (known.of.length === of.length && known.of.every((each, at) => each === of[at])) return known.bytes;
    const bytes = Buffer.from(JSON.stringify(enrolledAmongJson(enrollment)).slice(1));
    this.#shared = { of, bytes };
    return bytes;
  }
}
