import type { Knex } from 'knex'
import { WaError } from '../errors'
import type { EventState } from '../model/event'
import type { Db, Query } from './database'
import { type EventRow, eventsIn, type RawEvent, readEvent } from './events'
import { CLOCK } from './lease'
import { numeric, storable, type UpTo } from './rows'

// `next_at` is set exactly while an event is open (waiting, running, retrying): the indexes of the queue hold a handful of rows among millions.

export interface Claim {
  events: EventRow[]
  /** Some were due and could not be had at this moment: look again soon. */
  missed: boolean
}
/** After so many processes ended with it in hand, an event runs alone: then it is known whether it is the one that ends them. */
export const SUSPECT = 2

/**
 * Takes events that are due, oldest first: of each conversation only the oldest open one that has not stepped aside, and never one while another
 * of its conversation runs. The attempt is counted at the claim, so that an event which kills its process does not do so for ever; one that is
 * suspected of it is taken alone, by an instance that does nothing else (`idle`), so that it takes no others with it.
 */
export async function claimEvents(db: Db, limit: number, token: string, now: number, leaseMs: number, idle = true): Promise<Claim> {
  const due = onePerConversation(await dueEvents(db, db.write, now, limit))
  const suspect = due.find((head) => head.crashes >= SUSPECT)
  const found = suspect ? (idle ? [suspect] : []) : due
  if (found.length === 0) return { events: [], missed: false }
  const taking = {
    // First, because MySQL computes from left to right: a lease that ran out is an attempt that ended with its process.
    crashes: db.write.raw("case when state = 'running' then crashes + 1 else crashes end"),
    attempts: db.write.raw('attempts + 1'),
    state: 'running',
    lease_until: db.write.raw(`${CLOCK[db.dialect]} + ?`, [leaseMs]),
    lease_token: token,
  }
  const rows = db.dialect === 'sqlite' ? await takeAtOnce(db, found, taking, now) : await takeLocked(db, found, taking, now)
  return { events: rows.map(readEvent).sort((a, b) => a.id - b.id), missed: rows.length < found.length }
}

/** sqlite looks and takes in one statement: while it runs there is no other writer. */
async function takeAtOnce(db: Db, found: readonly Head[], taking: object, now: number): Promise<RawEvent[]> {
  const free = db.write('wa_events as e').whereIn('e.id', ids(found))
  return (await mayRun(db, db.write, free, now).update(taking).returning('*')) as RawEvent[]
}

/** Looked at again under the lock: another instance may have been between our first look and here. */
async function takeLocked(db: Db, found: readonly Head[], taking: { lease_token: string }, now: number): Promise<RawEvent[]> {
  await db.tx(async (trx) => {
    const free = await lockConversations(trx, found)
    const mine = onePerConversation(await dueEvents(db, trx, now, found.length, free))
    if (mine.length === 0) return
    await trx('wa_events')
      .whereIn('id', ids(mine))
      .where((open) => isDue(db, open, now))
      .update(taking)
  })
  return (await db.write('wa_events').whereIn('id', ids(found)).where({ state: 'running', lease_token: taking.lease_token })) as RawEvent[]
}

interface Head {
  id: number
  conversation_id: number | null
  /** Processes that ended with it in hand, the one whose lease has just run out among them. */
  crashes: number
}
const ids = (heads: readonly Head[]): number[] => heads.map((head) => head.id)

async function dueEvents(db: Db, query: Query, now: number, limit: number, among?: readonly Head[]): Promise<Head[]> {
  const due = mayRun(db, query, query('wa_events as e'), now)
  if (among) due.whereIn('e.id', ids(among))
  const rows = (await due.orderBy('e.id').limit(limit).select('e.id', 'e.conversation_id', 'e.crashes', 'e.state')) as (Head & { state: EventState })[]
  return rows.map((row) => ({ ...numeric(row, ['id', 'conversation_id']), crashes: row.crashes + (row.state === 'running' ? 1 : 0) }))
}

/** Narrows rows of `wa_events as e` to those that are due and free: none before them in their conversation, none of it running. */
function mayRun<T extends Knex.QueryBuilder>(db: Db, query: Query, rows: T, now: number): T {
  rows.where((open) => isDue(db, open, now, 'e.'))
  rows.where((free) =>
    free
      .whereNull('e.conversation_id')
      .orWhereNotExists(
        query('wa_events as o')
          .select(query.raw('1'))
          .whereRaw('o.conversation_id = e.conversation_id')
          .whereNotNull('o.next_at')
          .whereRaw(`o.id <> e.id and ((o.id < e.id and o.late = 0 and e.late = 0) or (o.state = 'running' and o.lease_until >= ${CLOCK[db.dialect]}))`),
      ),
  )
  return rows
}

/**
 * What waits is due at once, whatever the clock of the instance that received it says.
 * A CASE, because sqlite would answer ORs by collecting all that wait and sorting it; so it reads the queue in order of the ids and stops.
 */
function isDue(db: Db, where: Knex.QueryBuilder, now: number, table = ''): void {
  where
    .whereNotNull(`${table}next_at`)
    .whereRaw(
      `case ${table}state when 'waiting' then 1 = 1 when 'retrying' then ${table}next_at <= ? when 'running' then ${table}lease_until < ${CLOCK[db.dialect]} else 1 = 0 end`,
      [now],
    )
}

/** Two that stepped aside, or one of them and a fresh one, may be due together: they are heard one after the other all the same. */
function onePerConversation(heads: readonly Head[]): Head[] {
  const taken = new Set<number>()
  return heads.filter(({ conversation_id }) => {
    if (conversation_id === null) return true
    if (taken.has(conversation_id)) return false
    taken.add(conversation_id)
    return true
  })
}

/**
 * While a claim decides, nobody else decides about the same conversations. Rows that somebody holds are passed over instead of waited for, so that
 * a claim can neither delay a webhook's commit nor deadlock with it.
 */
async function lockConversations(trx: Query, heads: readonly Head[]): Promise<Head[]> {
  const conversations = heads.flatMap((head) => head.conversation_id ?? [])
  if (conversations.length === 0) return [...heads]
  const rows = (await trx('wa_conversations').whereIn('id', conversations).orderBy('id').forUpdate().skipLocked().select('id')) as { id: number | string }[]
  const locked = new Set(rows.map((row) => Number(row.id)))
  return heads.filter((head) => head.conversation_id === null || locked.has(head.conversation_id))
}

/** An attempt, as it stands in its row: `lease_token` is the fence. */
export type Attempted = Pick<EventRow, 'id' | 'lease_token'>
const heldBy = (event: Attempted) => ({ id: event.id, state: 'running', lease_token: event.lease_token })

/** A running handler is alive: its lease goes on. False when another attempt has begun meanwhile. */
export async function extendLease(db: Db, event: Attempted, leaseMs: number): Promise<boolean> {
  const until = db.write.raw(`${CLOCK[db.dialect]} + ?`, [leaseMs])
  return (await db.write('wa_events').where(heldBy(event)).update({ lease_until: until })) > 0
}

/** Within a transaction: this attempt is still the one, until the commit. Throws WA_ABORTED when another one has begun. */
export async function holdEvent(trx: Query, db: Db, event: Attempted): Promise<void> {
  const row = trx('wa_events').where(heldBy(event))
  if ((await (db.dialect === 'sqlite' ? row : row.forUpdate()).select('id')).length === 0) throw attemptIsOver(event.id)
}

/** The listeners are chosen; within a transaction, before they are written down. Throws WA_ABORTED when another attempt has begun. */
export async function markPlanned(trx: Query, event: Attempted): Promise<void> {
  if ((await trx('wa_events').where(heldBy(event)).update({ planned: 1 })) === 0) throw attemptIsOver(event.id)
}

export const attemptIsOver = (id: number): WaError =>
  new WaError('WA_ABORTED', `This attempt at event ${id} took so long that another one has begun; it can say and record nothing more.`)

/** How the attempt ended. Fenced by the lease: a holder that lost it changes nothing and is told so. */
export async function finishEvent(
  query: Query,
  event: EventRow,
  end: { state: EventState; nextAt?: number; late?: boolean; error?: string | null /** A status whose message was not known. */; parked?: boolean },
  now: number,
): Promise<boolean> {
  const done = end.state !== 'retrying' && end.state !== 'waiting'
  const change = {
    // The message of a parked status may have become known while nobody found it: then it is looked at again. One row decides, so it cannot fall between.
    state: end.parked ? query.raw("case when message_id is null then ? else 'waiting' end", [end.state]) : end.state,
    next_at: end.parked ? query.raw(`case when message_id is null then null else ${Math.trunc(now)} end`) : (end.nextAt ?? null),
    // It ended, and its process lives.
    ...(end.state === 'needs_attention' ? {} : { crashes: 0 }),
    late: end.late ? 1 : event.late,
    error: end.error ? storable(end.error).slice(0, 4000) : null,
    finished_at: done ? now : null,
    lease_until: null,
    lease_token: null,
  }
  return (await query('wa_events').where(heldBy(event)).update(change)) > 0
}

/** Gives an event back that was begun and not ended: at close, and when the database failed under it. It is taken again at once or after a while; nobody failed. */
export async function releaseEvent(db: Db, event: EventRow, now: number, afterMs = 0): Promise<void> {
  const later = afterMs > 0 ? { state: 'retrying', next_at: now + afterMs } : {}
  await db
    .write('wa_events')
    .where(heldBy(event))
    .update({ ...released(db, now), ...later })
}

/** Claims whose commit was never confirmed: if it did happen, nobody works on them. */
export async function releaseClaim(db: Db, token: string, now: number): Promise<void> {
  await db.write('wa_events').where({ state: 'running', lease_token: token }).update(released(db, now))
}

const released = (db: Db, now: number) => ({
  state: 'waiting',
  next_at: now,
  lease_until: null,
  lease_token: null,
  attempts: db.write.raw('attempts - 1'),
})

/** A person's decision. Compare-and-set on the states it is possible in; false when somebody was faster. */
export async function decideEvent(
  trx: Query,
  id: number,
  from: readonly EventState[],
  change: { state: EventState; replay?: boolean },
  now: number,
): Promise<boolean> {
  const moved = await trx('wa_events')
    .where({ id })
    .whereIn('state', [...from])
    .update({
      ...decided(trx, change.state, now),
      ...(change.replay ? { replays: trx.raw('replays + 1'), planned: 0 } : {}),
    })
  return moved > 0
}

/** Heard again after later words of the same customer: it has stepped aside, and holds none of them up. For what nobody heard, listeners are looked for anew. */
const decided = (trx: Query, state: EventState, now: number) =>
  state === 'waiting'
    ? {
        // First, because MySQL computes from left to right.
        planned: trx.raw("case when state = 'unhandled' then 0 else planned end"),
        ...{ state, next_at: now, attempts: 0, crashes: 0, error: null, finished_at: null, late: 1 },
      }
    : { state, finished_at: now, next_at: null }

/** The same on the first `limit` of many behind `after`, oldest first, each from the state in which it is found. Answers the ids that moved. */
export async function decideManyEvents(
  trx: Query,
  db: Db,
  which: UpTo & { states: readonly EventState[]; after: number },
  to: EventState,
  now: number,
  limit: number,
): Promise<number[]> {
  const rows = eventsIn(trx, which.states, which).where('id', '>', which.after).orderBy('id').limit(limit).select('id')
  const found = (await (db.dialect === 'sqlite' ? rows : rows.forUpdate())) as { id: number | string }[]
  const ids = found.map((row) => Number(row.id))
  if (ids.length > 0)
    await trx('wa_events')
      .whereIn('id', ids)
      .update(decided(trx, to, now))
  return ids
}

/**
 * The provider's id of a message has become known: statuses that spoke of it before go back to the inbox. Within the transaction that writes the id.
 * One that is being looked at in this moment is told too, and goes back when its attempt ends (`finishEvent`, parked). Answers how many.
 */
export async function releaseParked(trx: Query, messageId: number, key: string, now: number): Promise<number> {
  return trx('wa_events')
    .where({ provider_key: key, type: 'status' })
    .whereNull('message_id')
    .update({
      message_id: messageId,
      planned: 0,
      next_at: trx.raw(`case when state in ('needs_attention', 'discarded', 'unrecognised') then null else ${Math.trunc(now)} end`),
      state: trx.raw("case when state in ('done', 'unhandled') then 'waiting' else state end"),
    })
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
