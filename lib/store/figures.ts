import type { StatusError } from '../model/event'
import { NOT_SENT } from '../model/message'
import type { Query } from './database'
import { inTime } from './deadline'
import { fromJson } from './rows'

/** Milliseconds since epoch, `to` not included; only these business numbers when they are given. */
export interface Span {
  from: number
  to: number
  numbers?: readonly string[] | undefined
}

/** Ids grow with time, but instances' clocks differ a little: look this much further on both sides. */
const SLACK_MS = 300_000

/** A span of time and the ids between which its messages lie: so no index on time is needed. */
export interface Slice {
  from: number
  to: number
  first: number
  /** Null: up to the newest. */
  before: number | null
}

/** The slices between these times, oldest first. */
export async function slicesOf(query: Query, spans: readonly { from: number; to: number }[]): Promise<Slice[]> {
  const [newest] = (await query('wa_messages').orderBy('id', 'desc').limit(1).select('id', 'created_at')) as {
    id: number | string
    created_at: number | string
  }[]
  const last = { id: Number(newest?.id ?? 0), at: Number(newest?.created_at ?? 0) }
  const firsts = await firstsSince(query, [...spans.map(({ from }) => from - SLACK_MS), ...spans.map(({ to }) => to + SLACK_MS)], last.id)
  return spans.map(({ from, to }, at) => ({ from, to, first: firsts[at] ?? 1, before: last.at > to + SLACK_MS ? (firsts[spans.length + at] ?? null) : null }))
}

/** Rows that are looked at between two ids in one turn: five turns find one among a million. */
const PROBES = 15
/** sqlite joins at most 500 questions into one. */
const AT_ONCE = 30

/** Ids of the first messages stored at these times or later, one behind the last where there is none: all are looked for together, turn by turn. */
async function firstsSince(query: Query, times: readonly number[], last: number): Promise<number[]> {
  if (times.length > AT_ONCE) return [...(await firstsSince(query, times.slice(0, AT_ONCE), last)), ...(await firstsSince(query, times.slice(AT_ONCE), last))]
  const searched = times.map((at) => ({ at, low: 1, high: last + 1 }))
  for (;;) {
    const open = searched.filter(({ low, high }) => low < high)
    if (open.length === 0) return searched.map(({ low }) => low)
    const probes = [...new Set(open.flatMap(({ low, high }) => Array.from({ length: PROBES }, (_, nth) => low + Math.floor(((high - low) * nth) / PROBES))))]
    // Each in a question of its own: sqlite knows no order and limit within a union.
    const asked = probes.map((id, nth) =>
      query.from(
        query('wa_messages')
          .where('id', '>=', id)
          .orderBy('id')
          .limit(1)
          .select(query.raw('? as probe', [id]), 'id', 'created_at')
          .as(`p${nth}`),
      ),
    )
    const rows = (await query.unionAll(asked)) as { probe: number | string; id: number | string; created_at: number | string }[]
    const found = new Map(rows.map((row) => [Number(row.probe), { id: Number(row.id), at: Number(row.created_at) }]))
    for (const one of open) {
      for (const probe of probes) {
        if (probe < one.low || probe >= one.high) continue
        const message = found.get(probe)
        if (!message || message.at >= one.at) one.high = probe
        else one.low = message.id + 1
      }
    }
  }
}

function messagesIn(query: Query, { from, to, first, before }: Slice, numbers: readonly string[] | undefined) {
  const rows = query('wa_messages').where('id', '>=', first).where('created_at', '>=', from).where('created_at', '<', to)
  if (before !== null) rows.where('id', '<', before)
  if (numbers !== undefined) rows.whereIn('number', [...numbers])
  return rows
}

export interface Traffic {
  in: number
  /** Decided to be sent, whatever became of it. */
  out: number
}
/** What came and went in each of these slices, asked for in one go. */
export async function trafficIn(query: Query, slices: readonly Slice[], numbers: readonly string[] | undefined): Promise<Traffic[]> {
  if (slices.length === 0) return []
  const parts = slices.map((slice, nth) =>
    messagesIn(query, slice, numbers)
      .groupBy('direction')
      .select(query.raw('? as nth', [nth]), 'direction')
      .count({ n: '*' }),
  )
  const rows = (await inTime(query, query.from(query.unionAll(parts).as('parts')))) as {
    nth: number | string
    direction: 'in' | 'out'
    n: number | string
  }[]
  const count = (nth: number, direction: 'in' | 'out'): number => Number(rows.find((row) => Number(row.nth) === nth && row.direction === direction)?.n ?? 0)
  return slices.map((_, nth) => ({ in: count(nth, 'in'), out: count(nth, 'out') }))
}

/** How many messages of each slice have not left, or failed. Asked anew each time: what failed yesterday may have been sent again today. They have an index of their own. */
export async function unsentIn(query: Query, slices: readonly Slice[], numbers: readonly string[] | undefined): Promise<number[]> {
  const whole = { from: slices[0]?.from ?? 0, to: slices.at(-1)?.to ?? 0, first: slices[0]?.first ?? 1, before: slices.at(-1)?.before ?? null }
  const rows = inTime(query, messagesIn(query, whole, numbers)).whereIn('status', [...NOT_SENT])
  const counts = slices.map(({ from, to }, at) => query.raw('count(case when created_at >= ? and created_at < ? then 1 end) as ??', [from, to, `n${at}`]))
  const [row] = (await rows.select(counts)) as Record<string, number | string>[]
  return slices.map((_, at) => Number(row?.[`n${at}`] ?? 0))
}

export interface Taps {
  id: string
  /** Menu that offered it, null when the provider named no message. */
  menu: string | null
  count: number
  /** Newest message that carries it: its title is read from there. */
  newest: number
}
/** Which options were tapped how often. Taps alone have a reply id, and where there are partial indexes one that holds all that is asked here. */
export async function tapsWithin(query: Query, { from, to, numbers }: Span): Promise<Taps[]> {
  const taps = inTime(query, query('wa_messages')).whereNotNull('reply_id').where('created_at', '>=', from).where('created_at', '<', to)
  if (numbers !== undefined) taps.whereIn('number', [...numbers])
  const rows = (await taps.groupBy('reply_id', 'menu_key').select('reply_id', 'menu_key').count({ n: '*' }).max({ newest: 'id' })) as {
    reply_id: string
    menu_key: string | null
    n: number | string
    newest: number | string
  }[]
  return rows.map((row) => ({ id: row.reply_id, menu: row.menu_key, count: Number(row.n), newest: Number(row.newest) }))
}

export interface Failures {
  error: StatusError | null
  count: number
}
/** Why messages of a span failed, most frequent first. Failures are few, and have an index of their own. */
export async function failuresWithin(query: Query, span: Span): Promise<Failures[]> {
  const rows = query('wa_messages').whereIn('status', ['failed']).where('created_at', '>=', span.from).where('created_at', '<', span.to)
  if (span.numbers !== undefined) rows.whereIn('number', [...span.numbers])
  const found = (await rows.groupBy('error_code').select('error_code').count({ n: '*' }).max({ newest: 'id' })) as {
    error_code: number | null
    n: number | string
    newest: number | string
  }[]
  const named = (await query('wa_messages')
    .whereIn(
      'id',
      found.map((row) => Number(row.newest)),
    )
    .select('id', 'error')) as { id: number | string; error: string | null }[]
  const errors = new Map(named.map((row) => [Number(row.id), fromJson<StatusError>(row.error)]))
  return found.map((row) => ({ error: errors.get(Number(row.newest)) ?? null, count: Number(row.n) })).sort((a, b) => b.count - a.count)
}

/** Milliseconds from each of the latest customers' messages to our next words in that conversation; null while there are none. Newest first. */
export async function answerTimes(query: Query, numbers: readonly string[] | undefined, limit: number): Promise<(number | null)[]> {
  const latest = query('wa_messages').where({ direction: 'in' })
  if (numbers !== undefined) latest.whereIn('number', [...numbers])
  const heard = latest.orderBy('id', 'desc').limit(limit).select('id', 'conversation_id', 'created_at').as('heard')
  const next = query('wa_messages as said')
    .whereRaw('said.conversation_id = heard.conversation_id and said.id > heard.id')
    .where('said.direction', 'out')
    .whereNotIn('said.status', [...NOT_SENT])
    .orderBy('said.id')
    .limit(1)
    .select('said.created_at')
    .as('answered_at')
  const rows = (await inTime(query, query.from(heard).orderBy('heard.id', 'desc').select('heard.created_at', next))) as {
    created_at: number | string
    answered_at: number | string | null
  }[]
  return rows.map((row) => (row.answered_at === null ? null : Math.max(0, Number(row.answered_at) - Number(row.created_at))))
}

export interface Waits {
  /** Empty for `ask` outside a flow. */
  flow: string
  name: string
  count: number
}
/** Where customers were asked something before `before` and have not answered: the steps at which talks end. Looks at the latest `limit` that are asked something. */
export async function waitsSince(query: Query, numbers: readonly string[] | undefined, before: number, limit: number): Promise<Waits[]> {
  const rows = query('wa_conversations').whereNotNull('step')
  if (numbers !== undefined) rows.whereIn('number', [...numbers])
  const found = (await rows.orderBy('changed_at', 'desc').limit(limit).select('step')) as { step: string }[]
  const waits = new Map<string, Waits>()
  for (const { step } of found) {
    const { flow, name, since } = fromJson<{ flow: string; name: string; since: number }>(step) ?? { flow: '', name: '', since: before }
    if (since >= before) continue
    const known = waits.get(`${flow}\n${name}`) ?? { flow, name, count: 0 }
    waits.set(`${flow}\n${name}`, { ...known, count: known.count + 1 })
  }
  return [...waits.values()].sort((a, b) => b.count - a.count)
}
