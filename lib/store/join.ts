import type { Db, Query } from './database'
import { numeric, onceMore } from './rows'

/**
 * Two contacts proved to be one person: conversations, messages, events and what was written about them move to `stays`, per business number.
 * The row of `goes` stays as a signpost. Nothing that another process writes meanwhile is lost: it either holds a lock that is waited for here,
 * or finds its conversation or contact gone and does its transaction once more (`touchConversation`, `ensureConversation`).
 */
export async function joinContacts(trx: Query, db: Db, stays: number, goes: number, now: number): Promise<void> {
  const both = (await locking(trx('wa_contacts').whereIn('id', [stays, goes]).whereNull('merged_into').orderBy('id').select('id'), db)) as unknown[]
  if (both.length < 2) throw onceMore('another process is joining these contacts')
  const rows = ((await locking(trx('wa_conversations').whereIn('contact_id', [stays, goes]).orderBy('id').select('*'), db)) as Conversation[]).map((row) =>
    numeric(row, NUMBERS),
  )
  for (const theirs of rows.filter((row) => row.contact_id === goes)) {
    const ours = rows.find((row) => row.contact_id === stays && row.number === theirs.number)
    if (ours) await joinConversations(trx, ours, theirs, now)
    else await trx('wa_conversations').where({ id: theirs.id }).update({ contact_id: stays, changed_at: now })
  }
  await trx('wa_audit')
    .where({ subject: `contact:${goes}` })
    .update({ subject: `contact:${stays}` })
  await trx('wa_contacts').where({ merged_into: goes }).update({ merged_into: stays })
  await trx('wa_contacts')
    .where({ id: goes })
    .update({ ...EMPTY, merged_into: stays, updated_at: now })
}
const EMPTY = { phone: null, wa_phone: null, bsuid: null, external_id: null, username: null, name: null, language: null, attributes: null }

interface Conversation {
  id: number
  number: string
  contact_id: number
  mode: 'bot' | 'person'
  assigned_to: string | null
  last_inbound_at: number | null
  last_message_id: number | null
  last_text: string | null
  last_direction: string | null
  last_at: number
  unread: number
  step: string | null
  created_at: number
}
const NUMBERS = ['id', 'contact_id', 'last_inbound_at', 'last_message_id', 'last_at', 'created_at'] as const

async function joinConversations(trx: Query, ours: Conversation, theirs: Conversation, now: number): Promise<void> {
  const said = trx('wa_messages').where({ conversation_id: theirs.id }).select('id')
  await trx('wa_events').whereIn('message_id', said).where({ conversation_id: theirs.id }).update({ conversation_id: ours.id })
  await trx('wa_events').where({ conversation_id: theirs.id }).whereNull('message_id').update({ conversation_id: ours.id })
  await trx('wa_messages').where({ conversation_id: theirs.id }).update({ conversation_id: ours.id })
  await trx('wa_audit')
    .where({ subject: `conversation:${theirs.id}` })
    .update({ subject: `conversation:${ours.id}` })
  const { last_message_id, last_text, last_direction, last_at } = theirs.last_at > ours.last_at ? theirs : ours
  const inbound = [ours.last_inbound_at, theirs.last_inbound_at].filter((at) => at !== null)
  const person = [ours, theirs].find((one) => one.mode === 'person')
  await trx('wa_conversations')
    .where({ id: ours.id })
    .update({
      last_message_id,
      last_text,
      last_direction,
      last_at,
      last_inbound_at: inbound.length > 0 ? Math.max(...inbound) : null,
      unread: ours.unread + theirs.unread,
      // A person who took over either of them is in charge; what was asked last is what an answer is waited for.
      mode: person ? 'person' : 'bot',
      assigned_to: person?.assigned_to ?? ours.assigned_to ?? theirs.assigned_to,
      step: since(theirs.step) > since(ours.step) ? theirs.step : ours.step,
      created_at: Math.min(ours.created_at, theirs.created_at),
      changed_at: now,
    })
  await trx('wa_conversations').where({ id: theirs.id }).delete()
  await trx('wa_joined').where({ into_id: theirs.id }).update({ into_id: ours.id })
  await trx('wa_joined').insert({ conversation_id: theirs.id, into_id: ours.id })
}

const since = (step: string | null): number => (step === null ? -1 : Number((JSON.parse(step) as { since?: number }).since ?? 0))

/** sqlite has one writer, and needs no locks on rows. */
const locking = <T extends { forUpdate(): T }>(rows: T, db: Db): T => (db.dialect === 'sqlite' ? rows : rows.forUpdate())
