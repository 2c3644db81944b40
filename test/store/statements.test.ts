import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '../../lib/store/database'
import { engines, type TestEngine } from '../support/databases'
import { petsOn } from '../support/pets'

const [sqlite] = engines() as [TestEngine]

test('what is asked again is prepared once, and answers and fails each time as at the first', async (t) => {
  const db = await petsOn(t, sqlite)
  const connection = await db.write.client.acquireConnection()
  await db.write.client.releaseConnection(connection)
  const prepared: string[] = []
  const prepare = connection.prepare.bind(connection)
  connection.prepare = (sql: string, done: unknown) => prepared.push(sql) && prepare(sql, done)
  for (let nth = 1; nth <= 4; nth++) {
    assert.deepEqual(await db.write('pets').insert({ name: `dog ${nth}` }), [nth])
    await assert.rejects(db.write('pets').insert({ name: `dog ${nth}` }), { code: 'SQLITE_CONSTRAINT' })
    assert.deepEqual(
      await db
        .write('pets')
        .where({ id: nth })
        .update({ name: `cat ${nth}` }),
      1,
    )
    assert.deepEqual(await db.write('pets').where({ id: nth }).first('name'), { name: `cat ${nth}` })
    assert.deepEqual(await db.read('pets').where({ id: nth }).first('name'), { name: `cat ${nth}` })
    assert.deepEqual(
      await db
        .write('pets')
        .where({ id: nth })
        .update({ name: `owl ${nth}` })
        .returning('name'),
      [{ name: `owl ${nth}` }],
    )
  }
  assert.equal(await db.write('pets').del(), 4)
  assert.deepEqual(
    prepared.map((sql) => sql.split(' ')[0]),
    ['insert', 'update', 'select', 'update'],
  )
})

test('a statement that was prepared sees a new column, and says that its table is gone', async (t) => {
  const db = await petsOn(t, sqlite)
  const ask = () => db.write('pets').select('*')
  await db.write('pets').insert({ name: 'owl' })
  for (let nth = 0; nth < 3; nth++) assert.deepEqual(await ask(), [{ id: 1, name: 'owl' }])
  await db.write.raw("alter table pets add column sound text default 'hoo'")
  assert.deepEqual(await ask(), [{ id: 1, name: 'owl', sound: 'hoo' }])
  await db.write.raw('drop table pets')
  for (let nth = 0; nth < 3; nth++) await assert.rejects(ask(), /no such table/)
  await db.write.raw('create table pets (id integer primary key, name text)')
  assert.deepEqual(await ask(), [])
})

test('more texts than are kept, and lists of every length, are all answered', async (t) => {
  const db = await petsOn(t, sqlite)
  for (let round = 0; round < 3; round++)
    for (let nth = 1; nth <= 150; nth++) {
      const ids = Array.from({ length: nth }, (_none, index) => index)
      assert.deepEqual(await db.write('pets').whereIn('id', ids).count({ n: '*' }), [{ n: 0 }])
    }
})

test('a transaction takes the write lock before its first question, so that what it read still holds when it writes', async (t) => {
  const database = await sqlite.open()
  const [one, other] = [await openDatabase(database.url), await openDatabase(database.url)]
  t.after(async () => {
    await Promise.all([one.close(), other.close()])
    await database.drop()
  })
  await one.write.raw('create table counter (n integer)')
  await one.write('counter').insert({ n: 0 })
  const count = (db: typeof one) =>
    db.tx(async (trx) => {
      const { n } = (await trx('counter').first('n')) as { n: number }
      await trx('counter').update({ n: n + 1 })
    })
  await Promise.all(Array.from({ length: 20 }, (_none, nth) => count(nth % 2 ? one : other)))
  assert.deepEqual(await one.write('counter').first('n'), { n: 20 })
})
