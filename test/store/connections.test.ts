import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Knex } from 'knex'
import { knexConfigOf, openDatabase } from '../../lib/store/database'
import { engines } from '../support/databases'

const [sqlite, postgres, mysql] = engines()

/** What a connection of sqlite must be set to, whichever it is: the promises of the 200, of erasing and of one writer at a time hang on it. */
const SET = {
  journal_mode: 'wal',
  /** FULL: a commit is on the disk when it returns. */
  synchronous: 2,
  foreign_keys: 1,
  secure_delete: 1,
  /** In memory: no file of the system's holds customers' words. */
  temp_store: 2,
  wal_autocheckpoint: 4000,
}

/** What a connection says that it is set to. */
async function settingsOf(trx: Knex, names: readonly string[]): Promise<Record<string, unknown>> {
  const settings: Record<string, unknown> = {}
  for (const name of names) settings[name] = Object.values((await trx.raw(`PRAGMA ${name}`))[0] as object)[0]
  return settings
}

test('every connection to sqlite is set alike, the one that writes and those that read, also one that replaces another', async () => {
  const database = await (sqlite as NonNullable<typeof sqlite>).open()
  const db = await openDatabase(database.url)
  const names = [...Object.keys(SET), 'busy_timeout', 'query_only']
  const opened: { pool: 'read' | 'write'; settings: Record<string, unknown> }[] = []
  /** Asks all connections of a pool at once, and then drops them: what comes after is asked of new ones. */
  const askAll = async (pool: 'read' | 'write', count: number): Promise<void> => {
    const knex = db[pool]
    const connections = await Promise.all(Array.from({ length: count }, () => knex.client.acquireConnection()))
    assert.equal(new Set(connections).size, count)
    for (const connection of connections) {
      const trx = { raw: (sql: string) => knex.raw(sql).connection(connection) } as unknown as Knex
      opened.push({ pool, settings: await settingsOf(trx, names) })
      connection.__knex__disposed = new Error('for the test')
      await knex.client.releaseConnection(connection)
    }
  }

  for (let round = 0; round < 2; round++) {
    await askAll('write', 1)
    await askAll('read', 2)
  }

  for (const { pool, settings } of opened) assert.deepEqual(settings, { ...SET, busy_timeout: 5000, query_only: pool === 'read' ? 1 : 0 }, pool)
  assert.equal(opened.length, 6)
  await assert.rejects(db.read.raw('create table t (n integer)'), { code: 'SQLITE_READONLY' })
  await db.close()
})

/** What a driver's connection has below it. */
interface Driven {
  stream?: Socket
  connection?: { stream?: Socket }
}

for (const engine of [postgres, mysql] as NonNullable<typeof sqlite>[]) {
  test(`${engine.name}: a connection that could not be set up is closed, and not left open for each try`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    const config = knexConfigOf(database.url)
    const made: Driven[] = []
    const afterCreate = (connection: Driven, done: (error: Error, connection: Driven) => void): void => {
      made.push(connection)
      done(new Error('not today'), connection)
    }

    await assert.rejects(openDatabase({ ...config, pool: { ...config.pool, afterCreate } }), /not today/)

    assert.ok(made.length > 0)
    assert.ok(made.every(({ stream, connection }) => (stream ?? connection?.stream)?.destroyed))
    await database.drop()
  })
}

test('sqlite: a file that is no database is not left open', { skip: existsSync('/proc/self/fd') ? false : 'open files are looked for in /proc' }, async () => {
  const filename = join(mkdtempSync(join(tmpdir(), 'wa-test-')), 'odd.sqlite')
  writeFileSync(filename, 'no database at all, and longer than the head of one, which has a hundred bytes. '.repeat(100))

  await assert.rejects(openDatabase(`sqlite:${filename}`), /is no database of sqlite/)

  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  assert.ok(!open.includes(filename))
  rmSync(dirname(filename), { recursive: true })
})
