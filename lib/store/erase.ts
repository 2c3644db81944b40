import { type Actor, writeAudit } from './audit'
import type { Db } from './database'

/**
 * Forgets a customer: words, identities, raw bodies, variables, answers. Rows stay as empty shells, so that counts hold and a late duplicate of an
 * erased message is still recognised by its hash.
 */
export async function eraseContact(db: Db, contactId: number, by: Actor, now: number): Promise<void> {
  await db.tx(async (trx) => {
    const contact = (await trx('wa_contacts').where({ id: contactId }).first('phone', 'wa_phone', 'bsuid')) as Record<string, string | null> | undefined
    const conversations = ((await trx('wa_conversations').where({ contact_id: contactId }).select('id')) as { id: number | string }[]).map((row) =>
      Number(row.id),
    )
    const events = trx('wa_events').whereIn('conversation_id', conversations).select('id')
    const messages = trx('wa_messages').whereIn('conversation_id', conversations).select('id')
    await trx('wa_runs').whereIn('event_id', events.clone()).update({ snapshot: null, error: null })
    await trx('wa_events').whereIn('message_id', messages.clone()).update({ payload: null, raw: null, error: null })
    await trx('wa_events').whereIn('conversation_id', conversations).update({ payload: null, raw: null, error: null })
    await trx('wa_events')
      .whereIn('conversation_id', conversations)
      .whereIn('state', ['waiting', 'retrying', 'needs_attention'])
      .update({ state: 'discarded', next_at: null, finished_at: now })
    await trx('wa_message_history').whereIn('message_id', messages.clone()).update({ detail: null })
    await trx('wa_messages').whereIn('conversation_id', conversations).where({ status: 'queued' }).update({ status: 'canceled', next_at: null })
    await trx('wa_messages')
      .whereIn('conversation_id', conversations)
      .update({ text: null, payload: null, variables: null, meta: null, error: null, provider_id: null, reply_id: null })
    await trx('wa_conversations').whereIn('id', conversations).update({ last_text: null, step: null, assigned_to: null, changed_at: now })
    // Bodies that name the customer and hang on no conversation: statuses of messages that are not ours, what was not recognised.
    for (const name of Object.values(contact ?? {})) {
      if (name === null) continue
      const loose = trx('wa_events')
        .whereNull('conversation_id')
        .whereNull('message_id')
        .where('raw', 'like', `%${name.replace('+', '')}%`)
      await loose.update({ payload: null, raw: null, error: null })
    }
    await trx('wa_contacts')
      .where({ id: contactId })
      .update({ phone: null, wa_phone: null, bsuid: null, external_id: null, username: null, name: null, language: null, attributes: null, updated_at: now })
    await writeAudit(trx, by, 'contact.erased', `contact:${contactId}`, null, null, now)
  })
  if (db.dialect === 'sqlite') await db.write.raw('PRAGMA wal_checkpoint(TRUNCATE)')
}
