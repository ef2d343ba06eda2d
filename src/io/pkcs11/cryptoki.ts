import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import { fault, LsError } from '../../std/index.ts';

/** A session, slot or object of a token. */
export type Handle = Buffer;

export interface Attribute {
  readonly type: number;
  readonly value: boolean | number | Buffer;
}

/** The part of pkcs11js that is used. Its methods throw errors whose message is the name of a CKR_ code. */
export interface Cryptoki {
  C_Initialize(): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): readonly Handle[];
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, user: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void;
  C_FindObjects(session: Handle, most: number): readonly Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: readonly { readonly type: number }[],
  ): readonly { readonly type: number; readonly value: unknown }[];
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Sign(session: Handle, data: Buffer, output: Buffer): Buffer;
  C_GenerateKeyPair(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
  ): { readonly privateKey: Handle; readonly publicKey: Handle };
  C_DestroyObject(session: Handle, object: Handle): void;
}

export interface Mechanism {
  readonly mechanism: number;
  readonly parameter: null;
}

/** Padded with blanks to the lengths of CK_TOKEN_INFO. */
export interface TokenInfo {
  readonly label: string;
  readonly manufacturerID: string;
  readonly model: string;
  readonly serialNumber: string;
}

/** Numbers of PKCS #11 v2.40; those of Edwards curves are of v3.0. */
export const CK = {
  CKF_RW_SESSION: 2,
  CKF_SERIAL_SESSION: 4,
  CKU_USER: 1,
  CKO_PUBLIC_KEY: 2,
  CKO_PRIVATE_KEY: 3,
  CKA_CLASS: 0x0,
  CKA_TOKEN: 0x1,
  CKA_PRIVATE: 0x2,
  CKA_LABEL: 0x3,
  CKA_ID: 0x102,
  CKA_SENSITIVE: 0x103,
  CKA_DECRYPT: 0x105,
  CKA_UNWRAP: 0x107,
  CKA_SIGN: 0x108,
  CKA_VERIFY: 0x10a,
  CKA_DERIVE: 0x10c,
  CKA_EXTRACTABLE: 0x162,
  CKA_EC_PARAMS: 0x180,
  CKA_EC_POINT: 0x181,
  CKM_EC_KEY_PAIR_GEN: 0x1040,
  CKM_ECDSA: 0x1041,
  CKM_EC_EDWARDS_KEY_PAIR_GEN: 0x1055,
  CKM_EDDSA: 0x1057,
} as const;

/** Names another place of pkcs11js than what Node.js finds beside lifesign: an absolute path. */
export const ADDON_VARIABLE = 'LIFESIGN_PKCS11JS';
export const ADDON_PACKAGE = 'pkcs11js';

/** Loads a PKCS#11 library into this process. */
export type LoadCryptoki = (modulePath: string) => Cryptoki;

/**
 * {@link LoadCryptoki} through the npm package pkcs11js, which the operator installs: it is compiled on the machine.
 * Throws LS_KEY_ADDON when it is not there or does not work here, LS_KEY_MODULE when the library can't be loaded.
 */
export function cryptokiLoader(env: Readonly<Record<string, string | undefined>>): LoadCryptoki {
  const Addon = addonClass(env[ADDON_VARIABLE] ?? ADDON_PACKAGE);
  return (modulePath) => {
    try {
      const addon = new Addon();
      addon.load(modulePath);
      return addon;
    } catch (cause) {
      throw new LsError(fault('LS_KEY_MODULE', messageOf(cause)), { cause });
    }
  };
}

type AddonClass = new () => Cryptoki & { load(modulePath: string): void };

function addonClass(place: string): AddonClass {
  if (place !== ADDON_PACKAGE && !isAbsolute(place))
    throw new LsError(fault('LS_KEY_ADDON', `${ADDON_VARIABLE} is not an absolute path`));
  try {
    const exported: unknown = createRequire(import.meta.url)(place);
    const found = typeof exported === 'object' && exported !== null ? Object.entries(exported) : [];
    const [, value] = found.find(([name]) => name === 'PKCS11') ?? [];
    if (typeof value === 'function') return value as AddonClass;
  } catch (cause) {
    throw new LsError(fault('LS_KEY_ADDON', `${place}: ${messageOf(cause)}`), { cause });
  }
  throw new LsError(fault('LS_KEY_ADDON', `${place} is not pkcs11js`));
}

/** The first line: what follows in Node's own message are paths. */
export function messageOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split('\n', 1)[0] ?? '';
}
