import type { Query } from './database'
import { fromJson, literally, numeric, type Page, type PageRequest, pageById, toJson } from './rows'

/** Who did what to which thing, and how it was before and after. */
export interface AuditRow {
  id: number
  user_id: string
  user_name: string
  action: string
  /** `menu:help-center`, `message:41`, `event:7`, `conversation:3`, `contact:9`. */
  subject: string
  before: unknown
  after: unknown
  at: number
}
export interface Actor {
  id: string
  name: string
}
/** The actor of what nobody clicked: start-up, code, the engine. */
export const CODE: Actor = { id: 'code', name: 'code' }

export async function writeAudit(trx: Query, by: Actor, action: string, subject: string, before: unknown, after: unknown, now: number): Promise<void> {
  await trx('wa_audit').insert({
    user_id: by.id.slice(0, 190),
    user_name: by.name.slice(0, 190),
    action,
    subject,
    before: toJson(before),
    after: toJson(after),
    at: now,
  })
}

export interface AuditFilter {
  /** Part of a name or whole id of who did it. */
  who?: string | undefined
  action?: string | undefined
  /** `menu:help-center`, or what stands behind the colon alone. */
  subject?: string | undefined
  /** Done at that time or later. */
  since?: number | undefined
  /** Done earlier. */
  before?: number | undefined
}

function auditIn(query: Query, { who, action, subject, since, before }: AuditFilter) {
  const rows = query('wa_audit')
  if (subject?.includes(':')) rows.where({ subject })
  else if (subject !== undefined) rows.where((either) => either.where({ subject }).orWhereRaw("subject like ? escape '!'", [`%:${literally(subject)}`]))
  if (action !== undefined) rows.where({ action })
  if (who !== undefined)
    rows.where((either) => either.whereRaw("lower(user_name) like ? escape '!'", [`%${literally(who.toLowerCase())}%`]).orWhere({ user_id: who }))
  if (since !== undefined) rows.where('at', '>=', since)
  if (before !== undefined) rows.where('at', '<', before)
  return rows
}

type Raw = AuditRow & { before: string | null; after: string | null }
const read = (row: Raw): AuditRow => ({ ...numeric(row, ['id', 'at']), before: fromJson(row.before), after: fromJson(row.after) })

/** What was done, newest first. */
export const listAudit = (query: Query, filter: AuditFilter, request: PageRequest): Promise<Page<AuditRow>> => pageById(auditIn(query, filter), request, read)

/** The same with greater ids, oldest first: how an export walks through it. */
export async function auditAfter(query: Query, after: number, limit: number, filter: AuditFilter): Promise<AuditRow[]> {
  return ((await auditIn(query, filter).where('id', '>', after).orderBy('id').limit(limit)) as Raw[]).map(read)
}
