import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import knex, { type Knex } from 'knex'

/** A database engine that the tests run on. */
export interface TestEngine {
  readonly name: 'sqlite' | 'postgres' | 'mysql'
  /** Why it is not tested here, false when it is: for `test(title, { skip: engine.skip }, …)`. */
  readonly skip: string | false
  /** A fresh, empty database. What a failed test did not drop is dropped when its file ends. */
  open(): Promise<TestDatabase>
}
export interface TestDatabase {
  /** For option `database`. */
  readonly url: string
  /** Removes it; close what was opened on it first. Twice does no harm. */
  drop(): Promise<void>
}

/** A server that tests may use: any database of it that is there serves to make our own. */
interface Server {
  readonly name: 'postgres' | 'mysql'
  readonly product: string
  readonly client: string
  readonly variable: string
  readonly usual: string
  readonly create: string
  readonly drop: string
}
const SERVERS: readonly Server[] = [
  {
    name: 'postgres',
    product: 'PostgreSQL',
    client: 'pg',
    variable: 'WA_TEST_POSTGRES_URL',
    usual: 'postgres://postgres@127.0.0.1:5432/postgres',
    create: "create database ?? template template0 encoding 'UTF8'",
    drop: 'drop database if exists ?? with (force)',
  },
  {
    name: 'mysql',
    product: 'MariaDB',
    client: 'mysql2',
    variable: 'WA_TEST_MYSQL_URL',
    usual: 'mysql://root@127.0.0.1:3306/',
    create: 'create database ??',
    drop: 'drop database if exists ??',
  },
]

/**
 * sqlite, PostgreSQL and MariaDB. A server that does not answer is skipped, loudly; with WA_TEST_REQUIRE_DATABASES=1 its tests fail instead.
 * Call it once, at the top of a test file.
 */
export function engines(): readonly TestEngine[] {
  const opened = new Set<TestDatabase>()
  after(async () => {
    for (const database of opened) await database.drop()
  })
  const kept = (database: TestDatabase): TestDatabase => {
    opened.add(database)
    return database
  }
  return [
    { name: 'sqlite', skip: false, open: async () => kept(sqliteFile()) },
    ...SERVERS.map((server) => {
      const reason = whyNot(server)
      return {
        name: server.name,
        skip: process.env.WA_TEST_REQUIRE_DATABASES === '1' ? (false as const) : (reason ?? (false as const)),
        async open() {
          if (reason) throw new Error(reason)
          return kept(await databaseOn(server))
        },
      }
    }),
  ]
}

function sqliteFile(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'wa-test-'))
  return { url: `sqlite:${join(folder, 'test.sqlite')}`, drop: async () => rmSync(folder, { recursive: true, force: true }) }
}

async function databaseOn(server: Server): Promise<TestDatabase> {
  const name = `wa_test_${randomBytes(6).toString('hex')}`
  await ask(server, server.create, name)
  const url = new URL(addressOf(server))
  url.pathname = `/${name}`
  return { url: url.href, drop: () => ask(server, server.drop, name) }
}

async function ask(server: Server, sql: string, name: string): Promise<void> {
  const db: Knex = knex({ client: server.client, connection: addressOf(server), pool: { min: 0, max: 1 } })
  try {
    await db.raw(sql, [name])
  } finally {
    await db.destroy()
  }
}

const addressOf = (server: Server): string => process.env[server.variable] || server.usual

/** Whether a server answers must be known before the tests are declared, so a process of its own asks while this one waits. */
const PROBE = `
  const [client, connection] = process.argv.slice(1)
  const db = require('knex')({ client, connection, pool: { min: 0, max: 1 }, acquireConnectionTimeout: 5000 })
  db.raw('select 1').then(() => process.exit(0), (error) => { process.stderr.write(error.message || error.code); process.exit(1) })`

function whyNot(server: Server): string | undefined {
  const probe = spawnSync(process.execPath, ['-e', PROBE, server.client, addressOf(server)], { cwd: join(__dirname, '..', '..'), encoding: 'utf8' })
  if (probe.status === 0) return undefined
  const reason = `${server.product} is not tested: ${new URL(addressOf(server)).host} cannot be used (${probe.stderr.trim().split('\n').at(-1)}). Start it, or set ${server.variable}.`
  process.stderr.write(`\nWARNING: ${reason}\n`)
  return reason
}
