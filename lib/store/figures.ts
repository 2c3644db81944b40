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

/** Ids between which the messages of a span lie. A day is found by halving over ids, so that no index on time is needed. */
async function idsOf(query: Query, { from, to }: Span): Promise<{ first: number; before: number | null }> {
  const first = await firstMessageSince(query, from - SLACK_MS)
  return { first, before: (await newestTime(query)) > to + SLACK_MS ? await firstMessageSince(query, to + SLACK_MS) : null }
}

function messagesWithin(query: Query, span: Span, ids: { first: number; before: number | null }) {
  const rows = inTime(query, query('wa_messages')).where('id', '>=', ids.first).where('created_at', '>=', span.from).where('created_at', '<', span.to)
  if (ids.before !== null) rows.where('id', '<', ids.before)
  if (span.numbers !== undefined) rows.whereIn('number', [...span.numbers])
  return rows
}

async function newestTime(query: Query): Promise<number> {
  const [row] = (await query('wa_messages').orderBy('id', 'desc').limit(1).select('created_at')) as { created_at: number | string }[]
  return Number(row?.created_at ?? 0)
}

/** Id of the first message stored at that time or later; one behind the last when there is none. */
export async function firstMessageSince(query: Query, at: number): Promise<number> {
  const row = (await query('wa_messages').max({ id: 'id' }).first()) as { id: number | string | null } | undefined
  let low = 1
  let high = Number(row?.id ?? 0) + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [found] = (await query('wa_messages').where('id', '>=', middle).orderBy('id').limit(1).select('id', 'created_at')) as {
      id: number | string
      created_at: number | string
    }[]
    if (!found || Number(found.created_at) >= at) high = middle
    else low = Number(found.id) + 1
  }
  return low
}

export interface Traffic {
  in: number
  /** Decided to be sent, whatever became of it. */
  out: number
}
export async function trafficWithin(query: Query, span: Span): Promise<Traffic> {
  const rows = (await messagesWithin(query, span, await idsOf(query, span))
    .groupBy('direction')
    .select('direction')
    .count({ n: '*' })) as { direction: 'in' | 'out'; n: number | string }[]
  const count = (direction: 'in' | 'out'): number => Number(rows.find((row) => row.direction === direction)?.n ?? 0)
  return { in: count('in'), out: count('out') }
}

/** How many messages of each span have not left, or failed. Asked anew each time: what failed yesterday may have been sent again today. They have an index of their own. */
export async function unsentWithin(query: Query, spans: readonly { from: number; to: number }[], numbers: readonly string[] | undefined): Promise<number[]> {
  const whole = { from: spans[0]?.from ?? 0, to: spans.at(-1)?.to ?? 0, numbers }
  const rows = messagesWithin(query, whole, await idsOf(query, whole)).whereIn('status', [...NOT_SENT])
  const counts = spans.map(({ from, to }, at) => query.raw('count(case when created_at >= ? and created_at < ? then 1 end) as ??', [from, to, `n${at}`]))
  const [row] = (await rows.select(counts)) as Record<string, number | string>[]
  return spans.map((_, at) => Number(row?.[`n${at}`] ?? 0))
}

export interface Taps {
  id: string
  /** Menu that offered it, null when the provider named no message. */
  menu: string | null
  count: number
  /** Newest message that carries it: its title is read from there. */
  newest: number
}
/** Which options were tapped how often. */
export async function tapsWithin(query: Query, span: Span): Promise<Taps[]> {
  const rows = (await messagesWithin(query, span, await idsOf(query, span))
    .where({ direction: 'in' })
    .whereNotNull('reply_id')
    .groupBy('reply_id', 'menu_key')
    .select('reply_id', 'menu_key')
    .count({ n: '*' })
    .max({ newest: 'id' })) as { reply_id: string; menu_key: string | null; n: number | string; newest: number | string }[]
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
  const heard = (await latest.orderBy('id', 'desc').limit(limit).select('id', 'conversation_id', 'created_at')) as {
    id: number | string
    conversation_id: number | string
    created_at: number | string
  }[]
  return Promise.all(
    heard.map(async (message) => {
      const [next] = (await query('wa_messages')
        .where({ conversation_id: message.conversation_id, direction: 'out' })
        .where('id', '>', message.id)
        .whereNotIn('status', [...NOT_SENT])
        .orderBy('id')
        .limit(1)
        .select('created_at')) as { created_at: number | string }[]
      return next ? Math.max(0, Number(next.created_at) - Number(message.created_at)) : null
    }),
  )
}

export interface Waits {
  /** Empty for `ask` outside a flow. */
  flow: string
  name: string
  count: number
}
/** Where customers were asked something and have not answered since before `before`: the steps at which talks end. Looks at the latest `limit`. */
export async function waitsSince(query: Query, numbers: readonly string[] | undefined, before: number, limit: number): Promise<Waits[]> {
  const rows = query('wa_conversations').whereNotNull('step').where('changed_at', '<', before)
  if (numbers !== undefined) rows.whereIn('number', [...numbers])
  const found = (await rows.orderBy('changed_at', 'desc').limit(limit).select('step')) as { step: string }[]
  const waits = new Map<string, Waits>()
  for (const { step } of found) {
    const { flow, name } = fromJson<{ flow: string; name: string }>(step) ?? { flow: '', name: '' }
    const known = waits.get(`${flow}\n${name}`) ?? { flow, name, count: 0 }
    waits.set(`${flow}\n${name}`, { ...known, count: known.count + 1 })
  }
  return [...waits.values()].sort((a, b) => b.count - a.count)
}
