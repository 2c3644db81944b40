import type { TestContext } from 'node:test'
import { type Db, openDatabase } from '../../lib/store/database'
import type { TestEngine } from './databases'

/** A database with a table that is nobody's, `pets`: for what is asked of the database itself. Closed and dropped when the test ends. */
export async function petsOn(t: TestContext, engine: TestEngine): Promise<Db> {
  const database = await engine.open()
  const db = await openDatabase(database.url)
  t.after(async () => {
    await db.close()
    await database.drop()
  })
  await db.write.raw('create table pets (id integer primary key, name text unique)')
  return db
}
