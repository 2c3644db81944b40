import { WaError } from '../errors'
import type { EventState } from '../model/event'
import type { Db, Query } from './database'
import { type EventRow, eventsIn } from './events'
import { CLOCK } from './lease'
import { storable, type UpTo } from './rows'

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
