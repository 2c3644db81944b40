import type { Query } from './database'
import { ask, type Question } from './question'

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

const counted = (states: string, most: number): string => `(select count(*) from (select id from wa_events where state in (${states}) limit ${most}) t)`

/** Every page that stays live asks this before, or together with, what it shows. */
export const NEWS: Question<News> = {
  columns: ['change_at', 'event_id', 'message_id', 'troubled', 'attention'],
  sql: `select (select max(changed_at) from wa_conversations) as change_at, (select max(id) from wa_events) as event_id,
    (select max(id) from wa_messages) as message_id, ${counted("'needs_attention', 'retrying'", 1000)} as troubled,
    ${counted("'needs_attention'", ATTENTION)} as attention`,
  values: [],
  read([row]) {
    const [change, event, message, troubled, attention] = (row ?? []).map(Number) as [number, number, number, number, number]
    return { change, event, message, troubled, attention }
  },
}

export const newsOf = async (query: Query): Promise<News> => (await ask(query, NEWS))[0]
