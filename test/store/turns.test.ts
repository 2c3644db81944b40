import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Knex } from 'knex'
import { type Db, isUnreachable } from '../../lib/store/database'
import { createTurns } from '../../lib/store/turns'
import { engines, type TestEngine } from '../support/databases'
import { petsOn } from '../support/pets'

const [sqlite] = engines() as [TestEngine]

async function open(t: TestContext) {
  const db = await petsOn(t, sqlite)
  const commits = { made: 0 }
  db.write.client.on('query', ({ sql }: { sql: string }) => {
    if (sql === 'COMMIT;') commits.made++
  })
  return { db, commits }
}
/** However slow the machine is: they share. */
const sharing = (db: Db) => createTurns((work) => db.write.transaction(work), { patienceMs: 60_000, longestMs: Number.POSITIVE_INFINITY })
const insert = (id: number) => async (trx: Knex.Transaction) => {
  await trx('pets').insert({ id })
  return id
}
const kept = (db: Db): Promise<number[]> => db.read('pets').orderBy('id').pluck('id')
const outcomes = async (works: Promise<number>[]) =>
  (await Promise.allSettled(works)).map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message))

test('writers that wait share commits; each is told after the commit, and one that fails is undone alone', async (t) => {
  const { db, commits } = await open(t)
  const works = Array.from({ length: 50 }, (_none, id) =>
    db.tx(async (trx) => {
      await insert(id)(trx)
      if (id % 10 === 7) throw new Error(`${id} will not`)
      return id
    }),
  )
  const seen = works.map((work) => work.then(async (id) => (await kept(db)).includes(id)).catch(() => true))

  const expected = Array.from({ length: 50 }, (_none, id) => (id % 10 === 7 ? `${id} will not` : id))
  assert.deepEqual(await outcomes(works), expected)
  assert.deepEqual(
    await kept(db),
    expected.filter((one) => typeof one === 'number'),
  )
  assert.ok((await Promise.all(seen)).every(Boolean))
  assert.ok(commits.made < 25, `${commits.made} commits`)
})

test('the first of them may fail too, and the others begin anew', async (t) => {
  const { db } = await open(t)
  const first = db.tx(async (trx) => {
    await insert(1)(trx)
    throw new Error('no')
  })
  assert.deepEqual(await outcomes([first, db.tx(insert(1)), db.tx(insert(2))]), ['no', 1, 2])
  assert.deepEqual(await kept(db), [1, 2])
})

test('what sqlite undoes for all of them is told to all of them, and nothing of it is kept', async (t) => {
  const { db } = await open(t)
  // As sqlite does by itself when the disk is full.
  const full = async (trx: Knex.Transaction): Promise<number> => {
    await insert(3)(trx)
    await trx.raw('rollback')
    throw new Error('the disk is full')
  }
  const turn = sharing(db)
  const shared = await outcomes([turn(insert(1)), turn(insert(2)), turn(full)])
  assert.equal(shared.filter((one) => typeof one === 'string').length, 3, shared.join())
  assert.deepEqual(await kept(db), [])
  assert.deepEqual(await outcomes([db.tx(full), db.tx(insert(4)), db.tx(insert(5))]), ['the disk is full', 4, 5])
  assert.deepEqual(await kept(db), [4, 5])
})

test('a commit that is refused fails all that share it, and the next ones do well', async (t) => {
  const { db } = await open(t)
  await db.write.raw('create table owners (pet integer references pets (id) deferrable initially deferred)')
  const orphan = async (trx: Knex.Transaction): Promise<number> => {
    await trx('owners').insert({ pet: 99 })
    return 99
  }
  let shared = 0
  for (let id = 0; id < 40; id += 2) {
    const [first, middle, last] = await outcomes([db.tx(insert(id)), db.tx(orphan), db.tx(insert(id + 1))])
    assert.match(String(middle), /FOREIGN KEY/)
    if (typeof first === 'string' || typeof last === 'string') shared++
    const done = [first, last].filter((one) => typeof one === 'number')
    assert.deepEqual(
      (await kept(db)).filter((one) => one >= id),
      done,
    )
  }
  assert.ok(shared > 0)
})

test('when there is no connection to be had all that wait are told', async (t) => {
  const { db } = await open(t)
  await db.write.destroy()
  const found = await outcomes([db.tx(insert(1)), db.tx(insert(2)), db.tx(insert(3))])
  assert.equal(found.filter((one) => /acquire a connection/.test(String(one))).length, 3, found.join())
})

test('whose turn does not come is refused, like somebody for whom there is no connection; whoever holds it up goes on', async (t) => {
  const { db } = await open(t)
  const turn = createTurns((work) => db.write.transaction(work), { patienceMs: 50 })
  let goOn: () => void = () => {}
  const slow = turn(async (trx) => {
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    return insert(1)(trx)
  })
  await assert.rejects(turn(insert(2)), (error) => isUnreachable(error))
  goOn()
  assert.equal(await slow, 1)
  assert.equal(await turn(insert(3)), 3)
  assert.deepEqual(await kept(db), [1, 3])
})
