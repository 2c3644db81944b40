import type { Knex } from 'knex'
import * as first from './001_first'
import * as identities from './002_identities'
import * as search from './003_search'
import * as joined from './004_joined'
import * as tags from './005_tags'
import * as quicker from './006_quicker'
import * as lighter from './007_lighter'
import * as taps from './008_taps'
import * as rates from './009_rates'
import * as audit from './010_audit'

interface Migration {
  name: string
  up(knex: Knex): Promise<void>
  down(knex: Knex): Promise<void>
}

/** Names carry no file extension, so that a run from source and a run from the built package are the same run. */
const MIGRATIONS: readonly Migration[] = [
  { name: '001_first', ...first },
  { name: '002_identities', ...identities },
  { name: '003_search', ...search },
  { name: '004_joined', ...joined },
  { name: '005_tags', ...tags },
  { name: '006_quicker', ...quicker },
  { name: '007_lighter', ...lighter },
  { name: '008_taps', ...taps },
  { name: '009_rates', ...rates },
  { name: '010_audit', ...audit },
]

export const MIGRATIONS_TABLE = 'wa_migrations'

export const migrationSource: Knex.MigrationSource<Migration> = {
  getMigrations: async () => [...MIGRATIONS],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => migration,
}
