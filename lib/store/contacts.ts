import { WaError } from '../errors'
import type { Who } from '../model/event'
import type { Db, Query } from './database'
import { joinContacts } from './join'
import { fromJson, literally, numeric, onceMore, short, toJson, toShortJson } from './rows'

/** A customer. Every identity may be null, never all at birth. Source: Meta "Business-scoped user IDs". */
export interface ContactRow {
  id: number
  phone: string | null
  /** The number as WhatsApp knows it, when that is another spelling than `phone` (Brazil, Mexico, Argentina). What is sent goes here. */
  wa_phone: string | null
  bsuid: string | null
  external_id: string | null
  username: string | null
  name: string | null
  language: string | null
  opted_out: number
  attributes: Record<string, string | number | boolean | null>
  /** This row proved to be the same person as that one: it holds nothing any more, and its id leads there. */
  merged_into: number | null
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
export const readContact = (row: Raw): ContactRow => ({
  ...numeric(row, ['id', 'merged_into', 'created_at', 'updated_at']),
  attributes: fromJson<ContactRow['attributes']>(row.attributes) ?? {},
})

export async function findContact(query: Query, who: ContactRef): Promise<ContactRow | null> {
  if ('id' in who) return byId(query, who.id)
  if ('phone' in who) return (await firstWhere(query, { phone: who.phone })) ?? firstWhere(query, { wa_phone: who.phone })
  return firstWhere(query, 'bsuid' in who ? { bsuid: who.bsuid } : { external_id: who.externalId })
}

async function firstWhere(query: Query, where: object): Promise<ContactRow | null> {
  const row = (await query('wa_contacts').where(where).first()) as Raw | undefined
  return row ? readContact(row) : null
}

/** An id stays good for ever: that of a row which was joined to another leads there. (Joining shortens every chain to one step.) */
async function byId(query: Query, id: number): Promise<ContactRow | null> {
  const contact = await firstWhere(query, { id })
  return contact === null || contact.merged_into === null ? contact : firstWhere(query, { id: contact.merged_into })
}

/** Within a transaction: the row as it is, and as it stays until the commit unless the holder changes it. */
export async function lockContact(trx: Query, db: Db, id: number): Promise<ContactRow | null> {
  const rows = trx('wa_contacts').where({ id })
  const [row] = (await (db.dialect === 'sqlite' ? rows : rows.forUpdate())) as Raw[]
  if (!row) return null
  const contact = readContact(row)
  return contact.merged_into === null ? contact : lockContact(trx, db, contact.merged_into)
}

export async function contactsById(query: Query, ids: readonly number[]): Promise<Map<number, ContactRow>> {
  const rows = (await query('wa_contacts').whereIn('id', [...new Set(ids)])) as Raw[]
  return new Map(rows.map(readContact).map((contact) => [contact.id, contact]))
}

/** Customers whose name holds these words, or whose number begins with these digits, or holds four or more of them (a user id as a whole). At most `limit`. */
export async function searchContacts(query: Query, words: string, limit: number): Promise<ContactRow[]> {
  const named = literally(words.trim().toLowerCase())
  const digits = words.replaceAll(/[^0-9]/g, '')
  const rows = query('wa_contacts').where((either) => {
    either.whereRaw("lower(name) like ? escape '!'", [`%${named}%`]).orWhere({ external_id: words.trim().slice(0, 190) })
    // A range, because LIKE would not use the index on every engine.
    for (const phone of digits.length >= 3 ? ['phone', 'wa_phone'] : [])
      either.orWhere((range) => range.where(phone, '>=', `+${digits}`).where(phone, '<', `+${digits}:`))
    // A number as it is dialled at home, or its last digits: what a customer reads out. The name's LIKE reads the table anyway.
    const home = digits.replace(/^0+/, '')
    if (home.length >= 4) either.orWhere('phone', 'like', `%${home}%`)
  })
  return ((await rows.orderBy('id', 'desc').limit(limit)) as Raw[]).map(readContact)
}

/** The contact who wrote, made when new, brought up to date when known: by user id first, then by phone. */
export async function ensureContact(trx: Query, db: Db, who: Who, now: number, tries = 1): Promise<ContactRow> {
  const byUser = who.bsuid ? await findContact(trx, { bsuid: who.bsuid }) : null
  const byPhone = who.phone ? await findContact(trx, { phone: who.phone }) : null
  if (byPhone && byPhone.id !== byUser?.id && isSomebodyElse(byPhone, who)) {
    await release(trx, byPhone, now)
    return ensureContact(trx, db, who, now, tries)
  }
  // When these are two rows, the one with the number stays.
  const known = byPhone ?? byUser
  if (known) return unite(trx, db, known, [byUser], who, now)
  const made = await create(trx, db, who, now)
  if (made) return made
  // Another process was faster, and has committed: now it is there.
  if (tries < 3) return ensureContact(trx, db, who, now, tries + 1)
  throw onceMore('a contact that another process is creating is not visible yet')
}

/**
 * What the wire says of a contact whom we know. When an identity belonged to another row, the two prove to be one person, and become one.
 * The same user id under another number is another spelling of it: a real change of number changes the user id. The same number under another
 * user id is the same customer, whose news of the change we missed.
 */
export async function identify(trx: Query, db: Db, known: ContactRow, who: Who, now: number): Promise<ContactRow> {
  const others = [who.phone ? await findContact(trx, { phone: who.phone }) : null, who.bsuid ? await findContact(trx, { bsuid: who.bsuid }) : null]
  return unite(trx, db, known, others, who, now)
}

async function unite(trx: Query, db: Db, known: ContactRow, others: readonly (ContactRow | null)[], who: Who, now: number): Promise<ContactRow> {
  let contact = known
  const joined = new Set([known.id])
  for (const other of others) {
    if (other === null || joined.has(other.id)) continue
    joined.add(other.id)
    contact = await join(trx, db, contact, other, now)
  }
  const change: Partial<Raw> = { ...(who.phone ? numbersOf(contact, who.phone) : {}) }
  if (who.bsuid && who.bsuid !== contact.bsuid) change.bsuid = who.bsuid
  if (who.username && who.username !== contact.username) change.username = short(who.username)
  if (who.name && !contact.name) change.name = short(who.name)
  return write(trx, contact, change, now)
}

/** The wire's spelling of a number is what is sent to; the other one stays, because the host knows it. */
function numbersOf({ phone, wa_phone }: ContactRow, wire: string): Partial<Raw> {
  if (phone === null) return { phone: wire }
  if (wire === wa_phone || (wire === phone && wa_phone === null)) return {}
  return { wa_phone: wire, ...(wire === phone ? { phone: wa_phone } : {}) }
}

/** The customer has another number or another user id now (a `system` message). The old number is free for its next owner. */
export async function moveContact(
  trx: Query,
  db: Db,
  known: ContactRow,
  moved: { phone: string | null; bsuid: string | null; previousBsuid: string | null },
  now: number,
): Promise<ContactRow> {
  let contact = known
  const names = [moved.previousBsuid && { bsuid: moved.previousBsuid }, moved.bsuid && { bsuid: moved.bsuid }, moved.phone && { phone: moved.phone }]
  for (const name of names) {
    const other = name ? await findContact(trx, name) : null
    if (other && other.id !== contact.id) contact = await join(trx, db, contact, other, now)
  }
  return write(trx, contact, { ...(moved.phone ? { phone: moved.phone, wa_phone: null } : {}), ...(moved.bsuid ? { bsuid: moved.bsuid } : {}) }, now)
}

/** A number that this customer left and whose new owner writes to us: another user id, and WhatsApp knows our customer under another number. */
const isSomebodyElse = (known: ContactRow, who: Who): boolean =>
  who.bsuid !== null && known.bsuid !== null && known.bsuid !== who.bsuid && known.wa_phone !== null && known.wa_phone !== who.phone

const release = (trx: Query, contact: ContactRow, now: number): Promise<ContactRow> => write(trx, contact, { phone: contact.wa_phone, wa_phone: null }, now)

async function create(trx: Query, db: Db, who: Who, now: number): Promise<ContactRow | null> {
  const row = { phone: who.phone, bsuid: who.bsuid, username: short(who.username), name: short(who.name), created_at: now, updated_at: now }
  if (db.dialect === 'mysql') {
    const [id] = await trx('wa_contacts')
      .insert(row)
      .catch((error: unknown) => {
        if (isTaken(error)) return [null]
        throw error
      })
    return id === null || id === undefined ? null : firstWhere(trx, { id: Number(id) })
  }
  // Whichever of its identities is taken.
  const made = (await trx('wa_contacts').insert(row).onConflict().ignore().returning('id')) as { id: number | string }[]
  return made[0] ? firstWhere(trx, { id: Number(made[0].id) }) : null
}

async function write(trx: Query, contact: ContactRow, change: Partial<Raw>, now: number): Promise<ContactRow> {
  if (Object.keys(change).length === 0) return contact
  const changed = await trx('wa_contacts')
    .where({ id: contact.id })
    .whereNull('merged_into')
    .update({ ...change, updated_at: now })
    .catch((error: unknown) => {
      throw isTaken(error) ? onceMore('another process is giving this number or user id to another contact') : error
    })
  if (changed === 0) throw onceMore('another process has joined this contact to another one')
  return { ...contact, ...change, attributes: contact.attributes, updated_at: now }
}

/** Both rows become one: `stays` keeps its own and takes what it lacks. */
async function join(trx: Query, db: Db, stays: ContactRow, goes: ContactRow, now: number): Promise<ContactRow> {
  await joinContacts(trx, db, stays.id, goes.id, now)
  const phones = [stays.phone, stays.wa_phone, goes.phone, goes.wa_phone].filter((phone) => phone !== null)
  const one = {
    phone: phones[0] ?? null,
    wa_phone: phones[1] ?? null,
    bsuid: stays.bsuid ?? goes.bsuid,
    external_id: stays.external_id ?? goes.external_id,
    username: stays.username ?? goes.username,
    name: stays.name ?? goes.name,
    language: stays.language ?? goes.language,
    // Whoever said no once, under either name, has said no.
    opted_out: stays.opted_out || goes.opted_out,
  }
  const attributes = { ...goes.attributes, ...stays.attributes }
  return { ...(await write(trx, stays, { ...one, attributes: toJson(attributes) }, now)), attributes }
}

export async function changeContact(trx: Query, contact: ContactRow, change: ContactChange, now: number): Promise<ContactRow> {
  const row: Partial<Raw> = { updated_at: now }
  await checkNames(trx, contact, change)
  if (change.externalId !== undefined) row.external_id = change.externalId
  if (change.language !== undefined) row.language = change.language
  if (change.name !== undefined) row.name = short(change.name)
  if (change.optedOut !== undefined) row.opted_out = change.optedOut ? 1 : 0
  if (change.attributes !== undefined) row.attributes = toShortJson('attributes', { ...contact.attributes, ...change.attributes })
  await trx('wa_contacts').where({ id: contact.id }).update(row)
  const { attributes, ...columns } = row
  return { ...contact, ...columns, attributes: fromJson<ContactRow['attributes']>(attributes ?? null) ?? contact.attributes }
}

/** What the host names a contact by: short enough for every engine, and nobody else's. Throws WA_REQUEST_INVALID. */
async function checkNames(trx: Query, contact: ContactRow, { externalId, language }: ContactChange): Promise<void> {
  for (const [path, value, limit] of [
    ['externalId', externalId, 190],
    ['language', language, 16],
  ] as const) {
    if (typeof value !== 'string' || value.length <= limit) continue
    const message = `${path} has ${value.length} characters; at most ${limit}.`
    throw new WaError('WA_REQUEST_INVALID', message, [{ path, message, actual: value.length, limit }])
  }
  const owner = typeof externalId === 'string' ? await findContact(trx, { externalId }) : null
  if (owner === null || owner.id === contact.id) return
  const message = `The externalId "${externalId}" belongs to contact ${owner.id}.`
  throw new WaError('WA_REQUEST_INVALID', message, [
    { path: 'externalId', message, actual: externalId, fix: 'Take it from that contact first: set its externalId to null.' },
  ])
}

const isTaken = (error: unknown): boolean => /^(SQLITE_CONSTRAINT|23505|ER_DUP_ENTRY)/.test((error as { code?: string }).code ?? '')
