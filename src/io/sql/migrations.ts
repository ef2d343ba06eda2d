import { fault, LsError } from '../../std/index.ts';
import { integer } from './columns.ts';
import type { SqlRow } from './sql.ts';

/** One step of the schema. Steps are only ever added; a released one is never edited. */
export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/**
 * The CA store's schema in the SQL that SQLite and PostgreSQL share: BYTEA and BIGINT are native in the one and
 * affinity names in the other. Times are Unix milliseconds, ids lower-case hexadecimal, lists comma-separated.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE genesis (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        trust_domain TEXT NOT NULL,
        root BYTEA NOT NULL,
        issuing BYTEA NOT NULL,
        roster_salt BYTEA NOT NULL,
        crl_url TEXT,
        created_at BIGINT NOT NULL
      )`,
      `CREATE TABLE nodes (
        node_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        generation BIGINT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('enrolled', 'active', 'revoked', 'removed')),
        dns TEXT NOT NULL,
        ip TEXT NOT NULL,
        enrolled_at BIGINT NOT NULL,
        activated_at BIGINT,
        ended_at BIGINT,
        reason TEXT,
        end_crl_number BIGINT,
        end_roster_number BIGINT,
        UNIQUE (name, generation),
        CHECK ((ended_at IS NULL) = (state IN ('enrolled', 'active')))
      )`,
      `CREATE UNIQUE INDEX nodes_live_name ON nodes (name) WHERE state IN ('enrolled', 'active')`,
      `CREATE TABLE certificates (
        serial TEXT PRIMARY KEY,
        number BIGINT NOT NULL UNIQUE,
        role TEXT NOT NULL CHECK (role IN ('node', 'operator', 'server', 'ocsp')),
        name TEXT NOT NULL,
        node_id TEXT REFERENCES nodes (node_id),
        spki_sha256 BYTEA NOT NULL,
        not_before BIGINT NOT NULL,
        not_after BIGINT NOT NULL,
        issued_at BIGINT NOT NULL,
        tbs BYTEA NOT NULL,
        der BYTEA,
        predecessor TEXT REFERENCES certificates (serial),
        confirmed_at BIGINT,
        CHECK ((node_id IS NOT NULL) = (role = 'node'))
      )`,
      `CREATE INDEX certificates_node ON certificates (node_id, number)`,
      `CREATE INDEX certificates_name ON certificates (name, number)`,
      `CREATE INDEX certificates_key ON certificates (spki_sha256)`,
      `CREATE INDEX certificates_expiry ON certificates (not_after, node_id)`,
      `CREATE TABLE tokens (
        token_id TEXT PRIMARY KEY,
        number BIGINT NOT NULL UNIQUE,
        secret_sha256 BYTEA NOT NULL,
        name TEXT NOT NULL,
        dns TEXT NOT NULL,
        ip TEXT NOT NULL,
        replace_live BIGINT NOT NULL CHECK (replace_live IN (0, 1)),
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        voided TEXT CHECK (voided IN ('revoked', 'removed')),
        spent_at BIGINT,
        spent_spki_sha256 BYTEA,
        spent_serial TEXT,
        CHECK ((spent_at IS NULL) = (spent_serial IS NULL)),
        CHECK ((spent_at IS NULL) = (spent_spki_sha256 IS NULL))
      )`,
      `CREATE INDEX tokens_name ON tokens (name)`,
      `CREATE INDEX tokens_expiry ON tokens (expires_at)`,
      `CREATE TABLE revocations (
        serial TEXT PRIMARY KEY REFERENCES certificates (serial),
        reason TEXT NOT NULL,
        revoked_at BIGINT NOT NULL,
        crl_number BIGINT NOT NULL
      )`,
      `CREATE INDEX revocations_crl ON revocations (crl_number, serial)`,
      `CREATE INDEX revocations_date ON revocations (revoked_at)`,
      `CREATE TABLE crls (
        issuer TEXT NOT NULL CHECK (issuer IN ('issuing', 'root')),
        number BIGINT NOT NULL,
        base BIGINT CHECK (base < number),
        this_update BIGINT NOT NULL,
        next_update BIGINT NOT NULL,
        sha256 BYTEA NOT NULL,
        der BYTEA,
        PRIMARY KEY (issuer, number)
      )`,
      `CREATE TABLE rosters (
        number BIGINT PRIMARY KEY,
        structure_hash BYTEA NOT NULL,
        t_ms BIGINT NOT NULL,
        h BIGINT NOT NULL,
        active BIGINT NOT NULL,
        record BYTEA
      )`,
      `CREATE TABLE addresses (
        node_id TEXT PRIMARY KEY REFERENCES nodes (node_id),
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        updated_at BIGINT NOT NULL
      )`,
      `CREATE TABLE ledger (
        idx BIGINT PRIMARY KEY,
        body BYTEA NOT NULL
      )`,
    ],
  },
  {
    // A CA restored from a backup takes over revocations of certificates that it does not know.
    version: 2,
    statements: [
      `CREATE TABLE revocations_of_any (
        serial TEXT PRIMARY KEY,
        reason TEXT NOT NULL,
        revoked_at BIGINT NOT NULL,
        crl_number BIGINT NOT NULL
      )`,
      `INSERT INTO revocations_of_any (serial, reason, revoked_at, crl_number)
       SELECT serial, reason, revoked_at, crl_number FROM revocations`,
      `DROP TABLE revocations`,
      `ALTER TABLE revocations_of_any RENAME TO revocations`,
      `CREATE INDEX revocations_crl ON revocations (crl_number, serial)`,
      `CREATE INDEX revocations_date ON revocations (revoked_at)`,
    ],
  },
  {
    version: 3,
    statements: [
      `CREATE TABLE releases (
        serial TEXT NOT NULL REFERENCES certificates (serial),
        held_at BIGINT NOT NULL,
        crl_number BIGINT NOT NULL,
        record BYTEA NOT NULL,
        PRIMARY KEY (serial, held_at)
      )`,
      `CREATE INDEX releases_crl ON releases (crl_number, serial, held_at)`,
      `CREATE INDEX releases_date ON releases (held_at)`,
    ],
  },
  {
    // Enrollments that an operator has to approve.
    version: 4,
    statements: [
      `ALTER TABLE tokens ADD COLUMN approval BIGINT NOT NULL DEFAULT 0 CHECK (approval IN (0, 1))`,
      `CREATE TABLE requests (
        token_id TEXT PRIMARY KEY REFERENCES tokens (token_id) ON DELETE CASCADE,
        number BIGINT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        spki_sha256 BYTEA NOT NULL,
        requested_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        verdict TEXT CHECK (verdict IN ('approved', 'denied')),
        decided_at BIGINT,
        decided_by TEXT,
        reason TEXT,
        CHECK ((verdict IS NULL) = (decided_at IS NULL)),
        CHECK ((verdict IS NULL) = (decided_by IS NULL)),
        CHECK (verdict IS NOT NULL OR reason IS NULL)
      )`,
      `CREATE INDEX requests_pending ON requests (expires_at) WHERE verdict IS NULL`,
    ],
  },
  {
    // Tokens that clients of RFC 7030 may use.
    version: 5,
    statements: [`ALTER TABLE tokens ADD COLUMN est BIGINT NOT NULL DEFAULT 0 CHECK (est IN (0, 1))`],
  },
  {
    // One issuing CA after another: what there was so far is of the first.
    version: 6,
    statements: [
      `CREATE TABLE issuers (
        generation BIGINT PRIMARY KEY CHECK (generation > 0),
        state TEXT NOT NULL CHECK (state IN ('prepared', 'active', 'retiring', 'retired', 'revoked')),
        certificate BYTEA NOT NULL,
        prepared_at BIGINT NOT NULL,
        activated_at BIGINT,
        ended_at BIGINT,
        first_crl_number BIGINT NOT NULL,
        renew_within_ms BIGINT,
        CHECK ((ended_at IS NULL) = (state IN ('prepared', 'active', 'retiring')))
      )`,
      `CREATE UNIQUE INDEX issuers_prepared ON issuers (state) WHERE state = 'prepared'`,
      `CREATE UNIQUE INDEX issuers_active ON issuers (state) WHERE state = 'active'`,
      `INSERT INTO issuers (generation, state, certificate, prepared_at, activated_at, first_crl_number)
       SELECT 1, 'active', issuing, created_at, created_at, 1 FROM genesis`,
      `ALTER TABLE certificates ADD COLUMN issuer BIGINT NOT NULL DEFAULT 1`,
      `ALTER TABLE revocations ADD COLUMN issuer BIGINT NOT NULL DEFAULT 1`,
      `ALTER TABLE releases ADD COLUMN issuer BIGINT NOT NULL DEFAULT 1`,
      `CREATE TABLE crls_of_each (
        issuer TEXT NOT NULL CHECK (issuer IN ('issuing', 'root')),
        generation BIGINT NOT NULL,
        number BIGINT NOT NULL,
        base BIGINT CHECK (base < number),
        this_update BIGINT NOT NULL,
        next_update BIGINT NOT NULL,
        sha256 BYTEA NOT NULL,
        der BYTEA,
        PRIMARY KEY (issuer, number, generation)
      )`,
      `INSERT INTO crls_of_each (issuer, generation, number, base, this_update, next_update, sha256, der)
       SELECT issuer, 1, number, base, this_update, next_update, sha256, der FROM crls`,
      `DROP TABLE crls`,
      `ALTER TABLE crls_of_each RENAME TO crls`,
    ],
  },
  {
    // One root after another: there was the genesis root alone.
    version: 7,
    statements: [
      `CREATE TABLE roots (
        generation BIGINT PRIMARY KEY CHECK (generation > 0),
        certificate BYTEA NOT NULL,
        cross_certificate BYTEA,
        prepared_at BIGINT NOT NULL,
        CHECK ((cross_certificate IS NULL) = (generation = 1))
      )`,
      `INSERT INTO roots (generation, certificate, prepared_at) SELECT 1, root, created_at FROM genesis`,
    ],
  },
];

export const NEWEST_SCHEMA = newestOf(MIGRATIONS);

/** Where the version that a store is at is kept. */
export const SCHEMA_TABLE = 'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL)';
export const READ_SCHEMA_VERSION = `SELECT value FROM meta WHERE name = 'schema_version'`;
export const WRITE_SCHEMA_VERSION = `INSERT INTO meta (name, value) VALUES ('schema_version', ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

/** The version in the row of READ_SCHEMA_VERSION; 0 for a store without one. */
export function schemaVersionOf(row: SqlRow | undefined): number {
  return row === undefined ? 0 : integer(row, 'value');
}

/** Those that a store at version `held` lacks. Throws LS_CA_STORE_SCHEMA when a newer program wrote it. */
export function pendingMigrations(
  held: number,
  migrations: readonly Migration[] = MIGRATIONS,
): readonly Migration[] {
  const newest = newestOf(migrations);
  if (held > newest) {
    throw new LsError(
      fault('LS_CA_STORE_SCHEMA', `the CA store has schema ${held}, and this program knows up to ${newest}`),
    );
  }
  return migrations.filter(({ version }) => version > held);
}

function newestOf(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}
