import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ARRIVALS_POSTGRES } from '../../lib/store/arrivals-postgres'
import { openDatabase } from '../../lib/store/database'
import { migrate } from '../../lib/store/migrate'
import { engines } from '../support/databases'

const postgres = engines().find(({ name }) => name === 'postgres')

test('PostgreSQL finds the customers of a batch by their ids, however many others there are', { skip: postgres?.skip || false }, async () => {
  const database = await postgres?.open()
  const db = await openDatabase(database?.url ?? '')
  try {
    await migrate(db)
    await db.write.raw(`insert into wa_contacts (phone, created_at, updated_at) select '+9198' || lpad(n::text, 8, '0'), 0, 0 from generate_series(1, 5000) n`)
    await db.write.raw(`insert into wa_conversations (number, contact_id, last_at, changed_at, created_at) select 'default', id, 0, 0, 0 from wa_contacts`)
    for (const known of [false, true]) {
      if (known) await db.write.raw('analyze wa_contacts, wa_conversations')
      // The plan that the server keeps from the sixth time on, which knows nothing of the batch.
      const plan = await db.write.transaction(async (trx) => {
        await trx.raw('set local plan_cache_mode = force_generic_plan')
        await trx.raw(`prepare arrivals${known ? 1 : 0} (json, bigint) as ${ARRIVALS_POSTGRES.sql}`)
        const { rows } = await trx.raw(`explain execute arrivals${known ? 1 : 0} ('[]', 0)`)
        return (rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']).join('\n')
      })

      assert.doesNotMatch(plan, /Seq Scan on wa_con(tacts|versations)/, known ? 'the server knows its tables' : 'nothing is known of the tables yet')
    }
  } finally {
    await db.close()
    await database?.drop()
  }
})
