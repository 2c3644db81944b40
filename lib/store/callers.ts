import type { Who } from '../model/event'
import type { Db, Query } from './database'
import { short } from './rows'

/** A customer as a message names them, and the business number they wrote to. */
export interface Caller {
  number: string
  who: Who
  /** Key of the event they bring. */
  dedupe: string
}
/** Rows in one statement: sqlite takes 500 at most. */
const CHUNK = 400

/**
 * How callers are known, in their order. A number: the conversation of a customer who brings nothing that is not in their row already, so that nothing is
 * to be learnt or merged. `new`: nobody here has such a phone or user id. `other`: to be stored with care (`ensureContact`).
 */
export async function lookUp(query: Query, callers: readonly Caller[]): Promise<(number | 'new' | 'other')[]> {
  const phones = [...new Set(callers.flatMap(({ who }) => who.phone ?? []))]
  const bsuids = [...new Set(callers.flatMap(({ who }) => who.bsuid ?? []))]
  const rows = (await query('wa_contacts as c')
    .join('wa_conversations as v', 'v.contact_id', 'c.id')
    .where((either) => either.whereIn('c.phone', phones).orWhereIn('c.bsuid', bsuids))
    .select('v.id', 'v.number', 'c.phone', 'c.wa_phone', 'c.bsuid', 'c.username', 'c.name')) as Known[]
  // A number may be another spelling of one that is known: that is looked into with care.
  const spellings = new Set(phones.length === 0 ? [] : ((await query('wa_contacts').whereIn('wa_phone', phones).pluck('wa_phone')) as string[]))
  const byPhone = new Map(rows.map((row) => [`${row.number}\n${row.phone}`, row]))
  const byUser = new Map(rows.map((row) => [`${row.number}\n${row.bsuid}`, row]))
  return callers.map(({ number, who }) => {
    const phone = byPhone.get(`${number}\n${who.phone}`)
    const user = byUser.get(`${number}\n${who.bsuid}`)
    const row = who.bsuid === null ? phone : user
    if (row && bringsNothing(who, row)) return Number(row.id)
    return phone || user || (who.phone !== null && spellings.has(who.phone)) ? 'other' : 'new'
  })
}
interface Known {
  id: number | string
  number: string
  phone: string | null
  /** Another spelling of the number: which of them is written to now is decided with care. */
  wa_phone: string | null
  bsuid: string | null
  username: string | null
  name: string | null
}

const bringsNothing = (who: Who, row: Known): boolean =>
  (who.phone === null || (who.phone === row.phone && row.wa_phone === null)) &&
  (who.bsuid === null || who.bsuid === row.bsuid) &&
  (who.username === null || who.username === row.username) &&
  (who.name === null || row.name !== null)

/**
 * Makes contacts and conversations for callers of whom nothing is known, all of them with a few statements. Whoever turns out to be known after all, by
 * one identity or by both, is left as they are: the caller looks again. A double of a message whose customer was erased makes nobody anew.
 */
export async function welcome(db: Db, callers: readonly Caller[], now: number): Promise<void> {
  for (let from = 0; from < callers.length; from += CHUNK) {
    const some = callers.slice(from, from + CHUNK)
    const doubles = (await db
      .write('wa_events')
      .whereIn(
        'dedupe',
        some.map(({ dedupe }) => dedupe),
      )
      .select('dedupe')) as { dedupe: string }[]
    const seen = new Set(doubles.map(({ dedupe }) => dedupe))
    const fresh = some.filter(({ dedupe }) => !seen.has(dedupe))
    if (fresh.length > 0) await db.tx((trx) => settle(trx, fresh, now))
  }
}

async function settle(trx: Query, callers: readonly Caller[], now: number): Promise<void> {
  const contacts = callers.map(({ who: { phone, bsuid, username, name } }) => ({
    ...{ phone, bsuid, username: short(username), name: short(name) },
    ...{ created_at: now, updated_at: now },
  }))
  const made = (await trx('wa_contacts').insert(contacts).onConflict().ignore().returning(['id', 'phone', 'bsuid'])) as Made[]
  const ids = new Map(made.map((contact) => [identityOf(contact), contact.id]))
  const conversations = callers.flatMap(({ number, who }) => {
    const contact = ids.get(identityOf(who))
    return contact === undefined ? [] : [{ number, contact_id: contact, last_at: now, changed_at: now, created_at: now }]
  })
  if (conversations.length > 0) await trx('wa_conversations').insert(conversations).onConflict(['contact_id', 'number']).ignore()
}
type Made = { id: number | string; phone: string | null; bsuid: string | null }
const identityOf = ({ phone, bsuid }: { phone: string | null; bsuid: string | null }): string => `${phone}\n${bsuid}`
