import type { Knex } from 'knex'
import { WaError } from '../errors'

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

/** Connections of a host's pool are the host's, and so is their sql_mode: ours to look at, and not to change. Throws WA_OPTION_INVALID. */
export async function mustBeStrict(lent: Knex): Promise<void> {
  const [[{ mode }]] = (await lent.raw('select @@session.sql_mode as mode')) as [[{ mode: string }]]
  if (/STRICT_(ALL|TRANS)_TABLES/.test(mode)) return
  const fix = "Give its configuration instead of the knex itself (database: { client: 'mysql2', connection }): connections of our own are strict."
  throw new WaError(
    'WA_OPTION_INVALID',
    `The knex in \`database\` is not strict (its sql_mode is "${mode}"): what is too long for a column would be cut without a word. ${fix} Or add STRICT_TRANS_TABLES to its sql_mode.`,
    [{ path: 'database', message: 'not strict', actual: mode, limit: 'STRICT_TRANS_TABLES | STRICT_ALL_TABLES', fix }],
  )
}
