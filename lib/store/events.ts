import type { EventState } from '../model/event'
import type { Db, Query } from './database'
import { fromJson, hashOf, insertOnce, numeric, type Page, type PageRequest, pageById, storable, toJson, type UpTo, within } from './rows'

/** One event of the inbox: received and committed, to be handled. Rows stay after they are done, so that they can be replayed. */
export interface EventRow {
  id: number
  dedupe: string
  number: string
  /** MessageType, `status`, `unrecognised`, or one of ours: `handover`, `handback`, `opt_out`, `opt_in`, `menu_published`. */
  type: string
  conversation_id: number | null
  message_id: number | null
  provider_key: string | null
  ref: string | null
  /** The Incoming without its raw text, or the facts of an event of ours. */
  payload: unknown
  /** The item as it came over the wire. */
  raw: string | null
  state: EventState
  /** Stepped aside after three quick tries: later words of the same customer no longer wait for it. */
  late: number
  /** Its listeners were chosen and stand in wa_runs. */
  planned: number
  attempts: number
  /** Attempts that ended with the process: their lease ran out, and nobody recorded how they ended. */
  crashes: number
  replays: number
  error: string | null
  at: number
  created_at: number
  finished_at: number | null
  next_at: number | null
  lease_until: number | null
  lease_token: string | null
}

export type RawEvent = Omit<EventRow, 'payload'> & { payload: string | null }
const NUMBERS = ['id', 'conversation_id', 'message_id', 'at', 'created_at', 'finished_at', 'next_at', 'lease_until'] as const
export const readEvent = (row: RawEvent): EventRow => ({ ...numeric(row, NUMBERS), payload: fromJson(row.payload) })

export interface NewEvent {
  /** Hash of what makes it one event. */
  dedupe: string
  number: string
  type: string
  payload: unknown
  raw: string | null
  state: EventState
  at: number
  now: number
  conversationId?: number | null
  providerKey?: string | null
  ref?: string | null
  error?: string | null
}
/** The unique key of an event that came with an id. */
export const eventKey = (number: string, dedupe: string): string => hashOf(`${number}\n${dedupe}`)

/** Stores an event unless it is there already. Answers its id, or null for a duplicate. */
export async function insertEvent(trx: Query, db: Db, event: NewEvent): Promise<number | null> {
  return insertOnce(
    trx,
    db.dialect,
    'wa_events',
    {
      dedupe: event.dedupe,
      number: event.number,
      type: event.type,
      conversation_id: event.conversationId ?? null,
      provider_key: event.providerKey ?? null,
      ref: event.ref ?? null,
      payload: event.payload === null ? null : storable(toJson(event.payload) ?? ''),
      raw: event.raw === null ? null : storable(event.raw),
      state: event.state,
      error: event.error ?? null,
      at: event.at,
      created_at: event.now,
      next_at: event.state === 'waiting' ? event.now : null,
    },
    'dedupe',
  )
}

/** The event's conversation and message, once they are known. */
export const tieEvent = async (trx: Query, id: number, tie: { conversation_id?: number; message_id?: number }): Promise<void> => {
  await trx('wa_events').where({ id }).update(tie)
}

/** Id of the message that came with this event; null when there is none. */
export async function messageOfEvent(query: Query, dedupe: string): Promise<number | null> {
  const row = (await query('wa_events').where({ dedupe }).first('message_id')) as { message_id: number | string | null } | undefined
  return row?.message_id ? Number(row.message_id) : null
}

/** An event with this key that arrived after `since`. */
export async function seenSince(query: Query, dedupes: readonly string[], since: number): Promise<boolean> {
  const rows = await query('wa_events')
    .whereIn('dedupe', [...dedupes])
    .where('created_at', '>', since)
    .limit(1)
    .select('id')
  return rows.length > 0
}

export async function eventById(query: Query, id: number): Promise<EventRow | null> {
  const row = (await query('wa_events').where({ id }).first()) as RawEvent | undefined
  return row ? readEvent(row) : null
}

export async function eventsById(query: Query, ids: readonly number[]): Promise<Map<number, EventRow>> {
  if (ids.length === 0) return new Map()
  const rows = ((await query('wa_events').whereIn('id', [...ids])) as RawEvent[]).map(readEvent)
  return new Map(rows.map((event) => [event.id, event]))
}

/**
 * Events, newest first. `conversationId` narrows what `states` or `messageId` find; by itself it is no way to find them quickly (`eventsOfConversation`).
 */
export async function listEvents(
  query: Query,
  filter: { states?: readonly EventState[]; conversationId?: number; types?: readonly string[]; messageId?: number; numbers?: readonly string[] | undefined },
  request: PageRequest,
): Promise<Page<EventRow>> {
  const rows = query('wa_events')
  if (filter.types) rows.whereIn('type', [...filter.types])
  if (filter.messageId !== undefined) rows.where({ message_id: filter.messageId })
  if (filter.numbers !== undefined) rows.whereIn('number', [...filter.numbers])
  if (filter.states) rows.whereIn('state', [...filter.states])
  if (filter.conversationId !== undefined) rows.where({ conversation_id: filter.conversationId })
  return pageById(rows, request, readEvent)
}

/** What happened in a conversation without a word of the customer (taken over, given back, opted out), newest first. */
export async function wordlessEvents(query: Query, conversationId: number, limit: number): Promise<EventRow[]> {
  const rows = query('wa_events').where({ conversation_id: conversationId }).whereNull('message_id')
  return ((await rows.orderBy('id', 'desc').limit(limit)) as RawEvent[]).map(readEvent)
}

/** The newest events of a conversation, newest first. */
export async function eventsOfConversation(query: Query, conversationId: number, limit: number): Promise<EventRow[]> {
  const said = query('wa_messages').where({ conversation_id: conversationId, direction: 'in' })
  const messages = (await said.orderBy('id', 'desc').limit(limit).pluck('id')) as (number | string)[]
  const rows = ((await query('wa_events').whereIn('message_id', messages)) as RawEvent[]).map(readEvent)
  const wordless = await wordlessEvents(query, conversationId, limit)
  return [...rows, ...wordless].sort((a, b) => b.id - a.id).slice(0, limit)
}

/** Events in these states, up to a bound. */
export function eventsIn(query: Query, states: readonly EventState[], upTo: Partial<UpTo> | null) {
  const rows = query('wa_events').whereIn('state', [...states])
  if (upTo) within(rows, upTo)
  return rows
}
/** How many events stand in these states, counted up to `cap`. */
export async function countEvents(query: Query, states: readonly EventState[], cap = 10_000, upTo: Partial<UpTo> | null = null): Promise<number> {
  const inner = eventsIn(query, states, upTo).select('id').limit(cap).as('t')
  const row = (await query.count({ n: '*' }).from(inner).first()) as { n: number | string } | undefined
  return Number(row?.n ?? 0)
}

/** Id of the newest event: what a live page watches beside the conversations. */
export async function newestEvent(query: Query): Promise<number> {
  const row = (await query('wa_events').max({ id: 'id' }).first()) as { id: number | string | null } | undefined
  return Number(row?.id ?? 0)
}
