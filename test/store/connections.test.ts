import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Knex } from 'knex'
import { openDatabase } from '../../lib/store/database'
import { engines } from '../support/databases'

const [sqlite] = engines()

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
