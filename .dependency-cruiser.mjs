/*
 * The layers of docs/ARCHITECTURE.md: which folder of src/ may import which. What is not listed is forbidden.
 */
const CORE = ['std', 'codec', 'x509', 'trust', 'heartbeat'];
const SANS_IO = [...CORE, 'link', 'membership', 'ledger', 'mesh'];
const MAY_IMPORT = {
  std: [],
  codec: ['std'],
  x509: ['std', 'codec'],
  trust: ['std', 'codec', 'x509'],
  heartbeat: ['std', 'codec', 'x509', 'trust'],
  link: CORE,
  membership: CORE,
  ledger: CORE,
  mesh: [...CORE, 'link', 'membership', 'ledger'],
  sim: SANS_IO,
  authority: [...CORE, 'membership', 'ledger'],
  io: [...SANS_IO, 'authority'],
  audit: [...CORE, 'membership', 'ledger'],
  api: [...SANS_IO, 'authority', 'audit'],
  cli: [...SANS_IO, 'authority', 'audit', 'app'],
  app: [...SANS_IO, 'sim', 'authority', 'audit', 'io', 'api'],
};
/** Folders of folders, with an index.ts each. */
const IN_PARTS = ['io', 'api'];
const PURE = [...SANS_IO, 'sim', 'authority', 'audit'];

const layers = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(?:${[folder, ...allowed].join('|')})/` },
}));

export default {
  forbidden: [
    ...layers,
    {
      name: 'folder-is-listed',
      comment: 'a new folder of src/ needs a line in MAY_IMPORT',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(?:${Object.keys(MAY_IMPORT).join('|')})/` },
      to: {},
    },
    {
      name: 'enter-through-index',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/',
        pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', `^src/(?:${IN_PARTS.join('|')})/[^/]+/index\\.ts$`],
      },
    },
    {
      name: 'app-takes-parts',
      comment: 'a process loads only what it uses: app imports the part of io or api that it needs',
      severity: 'error',
      from: { path: '^src/app/' },
      to: { path: `^src/(?:${IN_PARTS.join('|')})/index\\.ts$` },
    },
    {
      name: 'app-door-is-light',
      comment: 'what every command loads at its start',
      severity: 'error',
      from: { path: '^src/app/index\\.ts$' },
      to: {
        path: '^src/',
        pathNot: '^src/(?:std/index|app/endpoint|app/ready)\\.ts$',
        dependencyTypesNot: ['type-only', 'dynamic-import'],
      },
    },
    {
      name: 'pure-needs-no-platform',
      severity: 'error',
      from: { path: `^src/(?:${PURE.join('|')})/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-needs-no-package',
      severity: 'error',
      from: { path: `^src/(?:${PURE.join('|')})/` },
      to: { path: 'node_modules' },
    },
    {
      name: 'source-needs-no-tool-or-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(?:test|bench|scripts|bin)/' },
    },
    {
      name: 'source-needs-no-development-package',
      comment: 'a type-only import is gone when the program runs',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
