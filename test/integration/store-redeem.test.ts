import { join } from 'node:path';
import { openSqliteStore } from '../../src/io/index.ts';
import { describeReplicas } from '../support/store-replicas.ts';
import { tempDir } from '../support/temp-dir.ts';

describeReplicas('one SQLite file', async () => {
  const path = join(await tempDir(), 'store.sqlite');
  return () => Promise.resolve(openSqliteStore(path));
});
