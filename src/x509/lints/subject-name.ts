import { attributeTexts } from '../name.ts';
import { oids } from '../oids.ts';
import { subjectAttributes, type SubjectAttribute } from '../profiles/profile.ts';
import type { Lint, LintTarget } from './lint.ts';

const MAX_ATTRIBUTE_LENGTH = 64;

/**
 * Exactly the attributes of the profile, each once, 1 to 64 characters, in the string types that
 * RFC 5280 §4.1.2.4 and X.520 prescribe. Source: RFC 5280 §4.1.2.6 and appendix A.1 (upper bounds).
 */
export const subjectName: Lint = {
  rule: 'subject-name',
  check(target) {
    const { certificate, profile } = target;
    const attributes = certificate.subjectName.rdns.flat();
    if (certificate.subjectName.rdns.some((rdn) => rdn.length !== 1)) return 'an RDN with several attributes';
    if (attributes.length !== profile.subject.length) return `${attributes.length} attributes`;
    for (const name of subjectAttributes) {
      const problem = profile.subject.includes(name) ? problemOf(target, name) : undefined;
      if (problem !== undefined) return `${name} ${problem}`;
    }
    return undefined;
  },
};

function problemOf({ certificate }: LintTarget, name: SubjectAttribute): string | undefined {
  const texts = attributeTexts(certificate.subjectName, oids[name]);
  const [text] = texts;
  if (texts.length !== 1 || typeof text !== 'string') return 'is not there once';
  if (text.length === 0 || text.length > MAX_ATTRIBUTE_LENGTH) return `has ${text.length} characters`;
  const stringType = certificate.subjectName.rdns.flat().find(({ oid }) => oid === oids[name])?.stringType;
  return stringType === (name === 'serialNumber' ? 'printable' : 'utf8')
    ? undefined
    : `is a ${stringType ?? ''} string`;
}
