import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSettler } from '../../lib/outbox/settler'
import { ensureContact } from '../../lib/store/contacts'
import { ensureConversation } from '../../lib/store/conversations'
import { type Db, openDatabase } from '../../lib/store/database'
import { eventById, insertEvent } from '../../lib/store/events'
import { insertOutbound, messageById, providerKey } from '../../lib/store/messages'
import { migrate } from '../../lib/store/migrate'
import { claimOutgoing } from '../../lib/store/outgoing'
import { hashOf } from '../../lib/store/rows'
import { engines } from '../support/databases'

const NOW = 1_795_150_000_000
const accepted = { status: 'accepted', providerId: 'wamid.1' } as const

/** Sqlite has one writer: nothing is laid aside there while a commit is under way. */
for (const engine of engines().filter(({ name }) => name !== 'sqlite')) {
  test(`${engine.name}: a status that was laid aside while its message's id was being written down goes back to the inbox`, {
    skip: engine.skip,
  }, async (t) => {
    const database = await engine.open()
    const db = await openDatabase(database.url)
    t.after(async () => {
      await db.close()
      await database.drop()
    })
    await migrate(db)
    const message = await leaving(db)
    const settled = createSettler(
      () => db,
      () => NOW,
    )

    // Somebody has the conversation: the settlement waits for it, and has looked for statuses already.
    const holder = await db.write.transaction()
    await holder('wa_conversations').where({ id: message.conversation_id }).forUpdate().first('id')
    const written = settled({ message, settlement: accepted })
    await isHeld(db)
    const status = { number: 'default', type: 'status', payload: {}, raw: '{}', state: 'done', at: NOW, now: NOW } as const
    const id = await insertEvent(db.write, db, { ...status, dedupe: hashOf('late'), providerKey: providerKey('default', accepted.providerId) })
    await holder.rollback()

    assert.deepEqual(await written, { mine: true, released: 1 })
    assert.equal((await messageById(db.read, message.id))?.status, 'accepted')
    const event = await eventById(db.read, id ?? 0)
    assert.deepEqual([event?.state, event?.message_id], ['waiting', message.id])
  })
}

async function leaving(db: Db) {
  const id = await db.tx(async (trx) => {
    const contact = await ensureContact(trx, db, { phone: '+919800000001', bsuid: null, username: null, name: 'Asha' }, NOW)
    const conversation = await ensureConversation(trx, db, 'default', contact.id, NOW)
    return insertOutbound(trx, db, {
      ...{ number: 'default', conversationId: conversation.id, type: 'text', json: '{"type":"text","text":"hi"}', text: 'hi', menu: null, replyTo: null },
      ...{ meta: null, sentBy: null, idempotencyKey: null, fingerprint: null, expiresAt: NOW + 60_000, now: NOW },
    })
  })
  const [claimed] = await claimOutgoing(db, [id ?? 0], 'a', NOW, 60_000)
  assert.ok(claimed)
  return claimed.message
}

/** Somebody of this database waits for a row. */
async function isHeld(db: Db): Promise<void> {
  const waits =
    db.dialect === 'postgres'
      ? "select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
      : "select count(*) as n from information_schema.processlist where db = database() and command = 'Query' and info like 'update `wa_conversations`%'"
  for (;;) {
    const answer = (await db.read.raw(waits)) as { rows: { n: string }[] } & [{ n: number }[]]
    if (Number((db.dialect === 'postgres' ? answer.rows : answer[0])[0]?.n) > 0) return
    await new Promise((soon) => setTimeout(soon, 20))
  }
}
