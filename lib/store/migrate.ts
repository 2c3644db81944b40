import type { Knex } from 'knex'
import { MIGRATIONS_TABLE, migrationSource } from '../../migrations/index'
import { reasonOf, WaError } from '../errors'
import type { Db } from './database'

/** How long a start waits for another process that is migrating. */
const PATIENCE_MS = 30_000

/**
 * Brings our tables up to date. Safe to run twice and by several processes at once, and after a crash half-way.
 * The rows are those of knex's own migrator, so its command line reads them; its lock table is not used, because a process that is killed
 * while it holds that lock keeps every later start out. The locks taken here die with their process.
 */
export async function migrate(db: Db): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      await prepare(db.write)
      for (const migration of await migrationSource.getMigrations([])) await runOnce(db, migration)
      return
    } catch (error) {
      if (Date.now() > until || !isCollision(error)) {
        throw new WaError(
          'WA_DATABASE',
          `The tables of the database could not be brought up to date: ${reasonOf(error)}. Look at: npm run migrate:status.`,
          [],
          { cause: error },
        )
      }
      await new Promise((wake) => setTimeout(wake, 50 + Math.random() * 150))
    }
  }
}

/** Whether the tables are newer than this code knows: an older instance beside a newer one keeps running, a much older one should say so. */
export async function unknownMigrations(db: Db): Promise<string[]> {
  const known = new Set((await migrationSource.getMigrations([])).map((migration) => migration.name))
  const rows = (await db.write(MIGRATIONS_TABLE).select('name')) as { name: string }[]
  return rows.map((row) => row.name).filter((name) => !known.has(name))
}

type Migration = Awaited<ReturnType<typeof migrationSource.getMigrations>>[number]

async function prepare(knex: Knex): Promise<void> {
  if (await knex.schema.hasTable(MIGRATIONS_TABLE)) return
  await knex.schema.createTable(MIGRATIONS_TABLE, (table) => {
    table.increments('id')
    table.string('name', 255)
    table.integer('batch')
    table.timestamp('migration_time')
  })
}

async function runOnce(db: Db, migration: Migration): Promise<void> {
  if (await hasRun(db.write, migration)) return
  if (db.dialect === 'mysql') return underNamedLock(db.write, () => apply(db.write, migration))
  await db.write.transaction(async (trx) => {
    // Whoever comes second waits here, and then finds that there is nothing left to do. (On sqlite an update that changes nothing takes the lock.)
    await trx.raw(db.dialect === 'postgres' ? `select pg_advisory_xact_lock(${0x77612d69})` : `update ${MIGRATIONS_TABLE} set batch = batch where 1 = 0`)
    await apply(trx, migration)
  })
}

async function apply(knex: Knex, migration: Migration): Promise<void> {
  if (await hasRun(knex, migration)) return
  await migration.up(knex)
  const [row] = (await knex(MIGRATIONS_TABLE).max({ batch: 'batch' })) as { batch: number | null }[]
  await knex(MIGRATIONS_TABLE).insert({ name: migration.name, batch: Number(row?.batch ?? 0) + 1, migration_time: new Date() })
}

const hasRun = async (knex: Knex, migration: Migration): Promise<boolean> =>
  (await knex(MIGRATIONS_TABLE).where({ name: migration.name }).select('id')).length > 0

/** MySQL ends a transaction at every CREATE TABLE, so the lock is a named one, held by a connection of its own. */
async function underNamedLock(knex: Knex, work: () => Promise<void>): Promise<void> {
  const connection = await knex.client.acquireConnection()
  try {
    await knex.raw(`select get_lock('wa_migrations', 30)`).connection(connection)
    await work()
  } finally {
    await Promise.resolve(knex.raw(`select release_lock('wa_migrations')`).connection(connection)).catch(() => {})
    await knex.client.releaseConnection(connection)
  }
}

/** Two processes that started at the same moment: the loser looks again. */
function isCollision(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? ''
  return /^(SQLITE_BUSY|SQLITE_LOCKED|23505|42P07|40P01|ER_TABLE_EXISTS_ERROR|ER_LOCK_DEADLOCK)$/.test(code) || /already exists/.test(reasonOf(error))
}
