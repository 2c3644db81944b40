import type { Knex } from 'knex'
import { knexConfigOf } from './lib/store/database'
import { MIGRATIONS_TABLE, migrationSource } from './migrations/index'

/** knex's lister prints the property `file` of what has not run yet. */
const listed: Knex.MigrationSource<unknown> = {
  ...(migrationSource as Knex.MigrationSource<unknown>),
  getMigrations: async () => (await migrationSource.getMigrations([])).map((migration) => ({ ...migration, file: migration.name })),
}

/** For knex's command line: `npm run migrate:status` says which migrations have run on WA_DATABASE_URL. */
const config: Knex.Config = {
  ...knexConfigOf(process.env.WA_DATABASE_URL || 'sqlite:./wa-interactive.sqlite'),
  migrations: { migrationSource: listed, tableName: MIGRATIONS_TABLE },
}
export default config
