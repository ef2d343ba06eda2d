import type * as x509 from '@peculiar/x509';

/**
 * @peculiar/x509, loaded when first asked for: it takes a tenth of a second, and it needs reflect-metadata before
 * it, which no other file has to know.
 */
export async function loadPeculiarX509(): Promise<typeof x509> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
