import type { Knex } from 'knex'
import type { Query } from './database'
import { rowsOf } from './question'
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

/** So many names are compared with what somebody typed; where more people work, the rows themselves are. */
const NAMES = 500
/** So many people are looked for one by one. */
const PEOPLE = 20

/** From one name to the next in their index, however often each stands in it: those who work here are few. MariaDB does so by itself. */
const NAMES_MYSQL = `select distinct user_name as name from wa_audit limit ${NAMES + 1}`
const NAMES_SQL = `with recursive people (name, nth) as (
  select min(user_name), 1 from wa_audit
  union all select (select min(user_name) from wa_audit where user_name > people.name), nth + 1 from people where name is not null and nth <= ${NAMES})
  select name from people where name is not null`

/** Names that hold these words; null where there are too many names to tell. */
async function namesLike(query: Query, words: string): Promise<string[] | null> {
  const names = (await rowsOf(query, query.client.driverName === 'mysql2' ? NAMES_MYSQL : NAMES_SQL)).map(({ name }) => String(name))
  return names.length > NAMES ? null : names.filter((name) => name.toLowerCase().includes(words.toLowerCase()))
}

type Narrowed = Omit<AuditFilter, 'who'>

function auditIn(query: Query, { action, subject, since, before }: Narrowed) {
  const rows = query('wa_audit')
  if (subject?.includes(':')) rows.where({ subject })
  else if (subject !== undefined) rows.where((either) => either.where({ subject }).orWhereRaw("subject like ? escape '!'", [`%:${literally(subject)}`]))
  if (action !== undefined) rows.where({ action })
  if (since !== undefined) rows.where('at', '>=', since)
  if (before !== undefined) rows.where('at', '<', before)
  return rows
}

/** Of those who are called so, or whose id it is; `names` when they are known. */
const by = (rows: Knex.QueryBuilder, who: string, names: readonly string[] | null): Knex.QueryBuilder =>
  rows.where((either) => {
    if (names === null) either.whereRaw("lower(user_name) like ? escape '!'", [`%${literally(who.toLowerCase())}%`])
    else either.whereIn('user_name', [...names])
    either.orWhere({ user_id: who })
  })

type Raw = AuditRow & { before: string | null; after: string | null }
const read = (row: Raw): AuditRow => ({ ...numeric(row, ['id', 'at']), before: fromJson(row.before), after: fromJson(row.after) })

/** What was done, newest first. */
export async function listAudit(query: Query, { who, ...filter }: AuditFilter, request: PageRequest): Promise<Page<AuditRow>> {
  if (who === undefined) return pageById(auditIn(query, filter), request, read)
  const names = await namesLike(query, who)
  if (names === null || names.length > PEOPLE) return pageById(by(auditIn(query, filter), who, names), request, read)
  // One person at a time, each from the newest end of the index: all together would be collected and sorted.
  const found = [...names.map((name) => ({ user_name: name })), { user_id: who }].map(async (whose) => {
    const rows = auditIn(query, filter).where(whose)
    if (request.after !== undefined) rows.where('id', '<', Number(request.after))
    return (await rows
      .orderBy('id', 'desc')
      .limit(request.limit + 1)
      .select('id')) as { id: number | string }[]
  })
  const ids = [...new Set((await Promise.all(found)).flat().map((row) => Number(row.id)))]
  return pageById(query('wa_audit').whereIn('id', ids.sort((a, b) => b - a).slice(0, request.limit + 1)), request, read)
}

/** The same with greater ids, oldest first: how an export walks through it. */
export async function auditAfter(query: Query, after: number, limit: number, { who, ...filter }: AuditFilter): Promise<AuditRow[]> {
  const rows = auditIn(query, filter).where('id', '>', after)
  if (who !== undefined) by(rows, who, await namesLike(query, who))
  return ((await rows.orderBy('id').limit(limit)) as Raw[]).map(read)
}
