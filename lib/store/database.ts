import { closeSync, existsSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Knex } from 'knex'
import { reasonOf, WaError } from '../errors'
import { hurry } from './deadline'
import { createPatience } from './patience'
import { keepStatements } from './statements'
import { mustBeStrict, strictly } from './strictly'
import { createTurns } from './turns'

export type Dialect = 'sqlite' | 'postgres' | 'mysql'

/** The one place that knows how to reach the database. Everything in `store/` takes it, or a transaction of it, as first argument. */
export interface Db {
  readonly dialect: Dialect
  /** Writes, and reads that must see them. On sqlite one connection, which nobody holds longer than one short transaction. */
  readonly write: Knex
  /** Reads of the dashboard and the API. On sqlite connections of their own, so that a slow page never delays a webhook. */
  readonly read: Knex
  /** One short write transaction. `work` touches the database alone: it may run again after a deadlock or a busy file. */
  tx<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T>
  /** Runs what may take long (migrations, erasing). Otherwise a server that says nothing for 8 s loses its connection, so that nobody waits for a dead one. */
  unhurried<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}
/** A query runs on the pool or inside a transaction. */
export type Query = Knex | Knex.Transaction

/** What `database` may be: an address, a knex configuration, or the host's own knex. */
export type DatabaseOption = string | Knex.Config | Knex

const CLIENTS: Record<string, { client: string; dialect: Dialect }> = {
  postgres: { client: 'pg', dialect: 'postgres' },
  postgresql: { client: 'pg', dialect: 'postgres' },
  mysql: { client: 'mysql2', dialect: 'mysql' },
  mariadb: { client: 'mysql2', dialect: 'mysql' },
}
/** sqlite waits this long for another process's lock; below the ten seconds a provider waits for us. */
const BUSY_TIMEOUT_MS = 5000
const ACQUIRE_TIMEOUT_MS = 8000
/** A deadlock or a busy file is tried again within this time; the provider at the door waits ten seconds at most. */
const RETRY_MS = 5000
const TRIES = 8
/** Pages in the WAL before they are copied into the file: at the usual 1000 (4 MB) a busy inbox copies, and syncs twice more, at every fourth commit. */
const CHECKPOINT_PAGES = 4000
/** Of the connection that writes: with the usual 2 MB a large batch is written twice, because its pages do not fit. */
const CACHE_KB = 16_000
const PRAGMAS = `PRAGMA journal_mode=WAL;PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES};PRAGMA synchronous=FULL;PRAGMA busy_timeout=${BUSY_TIMEOUT_MS};PRAGMA foreign_keys=ON;PRAGMA secure_delete=ON;PRAGMA temp_store=MEMORY`

/** knex writes to the console; what matters of it reaches our logger as the error of a query. */
const QUIET: Knex.Logger = { debug: () => {}, warn: () => {}, error: () => {}, deprecate: () => {} }

/** A knex configuration from an address or a configuration; also read by `knexfile.ts`. */
export function knexConfigOf(database: string | Knex.Config): Knex.Config {
  if (typeof database !== 'string') return { compileSqlOnError: false, log: QUIET, ...database }
  const scheme = /^([a-z0-9]+):/i.exec(database)?.[1]?.toLowerCase() ?? ''
  if (scheme === 'sqlite') return sqliteConfig(database.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '') || './wa-interactive.sqlite')
  const known = CLIENTS[scheme]
  if (!known) {
    throw new WaError(
      'WA_OPTION_INVALID',
      `The database address begins with "${scheme || database.slice(0, 12)}". Known: sqlite:./file.sqlite, postgres://…, mysql://….`,
      [
        {
          path: 'database',
          message: 'unknown scheme',
          actual: scheme,
          limit: 'sqlite | postgres | mysql',
          fix: 'Set WA_DATABASE_URL or the option `database`.',
        },
      ],
    )
  }
  const connection =
    known.dialect === 'mysql'
      ? { uri: database.replace(/^mariadb:/, 'mysql:'), charset: 'utf8mb4', connectTimeout: 5000 }
      : { connectionString: database, connectionTimeoutMillis: 5000 }
  return { client: known.client, connection, pool: { min: 0, max: 10 }, acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS, compileSqlOnError: false, log: QUIET }
}

function sqliteConfig(filename: string): Knex.Config {
  return {
    client: 'sqlite3',
    connection: { filename: filename === ':memory:' ? filename : resolve(filename) },
    useNullAsDefault: true,
    compileSqlOnError: false,
    log: QUIET,
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    pool: { min: 1, max: 1, afterCreate: forWriting },
  }
}

type SqliteConnection = Parameters<typeof hurry>[0] & Parameters<typeof keepStatements>[0] & { exec(sql: string, done: (error: Error | null) => void): void }
type Created = (connection: SqliteConnection, done: (error: Error | null, connection: unknown) => void) => void

/** knex forgets a connection that could not be set up, and would leave it open. */
const setUp = (connection: SqliteConnection, sql: string, done: Parameters<Created>[1]): void =>
  connection.exec(sql, (error) => (error ? connection.close(() => done(error, connection)) : done(null, connection)))

const forWriting: Created = (connection, done) => {
  keepStatements(connection)
  beginAtOnce(connection)
  setUp(connection, `${PRAGMAS};PRAGMA cache_size=-${CACHE_KB}`, done)
}

/** Pages read on connections of their own, which cannot write, and for two seconds at most. */
const forReading: Created = (connection, done) => {
  keepStatements(connection)
  hurry(connection)
  setUp(connection, `${PRAGMAS};PRAGMA query_only=ON`, done)
}

/** A transaction that begins as a reader cannot wait for the write lock when it wants to write; knex knows no other way to begin one. */
function beginAtOnce(connection: SqliteConnection): void {
  const all = connection.all.bind(connection)
  connection.all = (sql, values, done) => all(sql === 'BEGIN;' ? 'BEGIN IMMEDIATE' : sql, values, done)
}

const isKnex = (database: unknown): database is Knex => typeof database === 'function' && 'client' in database

/** Opens the database and asks it one question, so that a wrong address is known at start and not at the first tap. */
export async function openDatabase(database: DatabaseOption): Promise<Db> {
  const db = isKnex(database) ? await openBesideHost(database) : await openOwn(knexConfigOf(database))
  try {
    await db.write.raw('select 1')
    if (isKnex(database) && db.dialect === 'mysql') await mustBeStrict(db.write)
  } catch (error) {
    await db.close().catch(() => {})
    throw unreachable(db.write, error)
  }
  return db
}

async function openOwn(config: Knex.Config): Promise<Db> {
  const dialect = dialectOf(config.client)
  const create = await loadKnex()
  if (dialect !== 'sqlite') {
    const patience = createPatience()
    const pool = makePool(create, patience.watch(dialect === 'mysql' ? strictly(config) : config))
    return asDb(dialect, pool, pool, () => pool.destroy(), patience)
  }
  const filename = filenameOf(config)
  if (filename !== ':memory:') prepareFile(filename)
  const write = makePool(create, { ...sqliteConfig(filename), ...(config.pool ? {} : config), pool: sqliteConfig(filename).pool as Knex.PoolConfig })
  if (filename === ':memory:') return asDb(dialect, write, write, () => write.destroy())
  const read = makePool(create, { ...sqliteConfig(filename), pool: { min: 0, max: 2, afterCreate: forReading } })
  return asDb(dialect, write, read, async () => {
    await read.destroy()
    await write.destroy()
  })
}

/** The host's pool serves us too; on sqlite we open our own connection to its file, because its one connection may be inside a transaction. */
async function openBesideHost(host: Knex): Promise<Db> {
  const dialect = dialectOf(host.client.config.client)
  if (dialect === 'sqlite') return openOwn(sqliteConfig(filenameOf(host.client.config as Knex.Config)))
  const ours = host.withUserParams({})
  // The host's case mappers are for its own columns: our rows must come back under the names of our migrations.
  // And an error must not quote the values of its statement: they are customers' words, and errors are logged.
  ours.client.config = { ...ours.client.config, postProcessResponse: undefined, wrapIdentifier: undefined, compileSqlOnError: false }
  return asDb(dialect, ours, ours, async () => {})
}

const loadKnex = async (): Promise<typeof import('knex').knex> => (await import('knex')).default.knex

function makePool(create: typeof import('knex').knex, config: Knex.Config): Knex {
  try {
    return create({ log: QUIET, ...config })
  } catch (error) {
    const driver = String(config.client)
    if (/Cannot find module|run\s+\$? ?npm install/i.test(reasonOf(error))) {
      throw new WaError('WA_DATABASE', `The driver "${driver}" is not installed. Run: npm install ${driver}`, [], { cause: error })
    }
    throw error
  }
}

function dialectOf(client: unknown): Dialect {
  const name = typeof client === 'string' ? client : ((client as { prototype?: { driverName?: string } } | undefined)?.prototype?.driverName ?? '')
  if (/^(sqlite3|better-sqlite3)$/.test(name)) return 'sqlite'
  if (/^(pg|postgres|postgresql|pgnative|cockroachdb)$/.test(name)) return 'postgres'
  if (/^(mysql|mysql2)$/.test(name)) return 'mysql'
  throw new WaError('WA_OPTION_INVALID', `knex client "${name}" is not supported. Known: sqlite3, pg, mysql2.`, [
    { path: 'database', message: 'unknown client', actual: name, limit: 'sqlite3 | pg | mysql2' },
  ])
}

function filenameOf(config: Knex.Config): string {
  const connection = config.connection
  const filename = typeof connection === 'string' ? connection : (connection as { filename?: unknown } | undefined)?.filename
  if (typeof filename === 'string' && filename) return filename
  throw new WaError('WA_OPTION_INVALID', 'The sqlite configuration names no file. Give `connection: { filename }`, or WA_DATABASE_URL=sqlite:./file.sqlite.')
}

/** Customers' words are in this file: nobody but its owner reads it. sqlite itself would create it readable by all. */
function prepareFile(filename: string): void {
  if (!existsSync(dirname(filename)))
    throw new WaError('WA_DATABASE', `The folder of the database file does not exist: ${dirname(filename)}. Create it, or set WA_DATABASE_URL to another file.`)
  try {
    closeSync(openSync(filename, 'a', 0o600))
  } catch (error) {
    throw new WaError('WA_DATABASE', `The database file cannot be opened for writing: ${filename} (${reasonOf(error)}).`, [], { cause: error })
  }
}

function unreachable(knex: Knex, cause: unknown): WaError {
  if (cause instanceof WaError) return cause
  const code = (cause as { code?: string } | undefined)?.code
  if (isDamage(cause))
    return new WaError('WA_DATABASE', `The file ${locationOf(knex)} is no database of sqlite, or a damaged one (${code}). ${WAY_OUT}`, [], { cause })
  return new WaError(
    'WA_DATABASE',
    `The database at ${locationOf(knex)} does not answer (${code ?? reasonOf(cause)}). Start it, or set WA_DATABASE_URL to one that is there.`,
    [],
    { cause },
  )
}

/** Codes of sqlite for a file that is none of its databases, or no longer a whole one. */
export const isDamage = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(String((error as { code?: unknown } | null)?.code))

/** What can be done about a damaged file. */
export const WAY_OUT =
  'Stop the host, keep the file with its -wal, and put a backup in its place; without one, `sqlite3 damaged.sqlite .recover | sqlite3 new.sqlite` saves what can be read.'

/** Where a database is, for people: a file, or host and name. Never a user or a password. */
export function locationOf(knex: Knex): string {
  const connection = knex.client.config.connection as { filename?: string; uri?: string; connectionString?: string; host?: string } | undefined
  return connection?.filename ?? hostOf(connection?.uri ?? connection?.connectionString) ?? connection?.host ?? 'the configured address'
}

/** Host, port and name of an address: never its user or password. */
function hostOf(address: string | undefined): string | undefined {
  if (!address || !URL.canParse(address)) return undefined
  const url = new URL(address)
  return `${url.protocol}//${url.host}${url.pathname}`
}

function asDb(dialect: Dialect, write: Knex, read: Knex, close: () => Promise<void>, patience = createPatience()): Db {
  const one = <T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> => transact(dialect, write, work)
  const turn = dialect === 'sqlite' ? createTurns(one, { patienceMs: ACQUIRE_TIMEOUT_MS }) : one
  return { dialect, write, read, close, tx: (work) => withRetries(() => turn(work)), unhurried: patience.unhurried }
}

interface Connection {
  __knex__disposed?: Error
  __knexTxId?: string
  exec?(sql: string, done: () => void): void
}

/**
 * knex gives a connection back whose BEGIN or COMMIT went wrong while it is still inside the transaction: later inserts on it resolve and are lost.
 * So the connection is ours, and one whose transaction did not end well is marked for disposal. (`__knex__disposed` is knex's own mark; a test
 * watches it.)
 */
async function transact<T>(dialect: Dialect, knex: Knex, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  const connection = (await knex.client.acquireConnection()) as Connection
  let clean = false
  let refused: unknown
  const refuse = (error: unknown): never => {
    refused = error
    throw error
  }
  try {
    const result = await knex.transaction((trx) => work(trx).catch(refuse), {
      connection,
      ...(dialect === 'mysql' ? { isolationLevel: 'read committed' as const } : {}),
    })
    clean = true
    return result
  } catch (error) {
    // Rolled back because `work` said no: the connection is clean. Anything else: nobody knows what it is in the middle of.
    clean = error === refused
    // What sqlite has undone by itself, knex cannot undo again: why it was undone is what counts.
    throw refused ?? error
  } finally {
    if (!clean) await leave(connection, knex)
    delete connection.__knexTxId
    await knex.client.releaseConnection(connection)
  }
}

async function leave(connection: Connection, knex: Knex): Promise<void> {
  // A database in memory lives and dies with its one connection: that one is put right instead.
  const inMemory = (knex.client.config.connection as { filename?: string } | undefined)?.filename === ':memory:'
  if (inMemory && connection.exec) return new Promise((resolve) => connection.exec?.('ROLLBACK', resolve))
  connection.__knex__disposed = new Error('the transaction did not end cleanly')
}

const RETRYABLE = new Set(['SQLITE_BUSY', '40P01', '40001', '23505', 'ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_DUP_ENTRY'])

/** A deadlock, a busy file, a row that another process made in the same moment: the next try finds things settled. */
async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + RETRY_MS
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries >= TRIES || performance.now() > until || !RETRYABLE.has((error as { code?: string }).code ?? '')) throw error
      await new Promise((wake) => setTimeout(wake, Math.random() * 20 * 2 ** tries))
    }
  }
}

/** Codes of drivers and of the network for a database that is out of reach or out of order, not for a statement that is wrong. */
const OUT_OF_REACH =
  /^(SQLITE_(BUSY|LOCKED|CANTOPEN|IOERR|FULL|READONLY|NOTADB|CORRUPT|MISUSE)|E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|NOTFOUND|HOSTUNREACH|NETUNREACH)|EAI_AGAIN|PROTOCOL_CONNECTION_LOST|ER_(CON_COUNT_ERROR|SERVER_SHUTDOWN|LOCK_WAIT_TIMEOUT|OPTION_PREVENTS_STATEMENT|DISK_FULL)|08...|57P0.|53...|25006)$/
const NO_CONNECTION = /Unable to acquire a connection|Connection (terminated|ended)|Timeout acquiring a connection|^aborted$/

/** Whether the database itself is the trouble, so that the same request may do well in a minute. */
export function isUnreachable(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return (typeof code === 'string' && OUT_OF_REACH.test(code)) || (typeof message === 'string' && NO_CONNECTION.test(message))
}

/** For callers in code: what a driver says of a database that is away or held names no way out. Anything else stays as it is. */
export function inOurWords(error: unknown): unknown {
  if (error instanceof WaError || !isUnreachable(error)) return error
  const code = (error as { code?: unknown }).code
  const words =
    code === 'SQLITE_BUSY'
      ? `Another program has held the database file for ${BUSY_TIMEOUT_MS / 1000} seconds: a backup, an open sqlite3 shell, a second host. Try again when it has let go.`
      : `The database does not answer (${typeof code === 'string' ? code : reasonOf(error)}). Try again in a moment.`
  return new WaError('WA_DATABASE', words, [], { cause: error })
}
