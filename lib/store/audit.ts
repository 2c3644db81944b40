import type { Query } from './database'
import { fromJson, numeric, type Page, type PageRequest, pageById, toJson } from './rows'

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

/** What was done, newest first; to one thing when it is named. */
export async function listAudit(query: Query, subject: string | null, request: PageRequest): Promise<Page<AuditRow>> {
  const rows = query('wa_audit')
  if (subject !== null) rows.where({ subject })
  return pageById(rows, request, (row: AuditRow & { before: string | null; after: string | null }) => ({
    ...numeric(row, ['id', 'at']),
    before: fromJson(row.before),
    after: fromJson(row.after),
  }))
}
