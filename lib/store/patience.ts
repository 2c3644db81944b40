import type { Socket } from 'node:net'
import type { Knex } from 'knex'

/** A server that says nothing for so long while a query runs is taken for dead. */
const SILENCE_MS = 8000

/** How long a database server may keep silent. */
export interface Patience {
  /** The configuration of a pool whose connections are watched. */
  watch(config: Knex.Config): Knex.Config
  /** While `work` runs, silence is borne. */
  unhurried<T>(work: () => Promise<T>): Promise<T>
}

/**
 * A connection whose other side is gone without a word (a failover, a firewall that forgot it) would keep its query waiting until TCP gives up,
 * a quarter of an hour. So a socket that is silent under a query is closed: the driver then fails the query, and the pool drops the connection.
 */
export function createPatience(): Patience {
  let unhurried = 0
  const open = new Set<Driver>()
  const listen = (connection: Driver): void => {
    const socket = socketOf(connection)
    if (!socket) return
    open.add(connection)
    socket.once('close', () => open.delete(connection))
    socket.setTimeout(SILENCE_MS, () => {
      if (unhurried > 0 || !isBusy(connection)) return
      const silent = Object.assign(new Error(`the database said nothing for ${SILENCE_MS / 1000} s`), { code: 'ETIMEDOUT' })
      socket.destroy(silent)
      // Those that stand beside it may be as dead: the pool makes new ones, instead of finding out with each in turn.
      for (const other of open) other.__knex__disposed = silent
    })
  }
  return {
    watch(config) {
      const pool = config.pool ?? {}
      type Done = (error: Error | null, connection: unknown) => void
      const before = pool.afterCreate as ((connection: unknown, done: Done) => void) | undefined
      const afterCreate = (connection: Driver, done: Done): void => {
        listen(connection)
        const settle: Done = (error) => {
          // knex forgets a connection that could not be set up, and would leave it open.
          if (error) socketOf(connection)?.destroy()
          done(error, connection)
        }
        if (before) before(connection, settle)
        else settle(null, connection)
      }
      return { ...config, pool: { ...pool, afterCreate } }
    },
    async unhurried(work) {
      unhurried++
      try {
        return await work()
      } finally {
        unhurried--
      }
    },
  }
}

/** What pg and mysql2 let us see of a connection. */
interface Driver {
  /** knex's own mark: the pool drops it. */
  __knex__disposed?: Error
  /** pg: its Connection, with the socket. */
  connection?: { stream?: Socket }
  readyForQuery?: boolean
  /** mysql2: the socket, and the command that runs. */
  stream?: Socket
  _command?: unknown
}

const socketOf = (connection: Driver): Socket | undefined => connection.connection?.stream ?? connection.stream

const isBusy = (connection: Driver): boolean => connection.readyForQuery === false || (connection._command !== undefined && connection._command !== null)
