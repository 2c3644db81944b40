import type { EventState } from '../model/event'
import type { Db, Query } from './database'
import { fromJson, insertOnce, numeric, type Page, type PageRequest, pageById, storable, toJson } from './rows'

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
  replays: number
  error: string | null
  at: number
  created_at: number
  finished_at: number | null
  next_at: number | null
  lease_until: number | null
  lease_token: string | null
}

type Raw = Omit<EventRow, 'payload'> & { payload: string | null }
const NUMBERS = ['id', 'conversation_id', 'message_id', 'at', 'created_at', 'finished_at', 'next_at', 'lease_until'] as const
const read = (row: Raw): EventRow => ({ ...numeric(row, NUMBERS), payload: fromJson(row.payload) })

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
  const row = (await query('wa_events').where({ id }).first()) as Raw | undefined
  return row ? read(row) : null
}

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
  return pageById(rows, request, read)
}

/** How many events stand in these states, counted up to `cap`. */
export async function countEvents(query: Query, states: readonly EventState[], cap = 10_000): Promise<number> {
  const inner = query('wa_events')
    .select('id')
    .whereIn('state', [...states])
    .limit(cap)
    .as('t')
  const row = (await query.count({ n: '*' }).from(inner).first()) as { n: number | string } | undefined
  return Number(row?.n ?? 0)
}

/** Id of the newest event: what a live page watches beside the conversations. */
export async function newestEvent(query: Query): Promise<number> {
  const row = (await query('wa_events').max({ id: 'id' }).first()) as { id: number | string | null } | undefined
  return Number(row?.id ?? 0)
}

// ------------------------------------------------------------------------------------------------ the queue

const OPEN = "('waiting', 'running', 'retrying')"

/**
 * Takes events that are due, oldest first: of each conversation only the oldest open one that has not stepped aside.
 * The attempt is counted at the claim, so that an event which kills its process does not do so for ever.
 */
export async function claimEvents(db: Db, limit: number, token: string, now: number, leaseMs: number): Promise<EventRow[]> {
  const due = db
    .write('wa_events as e')
    .where((open) =>
      open
        .where((fresh) => fresh.whereIn('e.state', ['waiting', 'retrying']).where('e.next_at', '<=', now))
        .orWhere((stranded) => stranded.where('e.state', 'running').where('e.lease_until', '<', now)),
    )
  due.where((free) =>
    free
      .whereNull('e.conversation_id')
      .orWhereNotExists(
        db
          .write('wa_events as o')
          .select(db.write.raw('1'))
          .whereRaw('o.conversation_id = e.conversation_id')
          .whereRaw(`o.state in ${OPEN}`)
          .whereRaw("o.id <> e.id and ((o.id < e.id and o.late = 0 and e.late = 0) or (o.state = 'running' and o.lease_until >= ?))", [now]),
      ),
  )
  const ids = ((await due.orderBy('e.id').limit(limit).select('e.id')) as { id: number | string }[]).map((row) => Number(row.id))
  if (ids.length === 0) return []
  await db.tx(async (trx) => {
    await trx('wa_events')
      .whereIn('id', ids)
      .where((open) => open.whereIn('state', ['waiting', 'retrying']).orWhere((stranded) => stranded.where('state', 'running').where('lease_until', '<', now)))
      .update({ state: 'running', lease_until: now + leaseMs, lease_token: token, attempts: trx.raw('attempts + 1') })
  })
  return ((await db.write('wa_events').whereIn('id', ids).where({ state: 'running', lease_token: token }).orderBy('id')) as Raw[]).map(read)
}

/** A running handler is alive: its lease goes on. */
export async function extendLease(db: Db, id: number, token: string, until: number): Promise<boolean> {
  return (await db.write('wa_events').where({ id, state: 'running', lease_token: token }).update({ lease_until: until })) > 0
}

/** How the attempt ended. Fenced by the lease: a holder that lost it changes nothing and is told so. */
export async function finishEvent(
  db: Db,
  event: EventRow,
  token: string,
  end: { state: EventState; nextAt?: number; late?: boolean; error?: string | null },
  now: number,
): Promise<boolean> {
  const done = end.state !== 'retrying' && end.state !== 'waiting'
  const change = {
    state: end.state,
    next_at: end.nextAt ?? null,
    late: end.late ? 1 : event.late,
    error: end.error?.slice(0, 4000) ?? null,
    finished_at: done ? now : null,
    lease_until: null,
    lease_token: null,
  }
  return (await db.write('wa_events').where({ id: event.id, state: 'running', lease_token: token }).update(change)) > 0
}

/** Gives back what was claimed and not begun: at close, so that another instance takes it at once. */
export async function releaseEvents(db: Db, token: string, now: number): Promise<void> {
  await db
    .write('wa_events')
    .where({ state: 'running', lease_token: token })
    .update({ state: 'waiting', next_at: now, lease_until: null, lease_token: null, attempts: db.write.raw('attempts - 1') })
}

/** A person's decision. Compare-and-set on the states it is possible in; false when somebody was faster. */
export async function decideEvent(
  trx: Query,
  id: number,
  from: readonly EventState[],
  change: { state: EventState; replay?: boolean },
  now: number,
): Promise<boolean> {
  const reset = change.state === 'waiting' ? { next_at: now, attempts: 0, error: null, finished_at: null } : { finished_at: now, next_at: null }
  const moved = await trx('wa_events')
    .where({ id })
    .whereIn('state', [...from])
    .update({ state: change.state, ...reset, ...(change.replay ? { replays: trx.raw('replays + 1'), planned: 0 } : {}) })
  return moved > 0
}

/** Statuses that arrived before we knew the id they speak of. */
export async function parkedStatuses(query: Query, keys: { providerKey: string | null; ref: string | null }): Promise<EventRow[]> {
  const rows = query('wa_events').where({ type: 'status' }).whereNull('message_id')
  rows.where((either) => {
    if (keys.providerKey !== null) either.orWhere({ provider_key: keys.providerKey })
    else either.whereRaw('1 = 0')
  })
  return ((await rows.orderBy('id')) as Raw[]).map(read)
}

/** When the next open event or message is due; null when both queues are empty. */
export async function nextDue(query: Query): Promise<number | null> {
  const events = (await query('wa_events')
    .whereIn('state', ['waiting', 'running', 'retrying'])
    .min({ at: query.raw('coalesce(next_at, lease_until)') })
    .first()) as { at: number | string | null }
  const messages = (await query('wa_messages')
    .whereIn('status', ['queued', 'sending'])
    .min({ at: query.raw('coalesce(next_at, lease_until)') })
    .first()) as { at: number | string | null }
  const times = [events.at, messages.at].filter((at) => at !== null).map(Number)
  return times.length > 0 ? Math.min(...times) : null
}
