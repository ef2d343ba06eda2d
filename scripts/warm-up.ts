/**
 * Compiles the program once after an install, into the cache that bin/lifesign uses, so that the first start is as
 * quick as every other. Nothing depends on it: without the cache lifesign starts more slowly and does the same.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';
import { projectRoot } from './project.ts';

const ENTRIES = [
  'cli/main.ts',
  'app/audit.ts',
  'app/ca/admin.ts',
  'app/ca/init.ts',
  'app/ca/serve.ts',
  'app/demo/index.ts',
  'app/enroll/index.ts',
  'app/node/run-node.ts',
];

const root = projectRoot();
enableCompileCache(path.join(root, 'node_modules', '.cache', 'lifesign'));
for (const entry of ENTRIES) await import(path.join(root, 'src', entry));
// Loaded by the first certificate request only, and large.
await import('reflect-metadata');
await import('@peculiar/x509');
flushCompileCache();
