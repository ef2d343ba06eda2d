import { stringify } from 'yaml';
import { readConfigFile } from '../config-file.ts';
import { rootHome } from './home.ts';

/** JSON Schema of root.yaml. */
export const rootConfigSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['trust_domain'],
  properties: {
    trust_domain: {
      type: 'string',
      minLength: 1,
      maxLength: 253,
      description: 'The cluster whose issuing CAs this root certifies, and no other. Never changed.',
    },
  },
} as const;

export interface RootConfig {
  readonly trustDomain: string;
}

/** Reads root.yaml of `home`. Throws LsError: LS_CONFIG_*. */
export async function readRootConfig(home: string): Promise<RootConfig> {
  const { trust_domain: trustDomain } = await readConfigFile(rootHome(home).config, rootConfigSchema);
  return { trustDomain };
}

/** The text of root.yaml for a new root. */
export function formatRootConfig({ trustDomain }: RootConfig): string {
  return `# Written by \`lifesign pki root init\`.\n${stringify({ trust_domain: trustDomain })}`;
}
