import { test } from 'node:test'
import { type Db, openDatabase } from '../../lib/store/database'
import { migrate } from '../../lib/store/migrate'
import type { TestEngine } from './databases'

/** Declares tests of the store on this engine: each gets a database of its own, with our tables. */
export const batteryOn =
  (engine: TestEngine) =>
  (title: string, body: (db: Db) => Promise<void>): void => {
    test(`${engine.name}: ${title}`, { skip: engine.skip }, async () => {
      const database = await engine.open()
      const db = await openDatabase(database.url)
      try {
        await migrate(db)
        await body(db)
      } finally {
        await db.close()
        await database.drop()
      }
    })
  }
