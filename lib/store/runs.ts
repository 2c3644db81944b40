import type { Step } from './conversations'
import type { Query } from './database'
import type { Attempted } from './queue'
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

/** Rows in one statement: sqlite takes 500 at most. */
const CHUNK = 400

/** A listener that is to hear an event, as the attempt needs to know it. Its place in the order names it. */
export type Run = Omit<RunRow, 'id' | 'event_id' | 'finished_at'>

/** What is chosen, before anything ran. */
export const runsFrom = (chosen: readonly { listener: string; snapshot: unknown }[]): Run[] =>
  chosen.map(({ listener, snapshot }, position) => ({ listener, snapshot, position, state: 'waiting', attempts: 0, error: null }))

/** The listeners that are to hear these events, of which none was chosen before. */
export async function insertRuns(trx: Query, chosen: readonly { eventId: number; runs: readonly { listener: string; snapshot: unknown }[] }[]): Promise<void> {
  const rows = chosen.flatMap(({ eventId, runs }) =>
    runs.map(({ listener, snapshot }, position) => ({ event_id: eventId, listener, position, state: 'waiting', snapshot: toJson(snapshot) })),
  )
  for (let from = 0; from < rows.length; from += CHUNK) await trx('wa_runs').insert(rows.slice(from, from + CHUNK))
}

/** Those chosen before are chosen no longer. */
export const deleteRuns = async (trx: Query, eventId: number): Promise<void> => {
  await trx('wa_runs').where({ event_id: eventId }).delete()
}

const read = (row: Raw): RunRow => ({ ...numeric(row, ['id', 'event_id', 'finished_at']), snapshot: fromJson(row.snapshot) })

export async function runsOf(query: Query, eventId: number): Promise<RunRow[]> {
  return ((await query('wa_runs').where({ event_id: eventId }).orderBy('position')) as Raw[]).map(read)
}

export async function runsOfEvents(query: Query, eventIds: readonly number[]): Promise<Map<number, RunRow[]>> {
  return byEvent((await query('wa_runs').whereIn('event_id', [...eventIds])) as Raw[])
}

function byEvent(rows: readonly Raw[]): Map<number, RunRow[]> {
  const found = new Map<number, RunRow[]>()
  for (const run of rows.map(read).sort((a, b) => a.position - b.position)) found.set(run.event_id, [...(found.get(run.event_id) ?? []), run])
  return found
}

/** A customer's message that was taken as the answer to what they had been asked. */
export interface Answer {
  messageId: number
  /** Who heard it: `answer:order_number`, `flow:booking:day`, or `ask-again` when it did not fit. */
  listener: string
  /** Where the customer stood. */
  step: Step
  /** When it was dealt with; null while it is not. */
  endedAt: number | null
}
/** Which of these messages of a customer answered something. */
export async function answersAmong(query: Query, messageIds: readonly number[]): Promise<Answer[]> {
  if (messageIds.length === 0) return []
  const rows = (await query('wa_events as e')
    .join('wa_runs as r', 'r.event_id', 'e.id')
    .whereIn('e.message_id', [...messageIds])
    .whereNotNull('r.snapshot')
    .select('e.message_id', 'r.listener', 'r.snapshot', 'r.finished_at')) as {
    message_id: number | string
    listener: string
    snapshot: string
    finished_at: number | string | null
  }[]
  return rows.map((row) => ({
    messageId: Number(row.message_id),
    listener: row.listener,
    step: fromJson<Step>(row.snapshot) as Step,
    endedAt: row.finished_at === null ? null : Number(row.finished_at),
  }))
}

/**
 * How a listener's attempt ended. Fenced by the lease of its event: an attempt that lost it records nothing. Answers whether it was recorded;
 * done twice it is the same.
 */
export async function recordRun(
  query: Query,
  event: Attempted,
  { position, state, attempts, error }: Pick<RunRow, 'position' | 'state' | 'attempts' | 'error'>,
  now: number,
): Promise<boolean> {
  const isOver = state === 'done' || state === 'skipped'
  const recorded = await query('wa_runs')
    .where({ event_id: event.id, position })
    .whereExists(
      query('wa_events')
        .select(query.raw('1'))
        .whereRaw('wa_events.id = wa_runs.event_id')
        .where({ 'wa_events.state': 'running', 'wa_events.lease_token': event.lease_token }),
    )
    .update({
      state,
      attempts,
      error: error === null ? null : storable(error).slice(0, 4000),
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
