import { createHmac, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { host } from '../kit/host'
import { migrate, openDatabase } from '../package'

/** What one would write first: parse, check the signature, and one knex.transaction a webhook. The tables are ours, five statements. */
const opening = openDatabase(process.env.BENCH_DATABASE ?? '').then(async (db) => {
  await migrate(db)
  return db
})
const app = express()
app.use(express.json({ verify: (req, _res, bytes) => Object.assign(req, { rawBody: bytes }) }))
app.post('/wa/webhook', async (req, res) => {
  const expected = createHmac('sha256', 'bench-app-secret')
    .update((req as unknown as { rawBody: Buffer }).rawBody)
    .digest()
  const given = Buffer.from(String(req.headers['x-hub-signature-256']).slice('sha256='.length), 'hex')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return void res.sendStatus(401)
  const { write } = await opening
  const message = req.body.entry[0].changes[0].value.messages[0]
  const now = Date.now()
  await write.transaction(async (trx) => {
    const seen = await trx('wa_events').where({ dedupe: message.id }).first('id')
    if (seen) return
    const phone = `+${message.from}`
    await trx('wa_contacts').insert({ phone, created_at: now, updated_at: now }).onConflict('phone').ignore()
    const contact = (await trx('wa_contacts').where({ phone }).first('id')) as { id: number }
    const conversation = { number: 'default', contact_id: contact.id, last_at: now, changed_at: now, created_at: now, unread: 1 }
    await trx('wa_conversations')
      .insert(conversation)
      .onConflict(['contact_id', 'number'])
      .merge({ last_at: now, changed_at: now, unread: trx.raw('wa_conversations.unread + 1') })
    const words = { number: 'default', conversation_id: contact.id, direction: 'in', type: 'list_reply', text: message.interactive.list_reply.title }
    const [{ id }] = await trx('wa_messages')
      .insert({ ...words, provider_id: message.id, payload: JSON.stringify(message.interactive), at: now, created_at: now })
      .returning('id')
    const event = { dedupe: message.id, number: 'default', type: 'list_reply', message_id: id, raw: JSON.stringify(message), state: 'waiting' }
    await trx('wa_events').insert({ ...event, at: now, created_at: now })
  })
  res.sendStatus(200)
})
host(app, { ready: () => opening.then(() => true), end: () => opening.then((db) => db.close()) })
