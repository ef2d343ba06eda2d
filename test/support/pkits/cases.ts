import { readdirSync, readFileSync } from 'node:fs';

/** NIST PKITS 1.0.1, beside the checkout (see its README). A missing folder fails the test, it is not skipped. */
const PKITS = new URL('../../../../shared/conformance/pkits/', import.meta.url);

/** One test of the suite: certificates from the trust anchor to the end entity, and what must come out. */
export interface PkitsCase {
  readonly family: string;
  readonly name: string;
  /** Base names in `certs/`, trust anchor first. Certificates of CRL issuers may stand between those of the path. */
  readonly certs: readonly string[];
  /** Base names in `crls/`. */
  readonly crls: readonly string[];
  readonly shouldValidate: boolean;
  /** The settings other than the default ones that path validation starts with; all of them are about policies. */
  readonly inputs: readonly string[];
}

interface RawCase {
  readonly suite: string;
  readonly name: string;
  readonly certs: readonly string[];
  readonly crls: readonly string[];
  readonly info: { readonly should_validate: string };
  readonly calls: readonly (readonly [string, string])[];
}

export function pkitsCases(): readonly PkitsCase[] {
  const raw = JSON.parse(readFileSync(new URL('cases.json', PKITS), 'utf8')) as readonly RawCase[];
  return raw.map(({ suite, name, certs, crls, info, calls }) => ({
    family: suite.replace(/^PkitsTest/, ''),
    name: name.replace(/^Section\d+/, ''),
    certs,
    crls,
    shouldValidate: info.should_validate === 'true',
    inputs: calls.map(([setting]) => setting).filter((setting) => setting.startsWith('SetInitial')),
  }));
}

/** DER of every file of a folder by its base name. */
export function pkitsFiles(folder: 'certs' | 'crls'): ReadonlyMap<string, Uint8Array> {
  const files = readdirSync(new URL(`${folder}/`, PKITS));
  return new Map(
    files.map((file) => [
      file.replace(/\.\w+$/, ''),
      new Uint8Array(readFileSync(new URL(`${folder}/${file}`, PKITS))),
    ]),
  );
}
