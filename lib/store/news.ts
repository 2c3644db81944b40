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
}

/** One statement: every page that stays live asks this before it asks for what it shows. */
export async function newsOf(query: Query): Promise<News> {
  const troubled = query('wa_events').whereIn('state', ['needs_attention', 'retrying']).select('id').limit(1000).as('t')
  const [row] = (await query.select({
    change: query('wa_conversations').max('changed_at'),
    event: query('wa_events').max('id'),
    message: query('wa_messages').max('id'),
    troubled: query.count('*').from(troubled),
  })) as Record<keyof News, number | string | null>[]
  return { change: Number(row?.change ?? 0), event: Number(row?.event ?? 0), message: Number(row?.message ?? 0), troubled: Number(row?.troubled ?? 0) }
}
