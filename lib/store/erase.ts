import { type Actor, writeAudit } from './audit'
import { type ContactRow, findContact } from './contacts'
import type { Db, Query } from './database'
import { literally } from './rows'

/**
 * Forgets a customer: words, identities, raw bodies, variables, answers. Rows stay as empty shells, so that counts hold and a late duplicate of an
 * erased message is still recognised by its hash. What waits or runs is given up. On sqlite no byte of it stays in the files.
 */
export async function eraseContact(db: Db, contactId: number, by: Actor, now: number): Promise<void> {
  const contact = await findContact(db.write, { id: contactId })
  if (!contact) return
  await db.unhurried(() => db.tx((trx) => forget(trx, contact, by, now)))
  if (db.dialect === 'sqlite') await emptyLog(db)
}

async function forget(trx: Query, contact: ContactRow, by: Actor, now: number): Promise<void> {
  const conversations = ((await trx('wa_conversations').where({ contact_id: contact.id }).select('id')) as { id: number | string }[]).map((row) =>
    Number(row.id),
  )
  const messages = trx('wa_messages').whereIn('conversation_id', conversations).select('id')
  // By their messages, and those without one by the conversation: each way has its index.
  const said = () => trx('wa_events').whereIn('message_id', messages.clone())
  const wordless = () => trx('wa_events').whereIn('conversation_id', conversations).whereNull('message_id')
  const nothing = { payload: null, raw: null, error: null }
  // What is open first: an attempt that runs loses its lease here, and can say and record nothing more about this customer.
  for (const events of [said, wordless]) {
    await events()
      .whereIn('conversation_id', conversations)
      .whereIn('state', ['waiting', 'running', 'retrying', 'needs_attention'])
      .update({ state: 'discarded', next_at: null, finished_at: now, lease_until: null, lease_token: null })
    await trx('wa_runs').whereIn('event_id', events().select('id')).update({ snapshot: null, error: null })
    await events().update(nothing)
  }
  await forgetStray(trx, contact)
  await trx('wa_message_history').whereIn('message_id', messages.clone()).update({ detail: null })
  await trx('wa_messages').whereIn('conversation_id', conversations).where({ status: 'queued' }).update({ status: 'canceled', next_at: null })
  await trx('wa_messages')
    .whereIn('conversation_id', conversations)
    .update({ text: null, payload: null, variables: null, meta: null, error: null, provider_id: null, reply_id: null })
  await trx('wa_conversations').whereIn('id', conversations).update({ last_text: null, step: null, assigned_to: null, changed_at: now })
  await trx('wa_audit')
    .whereIn('subject', [`contact:${contact.id}`, ...conversations.map((id) => `conversation:${id}`)])
    .update({ before: null, after: null })
  await trx('wa_contacts')
    .where({ id: contact.id })
    .update({ phone: null, wa_phone: null, bsuid: null, external_id: null, username: null, name: null, language: null, attributes: null, updated_at: now })
  await writeAudit(trx, by, 'contact.erased', `contact:${contact.id}`, null, null, now)
}

/** Statuses of messages that are not ours and bodies nobody could read belong to no conversation, and may name the customer all the same. */
async function forgetStray(trx: Query, contact: ContactRow): Promise<void> {
  const names = [contact.phone?.replace(/^\+/, ''), contact.wa_phone?.replace(/^\+/, ''), contact.bsuid].filter(
    (name): name is string => typeof name === 'string' && name.length >= 6,
  )
  for (const name of names) {
    const like = `%${literally(name)}%`
    await trx('wa_events')
      .whereNull('conversation_id')
      .where((either) => either.whereRaw("raw like ? escape '!'", [like]).orWhereRaw("payload like ? escape '!'", [like]))
      .update({ payload: null, raw: null, error: null })
  }
}

const TRIES = 20

/** Deleted bytes are overwritten in the file (secure_delete); its write-ahead log still has them until it is written back and cut. Readers hold that up for a moment. */
async function emptyLog(db: Db): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const [row] = (await db.write.raw('PRAGMA wal_checkpoint(TRUNCATE)')) as { busy: number }[]
    if (row?.busy !== 1) return
    await new Promise((wake) => setTimeout(wake, 50))
  }
}
