import type { Knex } from 'knex'
import type { Db, Query } from './database'
import { fromJson, insertOnce, numeric, onceMore, type Page, type PageRequest, pageById, short, storable, toJson, toShortJson } from './rows'

/** Where a customer stands: what was asked, and who hears the answer. A row, so that the answer may come tomorrow, after a deploy, on another instance. */
export interface Step {
  /** Name of the flow; empty for `ask` outside a flow, whose answer goes to `onAnswer(name)`. */
  flow: string
  name: string
  since: number
  data: Record<string, unknown>
  /** Message that asked; its words are said again when an answer does not fit and no `retry` was given. */
  messageId: number | null
  /** Ids that the asked menu offers; empty when words were asked. */
  ids: string[]
  /** Reply id to step, when `ask` was given a map. */
  steps: Record<string, string> | null
  /** Source and flags of the pattern that a typed answer must match. */
  pattern: [source: string, flags: string] | null
  retry: string | null
  expiresAt: number | null
}

/** One contact with one business number. */
export interface ConversationRow {
  id: number
  number: string
  contact_id: number
  mode: 'bot' | 'person'
  assigned_to: string | null
  /** Provider's time of the customer's last words; the session window is computed from it when read. */
  last_inbound_at: number | null
  last_message_id: number | null
  last_text: string | null
  last_direction: 'in' | 'out' | null
  last_at: number
  unread: number
  step: Step | null
  /** Grows with every change that a viewer would see. */
  changed_at: number
  created_at: number
}

type Raw = Omit<ConversationRow, 'step'> & { step: string | null }
const NUMBERS = ['id', 'contact_id', 'last_inbound_at', 'last_message_id', 'last_at', 'unread', 'changed_at', 'created_at'] as const
export const readConversation = (row: Raw): ConversationRow => ({ ...numeric(row, NUMBERS), step: fromJson<Step>(row.step) })

export async function ensureConversation(trx: Query, db: Db, number: string, contactId: number, now: number): Promise<ConversationRow> {
  const known = await findConversation(trx, number, contactId)
  if (known) return known
  // A contact that is being joined to another one gets no new conversation: whoever joins them would not see it.
  const contact = trx('wa_contacts').where({ id: contactId }).whereNull('merged_into').select('id')
  if ((await (db.dialect === 'sqlite' ? contact : contact.forShare())).length === 0) throw onceMore('the contact was joined to another one')
  const row = { number, contact_id: contactId, last_at: now, changed_at: now, created_at: now }
  if (db.dialect === 'mysql') await insertOnce(trx, db.dialect, 'wa_conversations', row, 'contact_id')
  else await trx('wa_conversations').insert(row).onConflict(['contact_id', 'number']).ignore()
  const made = await findConversation(trx, number, contactId)
  if (!made) throw onceMore('a conversation that another process is creating is not visible yet')
  return made
}

export async function findConversation(query: Query, number: string, contactId: number): Promise<ConversationRow | null> {
  const row = (await query('wa_conversations').where({ contact_id: contactId, number }).first()) as Raw | undefined
  return row ? readConversation(row) : null
}

export async function conversationById(query: Query, id: number): Promise<ConversationRow | null> {
  const row = (await query('wa_conversations').where({ id }).first()) as Raw | undefined
  return row ? readConversation(row) : null
}

/** The same for an id that was handed out: a conversation that was joined to another one since is found where it went. */
export async function conversationNow(query: Query, id: number): Promise<ConversationRow | null> {
  const known = await conversationById(query, id)
  if (known) return known
  const into = await joinedInto(query, id)
  return into === null ? null : conversationById(query, into)
}

async function joinedInto(query: Query, id: number): Promise<number | null> {
  const row = (await query('wa_joined').where({ conversation_id: id }).first('into_id')) as { into_id: number | string } | undefined
  return row ? Number(row.into_id) : null
}

/** Does it where the conversation stands: one that was joined to another since it was read, perhaps in this moment, is found where it went. Answers that id; null when `change` found nothing to do. */
async function whereItStands(trx: Query, id: number, change: (id: number) => PromiseLike<number>): Promise<number | null> {
  for (let at: number | null = id; at !== null; at = await joinedInto(trx, at)) if ((await change(at)) > 0) return at
  return null
}

/** All conversations of one contact: one with each business number they wrote to. */
export async function conversationsOfContact(query: Query, contactId: number): Promise<ConversationRow[]> {
  return ((await query('wa_conversations').where({ contact_id: contactId }).orderBy('id')) as Raw[]).map(readConversation)
}

export async function conversationsById(query: Query, ids: readonly number[]): Promise<Map<number, ConversationRow>> {
  if (ids.length === 0) return new Map()
  const rows = ((await query('wa_conversations').whereIn('id', [...new Set(ids)])) as Raw[]).map(readConversation)
  return new Map(rows.map((conversation) => [conversation.id, conversation]))
}

export interface ConversationFilter {
  number?: string | undefined
  /** Only these business numbers. */
  numbers?: readonly string[] | undefined
  mode?: string | undefined
  unread?: boolean | undefined
  /** Customers who were heard since then. */
  heardSince?: number | undefined
  /** Customers who were last heard before. */
  heardBefore?: number | undefined
  /** Something was said at that time or later. */
  lastSince?: number | undefined
  /** The last words were said before. */
  lastBefore?: number | undefined
  /** Who spoke last. */
  lastDirection?: 'in' | 'out' | undefined
  contactIds?: readonly number[] | undefined
}

/** What must hold of a row, in SQL that all engines read alike. */
export type Condition = readonly [sql: string, values: readonly (string | number)[]]

export function conditionsOf(filter: ConversationFilter): Condition[] {
  const all: Condition[] = []
  if (filter.numbers !== undefined) all.push(isOneOf('number', filter.numbers))
  if (filter.number !== undefined) all.push(['number = ?', [filter.number]])
  if (filter.mode !== undefined) all.push(['mode = ?', [filter.mode]])
  if (filter.unread) all.push(['unread > 0', []])
  if (filter.heardSince !== undefined) all.push(['last_inbound_at > ?', [filter.heardSince]])
  if (filter.heardBefore !== undefined) all.push(['last_inbound_at <= ?', [filter.heardBefore]])
  if (filter.lastSince !== undefined) all.push(['last_at >= ?', [filter.lastSince]])
  if (filter.lastBefore !== undefined) all.push(['last_at < ?', [filter.lastBefore]])
  if (filter.lastDirection !== undefined) all.push(['last_direction = ?', [filter.lastDirection]])
  if (filter.contactIds !== undefined) all.push(isOneOf('contact_id', filter.contactIds))
  return all
}

const isOneOf = (column: string, values: readonly (string | number)[]): Condition =>
  values.length === 0 ? ['1 = 0', []] : [`${column} in (${values.map(() => '?').join(', ')})`, values]

/** Behind the last row of a page, in the order (time, id): rows that share a millisecond are not lost between pages. */
export function beyond(after: string | undefined): Condition[] {
  const [at, id] = (after ?? '').split('.').map(Number)
  // The first condition alone finds the place in the index; the second leaves out what was shown at the same millisecond.
  return at && id
    ? [
        ['last_at <= ?', [at]],
        ['(last_at < ? or id < ?)', [at, id]],
      ]
    : []
}

/** Narrows a query over conversations. */
export function narrow(rows: Knex.QueryBuilder, conditions: readonly Condition[]): void {
  for (const [sql, values] of conditions) rows.whereRaw(sql, [...values])
}

/** Newest activity first. */
export async function listConversations(query: Query, request: PageRequest & ConversationFilter): Promise<Page<ConversationRow>> {
  const rows = query('wa_conversations')
  narrow(rows, [...conditionsOf(request), ...beyond(request.after)])
  const found = (
    (await rows
      .orderBy([
        { column: 'last_at', order: 'desc' },
        { column: 'id', order: 'desc' },
      ])
      .limit(request.limit + 1)) as Raw[]
  ).map(readConversation)
  const items = found.slice(0, request.limit)
  const last = items.at(-1)
  return { items, next: found.length > request.limit && last ? `${last.last_at}.${last.id}` : null }
}

/** In the order in which they began, newest first: a conversation that moves while somebody turns the pages is on none of them twice, and missed on none. */
export async function conversationsByArrival(
  query: Query,
  request: PageRequest & { number?: string | undefined; mode?: string | undefined },
): Promise<Page<ConversationRow>> {
  const rows = query('wa_conversations')
  if (request.number !== undefined) rows.where({ number: request.number })
  if (request.mode !== undefined) rows.where({ mode: request.mode })
  return pageById(rows, request, readConversation)
}

export interface LastMessage {
  id: number
  direction: 'in' | 'out'
  text: string
  at: number
}
/** What was said last, and when the customer was heard last. The window never moves back, also when two write at once. */
export async function touchConversation(trx: Query, conversation: ConversationRow, last: LastMessage, inboundAt: number | null, now: number): Promise<void> {
  const change: Record<string, unknown> = {
    last_message_id: last.id,
    last_text: storable(last.text).slice(0, 200),
    last_direction: last.direction,
    last_at: now,
    changed_at: now,
  }
  if (last.direction === 'in') change.unread = trx.raw('unread + 1')
  // Compared in the database: another process may have written newer words down since this row was read.
  if (inboundAt !== null) change.last_inbound_at = trx.raw('case when coalesce(last_inbound_at, 0) < ? then ? else last_inbound_at end', [inboundAt, inboundAt])
  const touched = await trx('wa_conversations').where({ id: conversation.id }).update(change)
  if (touched === 0) throw onceMore('the conversation was joined to another one')
}

/** As if the customer had been silent, and a question open, for so much longer: how the phone in the browser lets time pass. */
export async function ageConversation(trx: Query, id: number, ms: number, now: number): Promise<void> {
  await trx('wa_conversations')
    .where({ id })
    .whereNotNull('last_inbound_at')
    .update({ last_inbound_at: trx.raw('last_inbound_at - ?', [ms]), changed_at: now })
  // When they said it, not when it arrived: what was said before and after is as far apart as the window is told to be.
  await trx('wa_messages')
    .where({ conversation_id: id, direction: 'in' })
    .update({ at: trx.raw('at - ?', [ms]) })
  const [row] = (await trx('wa_conversations').where({ id }).select('step')) as { step: string | null }[]
  const step = fromJson<Step>(row?.step ?? null)
  if (step === null) return
  const aged = { ...step, since: step.since - ms, expiresAt: step.expiresAt === null ? null : step.expiresAt - ms }
  // Only if it is still the question that was read.
  await trx('wa_conversations')
    .where({ id, step: row?.step })
    .update({ step: toJson(aged) })
}

/** Something that a viewer of this conversation would see has changed. */
export const markChanged = async (trx: Query, id: number, now: number): Promise<void> => {
  await trx('wa_conversations').where({ id }).update({ changed_at: now })
}

export async function setStep(trx: Query, id: number, step: Step | null, now: number): Promise<void> {
  const change = { step: toShortJson('data', step), changed_at: now }
  await whereItStands(trx, id, (at) => trx('wa_conversations').where({ id: at }).update(change))
}

/** Takes or gives back. Answers the conversation as it is called now; null when nothing changed, so that a second click makes no second event. */
export async function setMode(trx: Query, id: number, mode: 'bot' | 'person', assignedTo: string | null, now: number): Promise<number | null> {
  const change = { mode, assigned_to: short(assignedTo), changed_at: now }
  return whereItStands(trx, id, (at) => trx('wa_conversations').where({ id: at }).whereNot({ mode }).update(change))
}

/** Answers whether it was still as it was read: otherwise more than this changed. */
export async function markRead(trx: Query, { id, changed_at }: Pick<ConversationRow, 'id' | 'changed_at'>, now: number): Promise<boolean> {
  const rows = () => trx('wa_conversations').where({ id })
  const read = { unread: 0, changed_at: now }
  if ((await rows().where({ changed_at }).update(read)) > 0) return true
  await rows().update(read)
  return false
}

/** Which of these conversations changed when: what an open thread watches. */
export async function changesOf(query: Query, ids: readonly number[]): Promise<Map<number, number>> {
  const rows = (await query('wa_conversations')
    .whereIn('id', [...ids])
    .select('id', 'changed_at')) as { id: number | string; changed_at: number | string }[]
  return new Map(rows.map((row) => [Number(row.id), Number(row.changed_at)]))
}
