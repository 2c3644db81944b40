import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '../../lib/store/database'
import { migrate } from '../../lib/store/migrate'
import { injectFaults } from '../reliability/rig/faults'
import { engines } from '../support/databases'

for (const engine of engines()) {
  // Each call of a transaction in turn: BEGIN, what it does, COMMIT. The call is done, and its answer gets lost.
  test(`${engine.name}: a transaction of which one call went wrong poisons nobody: what is written after it is there for everybody`, {
    skip: engine.skip,
  }, async () => {
    const database = await engine.open()
    const db = await openDatabase(database.url)
    await migrate(db)
    const faults = injectFaults(engine.name)
    try {
      let met = 0
      for (let call = 1; call <= 6; call++) {
        faults.arm(call, 'after')
        await db.tx((trx) => trx('wa_lock').update({ turn: 0 })).catch(() => {})
        if (faults.met) met++
        faults.arm(0, 'after')
        await db.write('wa_chores').insert({ name: `after ${call}`, due_at: call })
      }
      assert.ok(met >= 3, `${met} calls were met`)

      const other = await openDatabase(database.url)
      const seen = (await other.write('wa_chores').where('name', '>', 'after ').where('name', '<', 'after:').orderBy('name').pluck('name')) as string[]
      await other.close()
      assert.deepEqual(
        seen,
        Array.from({ length: 6 }, (_none, index) => `after ${index + 1}`),
      )
    } finally {
      faults.restore()
      await db.close()
      await database.drop()
    }
  })
}
