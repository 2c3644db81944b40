import type { Knex } from 'knex'

const STRICT = "set session sql_mode = concat_ws(',', nullif(@@session.sql_mode, ''), 'STRICT_ALL_TABLES')"

/** A pool of MySQL, whatever the server's sql_mode is: a value that does not fit its column is an error, and never cut. */
export function strictly(config: Knex.Config): Knex.Config {
  type Mysql = { query(sql: string, done: (error: Error | null) => void): void }
  type Done = (error: Error | null, connection: Mysql) => void
  const before = config.pool?.afterCreate as ((connection: Mysql, done: Done) => void) | undefined
  const afterCreate = (connection: Mysql, done: Done): void => {
    const goOn = (error: Error | null): void => (error ? done(error, connection) : connection.query(STRICT, (failed) => done(failed, connection)))
    if (before) before(connection, goOn)
    else goOn(null)
  }
  return { ...config, pool: { ...config.pool, afterCreate } }
}
