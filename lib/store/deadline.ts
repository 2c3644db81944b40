import type { Knex } from 'knex'

/** A question that a page asks may take so long: longer ones would hold the few connections that all pages share. */
export const READ_MS = 2000

type Done = (this: unknown, error: Error | null, rows: unknown) => void
/** node-sqlite3's Database, as far as it is used here. */
interface Connection {
  all(sql: string, values: unknown, done: Done): unknown
  interrupt(): void
}

/** On sqlite: every query of this connection is interrupted when its time is up. */
export function hurry(connection: Connection): void {
  const all = connection.all.bind(connection)
  connection.all = (sql, values, done) => {
    // Again and again: a query that has not begun yet cannot be interrupted.
    const timer = setInterval(() => connection.interrupt(), READ_MS)
    return all(sql, values, function ended(error, rows) {
      clearInterval(timer)
      done.call(this, error, rows)
    })
  }
}

/** On the servers: these rows are asked for no longer than that, and the server stops looking. (On sqlite the connection sees to it.) */
export function inTime<T extends Knex.QueryBuilder>(query: Knex, rows: T): T {
  return query.client.driverName === 'sqlite3' ? rows : (rows.timeout(READ_MS, { cancel: true }) as unknown as T)
}

/** Whether a question was given up because it took too long. */
export const tookTooLong = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 'SQLITE_INTERRUPT' || /^Defined query timeout/.test(String((error as { message?: unknown }).message))
