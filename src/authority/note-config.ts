import { err, fault, ok, toHex, utf8, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { parseIpAddress } from '../trust/index.ts';
import type { Certificate } from '../x509/index.ts';
import { commit } from './context.ts';
import { certificateEvent, journal } from './journal.ts';
import { checkGrantedNames } from './names.ts';
import { checkPermitted } from './permitted-names.ts';
import { actingTime } from './time.ts';
import type { AuthorityBase } from './standing.ts';

/** Longest value of a setting. */
export const MAX_SETTING_TEXT = 2_048;
/** Longer ones stand as their hash in the ledger, whose words have room for no more. */
const MAX_SAID = 160;
const KEY = /^[a-z][a-z.-]{0,63}$/;
const VALUE = /^[!-~]+$/;

/** A setting of the CA, as its ledger says it. */
export interface SettingNote {
  readonly key: string;
  /** One word; URLs are separated by commas. */
  readonly value: string;
}

/**
 * A row of the ledger about a setting that is about to change. Errors: LS_CA_REQUEST; LS_SAN_* for URLs for whose
 * hosts this CA can't make its own server's certificate.
 */
export async function noteConfig(
  base: AuthorityBase,
  { key, value }: SettingNote,
  now: UnixMs,
): Promise<Result<void, Fault>> {
  if (!KEY.test(key) || !VALUE.test(value) || value.length > MAX_SETTING_TEXT) {
    return err(
      fault('LS_CA_REQUEST', `a setting is a word and a value of at most ${MAX_SETTING_TEXT} characters`),
    );
  }
  return commit(base, async (tx, context) => {
    const { certificate } = context.issuing;
    const forbidden = key === 'url' ? checkUrls(certificate, value.split(',')) : undefined;
    if (forbidden !== undefined) return err(forbidden);
    const { crypto } = context.deps;
    const said = value.length <= MAX_SAID ? value : `sha256:${toHex(crypto.sha256(utf8(value)))}`;
    const entry = certificateEvent('configured', [key, said], certificate.der);
    await journal(tx, [entry], await actingTime(tx, now));
    return ok({ answer: undefined });
  });
}

function checkUrls(issuing: Certificate, urls: readonly string[]): Fault | undefined {
  const hosts = hostsOf(urls);
  const ip = hosts.filter((host) => parseIpAddress(host) !== undefined);
  const names = checkGrantedNames(
    hosts.filter((host) => !ip.includes(host)),
    ip,
  );
  return names.ok ? checkPermitted(issuing, names.value) : names.error;
}

/** DNS names and addresses, without the brackets of IPv6; empty for what is no `https://HOST:PORT`. */
export function hostsOf(urls: readonly string[]): readonly string[] {
  return urls.map((url) => (URL_HOST.exec(url)?.[1] ?? '').replace(/^\[(.*)\]$/, '$1'));
}

const URL_HOST = /^https:\/\/(\[[0-9a-f:.]+\]|[^/:]+)(?::\d+)?$/;
