type Done = (this: unknown, error: Error | null, rows?: unknown) => void
type Ask = (sql: string, values: unknown, done: Done) => unknown
/** node-sqlite3's Statement and Database, as far as they are used here. */
interface Statement {
  all(values: unknown, done: Done): unknown
  run(values: unknown, done: Done): unknown
  finalize(): unknown
}
interface Connection {
  all: Ask
  run: Ask
  close(done: (error: Error | null) => void): unknown
  prepare(sql: string, done: (error: Error | null) => void): Statement
}

/** So many texts are kept a connection: more than all that run for every message. */
const KEPT = 100
/** A text seen once is most likely seen never again: a list of ids, a filter of a page. */
const NOTED = 1000
/** A list of ids so long has hardly ever the same length again. */
const LONGEST = 3000
/** What ends with its last row, and so holds no lock between two runs. */
const KEEPABLE = {
  all: /^\s*(select|insert|update|delete|with|begin|commit|savepoint|rollback|release)\b/i,
  run: /^\s*(insert|update|delete)\b(?!.*\breturning\b)/is,
}

/**
 * Prepares what a connection is asked again once, instead of every time: node-sqlite3 prepares in one trip to its thread, and runs in another.
 * A text is kept from the second time on. Whoever uses a connection asks one thing after the other, as knex does.
 */
export function keepStatements(connection: Connection): void {
  const kept = new Map<string, Statement>()
  const noted = new Set<string>()
  const forget = (sql: string): void => {
    kept.get(sql)?.finalize()
    kept.delete(sql)
  }
  const keep = (sql: string, done: Done): Statement => {
    const known = kept.get(sql)
    if (known) {
      // The least recently asked comes first.
      kept.delete(sql)
      kept.set(sql, known)
      return known
    }
    for (const oldest of kept.keys()) {
      if (kept.size < KEPT) break
      forget(oldest)
    }
    // What cannot be prepared is not run: only here its error is told.
    const made = connection.prepare(sql, (error) => {
      if (!error) return
      kept.delete(sql)
      done.call(undefined, error)
    })
    kept.set(sql, made)
    return made
  }
  for (const method of ['all', 'run'] as const) {
    const once = connection[method].bind(connection)
    connection[method] = (sql, values, done) => {
      if (sql.length > LONGEST || !KEEPABLE[method].test(sql)) return once(sql, values, done)
      if (!kept.has(sql) && !noted.has(sql)) {
        if (noted.size >= NOTED) noted.clear()
        noted.add(sql)
        return once(sql, values, done)
      }
      return keep(sql, done)[method](values, done)
    }
  }
  const close = connection.close.bind(connection)
  // sqlite refuses to close a connection that has statements left.
  connection.close = (done) => {
    for (const sql of [...kept.keys()]) forget(sql)
    noted.clear()
    return close(done)
  }
}
