import { access } from 'node:fs/promises';

/** Whether something is at `path`, as far as this process may see. */
export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
