import type { Db, Query } from './database'
import type { Attempted } from './events'
import { fromJson, numeric, storable, toJson } from './rows'

/** One listener's work on one event: each is retried on its own. */
export interface RunRow {
  id: number
  event_id: number
  /** Name of the listener: `reply:track_order`, `on:text`, `answer:order_number`, `flow:booking:day`. */
  listener: string
  position: number
  state: 'waiting' | 'done' | 'failed' | 'skipped'
  attempts: number
  /** Where the customer stood when the event was planned (a Step), for answers and flow steps. */
  snapshot: unknown
  error: string | null
  finished_at: number | null
}
type Raw = Omit<RunRow, 'snapshot'> & { snapshot: string | null }

export async function insertRuns(trx: Query, eventId: number, plan: readonly { listener: string; snapshot: unknown }[]): Promise<void> {
  await trx('wa_runs').where({ event_id: eventId }).delete()
  for (const [position, run] of plan.entries()) {
    await trx('wa_runs').insert({ event_id: eventId, listener: run.listener, position, state: 'waiting', snapshot: toJson(run.snapshot) })
  }
}

export async function runsOf(query: Query, eventId: number): Promise<RunRow[]> {
  const rows = (await query('wa_runs').where({ event_id: eventId }).orderBy('position')) as Raw[]
  return rows.map((row) => ({ ...numeric(row, ['id', 'event_id', 'finished_at']), snapshot: fromJson(row.snapshot) }))
}

export async function runsOfEvents(query: Query, eventIds: readonly number[]): Promise<Map<number, RunRow[]>> {
  const rows = (await query('wa_runs')
    .whereIn('event_id', [...eventIds])
    .orderBy('id')) as Raw[]
  const byEvent = new Map<number, RunRow[]>()
  for (const row of rows) {
    const run = { ...numeric(row, ['id', 'event_id', 'finished_at']), snapshot: fromJson(row.snapshot) }
    byEvent.set(run.event_id, [...(byEvent.get(run.event_id) ?? []), run])
  }
  return byEvent
}

/**
 * How a listener's attempt ended. Fenced by the lease of its event: an attempt that lost it records nothing. Answers whether it was recorded;
 * done twice it is the same.
 */
export async function recordRun(
  db: Db,
  event: Attempted,
  run: RunRow,
  end: { state: RunRow['state']; attempts: number; error: string | null },
  now: number,
): Promise<boolean> {
  const isOver = end.state === 'done' || end.state === 'skipped'
  const recorded = await db
    .write('wa_runs')
    .where({ id: run.id })
    .whereExists(
      db
        .write('wa_events')
        .select(db.write.raw('1'))
        .whereRaw('wa_events.id = wa_runs.event_id')
        .where({ 'wa_events.state': 'running', 'wa_events.lease_token': event.lease_token }),
    )
    .update({
      state: end.state,
      attempts: end.attempts,
      error: end.error === null ? null : storable(end.error).slice(0, 4000),
      finished_at: isOver ? now : null,
    })
  return recorded > 0
}

/** A person asked for another round: what failed is tried again, what succeeded is left alone. */
export async function reviveRuns(trx: Query, eventIds: readonly number[]): Promise<void> {
  await trx('wa_runs')
    .whereIn('event_id', [...eventIds])
    .whereIn('state', ['failed', 'waiting'])
    .update({ state: 'waiting', attempts: 0, error: null })
}
