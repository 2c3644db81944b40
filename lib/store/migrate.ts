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
  return db.unhurried(() => upToDate(db))
}

async function upToDate(db: Db): Promise<void> {
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

/** Migrations that ran here and that this code does not know: an older instance beside a newer one keeps running, and should say so. */
export async function unknownMigrations(db: Db): Promise<string[]> {
  const known = new Set((await migrationSource.getMigrations([])).map((migration) => migration.name))
  return (await namesRun(db)).filter((name) => !known.has(name))
}

/** Migrations that this code needs and that did not run here: nothing works before they did. */
export async function missingMigrations(db: Db): Promise<string[]> {
  const run = new Set(await namesRun(db))
  return (await migrationSource.getMigrations([])).map((migration) => migration.name).filter((name) => !run.has(name))
}

async function namesRun(db: Db): Promise<string[]> {
  if (!(await db.write.schema.hasTable(MIGRATIONS_TABLE))) return []
  return ((await db.write(MIGRATIONS_TABLE).select('name')) as { name: string }[]).map((row) => row.name)
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
  if (db.dialect === 'mysql') return db.write.transaction((trx) => underNamedLock(trx, () => apply(trx, migration)))
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

/**
 * MySQL ends a transaction at every CREATE TABLE, so the lock is a named one: it belongs to the connection of this transaction, which still
 * is one connection, and dies with it. Its name is known to the whole server, so it names the database too.
 */
async function underNamedLock(trx: Knex.Transaction, work: () => Promise<void>): Promise<void> {
  const name = "concat('wa_migrations.', md5(database()))"
  const [[got]] = (await trx.raw(`select get_lock(${name}, 30) as ok`)) as [[{ ok: number | null }]]
  if (Number(got.ok) !== 1) throw Object.assign(new Error('another process has been migrating for 30 seconds'), { code: 'ER_LOCK_DEADLOCK' })
  try {
    await work()
  } finally {
    await Promise.resolve(trx.raw(`select release_lock(${name})`)).catch(() => {})
  }
}

/** Two processes that started at the same moment: the loser looks again. */
function isCollision(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? ''
  return /^(SQLITE_BUSY|SQLITE_LOCKED|23505|42P07|40P01|ER_TABLE_EXISTS_ERROR|ER_LOCK_DEADLOCK)$/.test(code) || /already exists/.test(reasonOf(error))
}
