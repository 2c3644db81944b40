import type { EventState } from '../model/event'
import type { Query } from './database'

/** Grows or changes with everything that a live page shows. */
export interface News {
  /** The newest change over all conversations. */
  change: number
  /** Ids of the newest event and message: they tell of what moved no conversation, and of rows of an instance whose clock is behind. */
  event: number
  message: number
  /** Events that need attention or are tried again, counted up to a thousand. */
  troubled: number
  /** Those that need attention, counted up to `ATTENTION`: every page has them in its frame. */
  attention: number
}
export const ATTENTION = 100

/** One statement: every page that stays live asks this before it asks for what it shows. */
export async function newsOf(query: Query): Promise<News> {
  const counted = (states: readonly EventState[], cap: number) =>
    query.count('*').from(
      query('wa_events')
        .whereIn('state', [...states])
        .select('id')
        .limit(cap)
        .as('t'),
    )
  const [row] = (await query.select({
    change: query('wa_conversations').max('changed_at'),
    event: query('wa_events').max('id'),
    message: query('wa_messages').max('id'),
    troubled: counted(['needs_attention', 'retrying'], 1000),
    attention: counted(['needs_attention'], ATTENTION),
  })) as Record<keyof News, number | string | null>[]
  const of = (name: keyof News): number => Number(row?.[name] ?? 0)
  return { change: of('change'), event: of('event'), message: of('message'), troubled: of('troubled'), attention: of('attention') }
}
