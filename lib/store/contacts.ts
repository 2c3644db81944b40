import type { Who } from '../model/event'
import type { Db, Query } from './database'
import { fromJson, insertOnce, numeric, storable, toJson } from './rows'

/** A customer. Both identities may be null, never both at birth (protocol 5.3). */
export interface ContactRow {
  id: number
  phone: string | null
  bsuid: string | null
  external_id: string | null
  username: string | null
  name: string | null
  language: string | null
  opted_out: number
  attributes: Record<string, string | number | boolean | null>
  created_at: number
  updated_at: number
}
/** One way to name a contact. */
export type ContactRef = { id: number } | { phone: string } | { bsuid: string } | { externalId: string }

export interface ContactChange {
  externalId?: string | null
  language?: string | null
  name?: string
  optedOut?: boolean
  attributes?: Record<string, string | number | boolean | null | undefined>
}

type Raw = Omit<ContactRow, 'attributes'> & { attributes: string | null }
const read = (row: Raw): ContactRow => ({
  ...numeric(row, ['id', 'created_at', 'updated_at']),
  attributes: fromJson<ContactRow['attributes']>(row.attributes) ?? {},
})

export async function findContact(query: Query, who: ContactRef): Promise<ContactRow | null> {
  const where = 'id' in who ? { id: who.id } : 'phone' in who ? { phone: who.phone } : 'bsuid' in who ? { bsuid: who.bsuid } : { external_id: who.externalId }
  const row = (await query('wa_contacts').where(where).first()) as Raw | undefined
  return row ? read(row) : null
}

/** Within a transaction: the row as it is, and as it stays until the commit unless the holder changes it. */
export async function lockContact(trx: Query, db: Db, id: number): Promise<ContactRow | null> {
  const rows = trx('wa_contacts').where({ id })
  const [row] = (await (db.dialect === 'sqlite' ? rows : rows.forUpdate())) as Raw[]
  return row ? read(row) : null
}

export async function contactsById(query: Query, ids: readonly number[]): Promise<Map<number, ContactRow>> {
  const rows = (await query('wa_contacts').whereIn('id', [...new Set(ids)])) as Raw[]
  return new Map(rows.map(read).map((contact) => [contact.id, contact]))
}

/**
 * The contact who wrote, made when new, brought up to date when known: by user id first, then by phone.
 * When one message carries both and they belonged to two rows, the two prove to be one person: see `mergeContacts`.
 */
export async function ensureContact(trx: Query, db: Db, who: Who, now: number): Promise<ContactRow> {
  const byUser = who.bsuid ? await findContact(trx, { bsuid: who.bsuid }) : null
  const byPhone = who.phone ? await findContact(trx, { phone: who.phone }) : null
  if (byUser && byPhone && byUser.id !== byPhone.id) return mergeContacts(trx, byPhone, byUser, who, now)
  const known = byUser ?? byPhone
  if (known) return refresh(trx, known, who, now)
  const unique = who.bsuid ? 'bsuid' : 'phone'
  const row = { phone: who.phone, bsuid: who.bsuid, username: short(who.username), name: short(who.name), created_at: now, updated_at: now }
  const id = await insertOnce(trx, db.dialect, 'wa_contacts', row, unique)
  const made = await findContact(trx, id === null ? (who.bsuid ? { bsuid: who.bsuid } : { phone: who.phone ?? '' }) : { id })
  if (!made) throw new Error('a contact that another process is creating is not visible yet')
  return made
}

async function refresh(trx: Query, known: ContactRow, who: Who, now: number): Promise<ContactRow> {
  const change: Partial<Raw> = {}
  if (who.phone && !known.phone) change.phone = who.phone
  if (who.bsuid && !known.bsuid) change.bsuid = who.bsuid
  if (who.username && who.username !== known.username) change.username = short(who.username)
  if (who.name && !known.name) change.name = short(who.name)
  if (Object.keys(change).length === 0) return known
  await trx('wa_contacts')
    .where({ id: known.id })
    .update({ ...change, updated_at: now })
  return { ...known, ...change, attributes: known.attributes, updated_at: now }
}

/** The row with the phone stays; conversations and messages of the other move to it, per business number. */
async function mergeContacts(trx: Query, stays: ContactRow, goes: ContactRow, who: Who, now: number): Promise<ContactRow> {
  const theirs = (await trx('wa_conversations').where({ contact_id: goes.id })) as {
    id: number
    number: string
    last_inbound_at: number | null
    last_at: number
  }[]
  for (const conversation of theirs) {
    const ours = (await trx('wa_conversations').where({ contact_id: stays.id, number: conversation.number }).first()) as
      | { id: number; last_inbound_at: number | null }
      | undefined
    if (!ours) {
      await trx('wa_conversations').where({ id: conversation.id }).update({ contact_id: stays.id, changed_at: now })
      continue
    }
    await trx('wa_messages').where({ conversation_id: conversation.id }).update({ conversation_id: ours.id })
    await trx('wa_events').where({ conversation_id: conversation.id }).update({ conversation_id: ours.id })
    const inbound = Math.max(Number(ours.last_inbound_at ?? 0), Number(conversation.last_inbound_at ?? 0))
    await trx('wa_conversations')
      .where({ id: ours.id })
      .update({ last_inbound_at: inbound || null, changed_at: now })
    await trx('wa_conversations').where({ id: conversation.id }).delete()
  }
  await trx('wa_contacts').where({ id: goes.id }).delete()
  const change = {
    bsuid: goes.bsuid,
    username: short(who.username) ?? stays.username ?? goes.username,
    name: stays.name ?? goes.name,
    external_id: stays.external_id ?? goes.external_id,
    opted_out: stays.opted_out || goes.opted_out,
  }
  await trx('wa_contacts')
    .where({ id: stays.id })
    .update({ ...change, attributes: toJson({ ...goes.attributes, ...stays.attributes }), updated_at: now })
  return { ...stays, ...change, attributes: { ...goes.attributes, ...stays.attributes }, updated_at: now }
}

export async function changeContact(trx: Query, contact: ContactRow, change: ContactChange, now: number): Promise<ContactRow> {
  const row: Partial<Raw> = { updated_at: now }
  if (change.externalId !== undefined) row.external_id = change.externalId
  if (change.language !== undefined) row.language = change.language
  if (change.name !== undefined) row.name = short(change.name)
  if (change.optedOut !== undefined) row.opted_out = change.optedOut ? 1 : 0
  if (change.attributes !== undefined) row.attributes = toJson({ ...contact.attributes, ...change.attributes })
  await trx('wa_contacts').where({ id: contact.id }).update(row)
  const { attributes, ...columns } = row
  return { ...contact, ...columns, attributes: fromJson<ContactRow['attributes']>(attributes ?? null) ?? contact.attributes }
}

/** Names come from strangers: kept as they are, but never longer than a page can bear. */
export const short = (text: string | null): string | null => (text === null ? null : storable(text).slice(0, 190))
