import { spawnSync } from 'node:child_process';

/** Debian's own interpreter: another `python3` that comes first on PATH does not see Debian's packages. */
export const DEBIAN_PYTHON = '/usr/bin/python3';

/** What the system tests call, and the Debian package that has it. */
const TOOLS: readonly { readonly probe: readonly string[]; readonly debian: string }[] = [
  { probe: ['openssl', 'version'], debian: 'openssl' },
  { probe: ['faketime', '--version'], debian: 'faketime' },
  { probe: ['certtool', '--version'], debian: 'gnutls-bin' },
  { probe: ['keytool', '-showinfo', '-tls'], debian: 'default-jre-headless' },
  { probe: ['pki', '--est', '--help'], debian: 'strongswan-pki' },
  // Without it strongSwan knows no elliptic curves; the package that needs it only recommends it.
  {
    probe: ['test', '-e', '/usr/lib/ipsec/plugins/libstrongswan-openssl.so'],
    debian: 'libstrongswan-standard-plugins',
  },
  { probe: ['curl', '--version'], debian: 'curl' },
  { probe: ['/bin/sh', '-c', 'ls /usr/lib/postgresql/*/bin/initdb'], debian: 'postgresql' },
  { probe: ['softhsm2-util', '--version'], debian: 'softhsm2' },
  { probe: ['/bin/sh', '-c', 'command -v pkcs11-tool'], debian: 'opensc' },
  { probe: ['g++', '--version'], debian: 'g++' },
  { probe: [DEBIAN_PYTHON, '--version'], debian: 'python3' },
  { probe: [DEBIAN_PYTHON, '-c', 'import cbor2'], debian: 'python3-cbor2' },
  { probe: [DEBIAN_PYTHON, '-c', 'import cryptography'], debian: 'python3-cryptography' },
];

/** Installs the Debian packages that are missing (as root). Throws when a tool is still not there afterwards. */
export function installSystemTools(): void {
  const missing = TOOLS.filter(({ probe }) => !works(probe)).map(({ debian }) => debian);
  if (missing.length === 0) return;
  process.stdout.write(`installing ${missing.join(' ')}\n`);
  apt(['update', '-qq']);
  apt(['install', '-y', '-qq', '--no-install-recommends', ...missing]);
  const absent = TOOLS.filter(({ probe }) => !works(probe)).map(({ debian }) => debian);
  if (absent.length > 0)
    throw new Error(`the system tests need ${absent.join(', ')}, which could not be installed`);
}

function works([command = '', ...args]: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function apt(args: readonly string[]): void {
  const run = spawnSync('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${run.stdout}${run.stderr}`);
}
