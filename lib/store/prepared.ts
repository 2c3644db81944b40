import type { Knex } from 'knex'

/** The driver's own connection, as far as it is used here: node-sqlite3's Database or pg's Client. */
interface SqliteConnection {
  exec(sql: string, done: (error: Error | null) => void): void
  prepare(sql: string, done: (error: Error | null) => void): SqliteStatement
  close(done: (error: Error | null) => void): void
}
interface SqliteStatement {
  all(values: readonly unknown[], done: (error: Error | null, rows: unknown[]) => void): void
  finalize(done: () => void): void
}
interface PostgresConnection {
  query(statement: { name: string; text: string; values: readonly unknown[] }): Promise<{ rows: unknown[] }>
}

/** A statement that is prepared once a connection. `setup` runs on the connection before it is prepared (sqlite: temporary views and triggers). */
export interface Prepared {
  /** Names it on the connection: one name, one text. */
  name: string
  sql: string
  setup?: string
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

const isPostgres = (connection: SqliteConnection | PostgresConnection): connection is PostgresConnection => !('prepare' in connection)

async function runPostgres<R>(connection: PostgresConnection, { name, sql }: Prepared, values: readonly unknown[]): Promise<R[]> {
  return (await connection.query({ name, text: sql, values })).rows as R[]
}

const statements = new WeakMap<SqliteConnection, Map<string, Promise<SqliteStatement>>>()

async function runSqlite<R>(connection: SqliteConnection, prepared: Prepared, values: readonly unknown[]): Promise<R[]> {
  const known = statements.get(connection) ?? keepFor(connection)
  const statement = await (known.get(prepared.name) ?? remember(known, connection, prepared))
  return new Promise((resolve, reject) => statement.all(values, (error, rows) => (error ? reject(error) : resolve(rows as R[]))))
}

/** sqlite refuses to close a connection that has statements left. */
function keepFor(connection: SqliteConnection): Map<string, Promise<SqliteStatement>> {
  const known = new Map<string, Promise<SqliteStatement>>()
  statements.set(connection, known)
  const close = connection.close.bind(connection)
  connection.close = (done) => {
    const finalized = [...known.values()].map((statement) => statement.then((ready) => new Promise<void>((end) => ready.finalize(end))).catch(() => {}))
    known.clear()
    void Promise.all(finalized).then(() => close(done))
  }
  return known
}

function remember(known: Map<string, Promise<SqliteStatement>>, connection: SqliteConnection, prepared: Prepared): Promise<SqliteStatement> {
  const statement = prepare(connection, prepared)
  known.set(prepared.name, statement)
  statement.catch(() => known.delete(prepared.name))
  return statement
}

async function prepare(connection: SqliteConnection, { sql, setup }: Prepared): Promise<SqliteStatement> {
  if (setup !== undefined) await new Promise<void>((resolve, reject) => connection.exec(setup, (error) => (error ? reject(error) : resolve())))
  return new Promise((resolve, reject) => {
    const statement = connection.prepare(sql, (error) => (error ? reject(error) : resolve(statement)))
  })
}
