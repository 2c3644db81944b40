import type { Knex } from 'knex'
import type { Db, Dialect } from './database'

/** The driver's own connection, as far as it is used here: node-sqlite3's Database or pg's Client. */
interface SqliteConnection {
  exec(sql: string, done: (error: Error | null) => void): void
  all(sql: string, values: readonly unknown[], done: (error: Error | null, rows: unknown[]) => void): void
}
interface PostgresConnection {
  query(statement: { name: string; text: string; values: readonly unknown[] }): Promise<{ rows: unknown[] }>
}

/** A statement that is prepared once a connection (sqlite: by `keepStatements`). `setup` runs on the connection before it is prepared (sqlite: temporary views and triggers). */
export interface Prepared {
  /** Names it on the connection: one name, one text. */
  name: string
  sql: string
  setup?: string
}

/** The same question for every engine. */
export interface Statement {
  prepared: Prepared
  /** As knex takes it. */
  raw: string
}
/** From SQL whose values are `?`, in their order. */
export const statement = (name: string, raw: string): Statement => {
  let nth = 0
  return { prepared: { name, sql: raw.replaceAll('?', () => `$${++nth}`) }, raw }
}

/** A statement whose words depend on the engine, once for each. */
export const everywhere = (of: (dialect: Dialect) => Statement): Readonly<Record<Dialect, Statement>> => ({
  sqlite: of('sqlite'),
  postgres: of('postgres'),
  mysql: of('mysql'),
})

/** Runs what is asked for every message: past knex where its driver is known here. */
export async function runStatement<R>(db: Db, { prepared, raw }: Statement, values: readonly (string | number | null)[]): Promise<R[]> {
  if (db.dialect === 'mysql') return (await db.write.raw(raw, values as string[]))[0] as R[]
  return onConnection(db.write, (run) => run<R>(prepared, values))
}

/**
 * Runs prepared statements on one connection of the pool, past knex: for the few places where a statement runs for every message.
 * The connection is the pool's, so writers still wait for one another in turn. `work` awaits each statement: node-sqlite3 keeps no order otherwise.
 */
export async function onConnection<T>(knex: Knex, work: (run: Run) => Promise<T>): Promise<T> {
  const connection = await knex.client.acquireConnection()
  try {
    return await work((statement, values) => (isPostgres(connection) ? runPostgres(connection, statement, values) : runSqlite(connection, statement, values)))
  } finally {
    await knex.client.releaseConnection(connection)
  }
}
export type Run = <R>(statement: Prepared, values: readonly unknown[]) => Promise<R[]>

const isPostgres = (connection: SqliteConnection | PostgresConnection): connection is PostgresConnection => !('exec' in connection)

async function runPostgres<R>(connection: PostgresConnection, { name, sql }: Prepared, values: readonly unknown[]): Promise<R[]> {
  return (await connection.query({ name, text: sql, values })).rows as R[]
}

/** Connections on which `setup` has run, by the names of what it was for. */
const ready = new WeakMap<SqliteConnection, Map<string, Promise<void>>>()

async function runSqlite<R>(connection: SqliteConnection, prepared: Prepared, values: readonly unknown[]): Promise<R[]> {
  await setUp(connection, prepared)
  return new Promise((resolve, reject) => connection.all(prepared.sql, values, (error, rows) => (error ? reject(error) : resolve(rows as R[]))))
}

function setUp(connection: SqliteConnection, { name, setup }: Prepared): Promise<void> | undefined {
  if (setup === undefined) return undefined
  const known = ready.get(connection) ?? new Map<string, Promise<void>>()
  ready.set(connection, known)
  const earlier = known.get(name)
  if (earlier) return earlier
  const done = new Promise<void>((resolve, reject) => connection.exec(setup, (error) => (error ? reject(error) : resolve())))
  known.set(name, done)
  done.catch(() => known.delete(name))
  return done
}
