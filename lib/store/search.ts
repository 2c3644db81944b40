import type { Knex } from 'knex'
import { type ConversationFilter, conditionsOf, narrow } from './conversations'
import type { Db, Dialect, Query } from './database'
import { inTime } from './deadline'
import { type MessageRow, type RawMessage, readMessage } from './messages'
import { type Page, type PageRequest, pageById } from './rows'

export interface SearchRequest extends PageRequest {
  /** What somebody typed: words, all of which must be there. Nothing in it is an operator. */
  text: string
  /** Business numbers to look in; all when absent. */
  numbers?: readonly string[] | undefined
  /** Only in conversations like these. */
  conversations?: ConversationFilter | undefined
}

/** Nobody types more; a pasted page must not become a query of a thousand words. */
const MOST_WORDS = 10
/** MariaDB's index holds no shorter words (innodb_ft_min_token_size): there they are not looked for. */
const SHORTEST_ON_MYSQL = 3

/** A shorter beginning of a word is the beginning of too many. */
const SHORTEST_BEGINNING = 3

/**
 * Messages in either direction that hold all of these words, newest first, without regard to case. When whole words do not fill the page the last one
 * may be the beginning of a word: `ORD-123` finds `ORD-12345`. Nothing is found for a text without words. Never ordered by rank: over millions of
 * messages that reads them all.
 */
export async function searchMessages(query: Query, db: Db, { text, numbers, conversations, ...request }: SearchRequest): Promise<Page<MessageRow>> {
  const words = wordsIn(text, db.dialect)
  if (words.length === 0 || numbers?.length === 0) return { items: [], next: null }
  const pageOf = (beginning: boolean): Promise<Page<MessageRow>> => {
    const rows = matching(query, db.dialect, words, beginning)
    if (numbers !== undefined) rows.whereIn('m.number', [...numbers])
    // Asked of each message that was found: a list of all such conversations could be long.
    if (conversations)
      rows.whereExists((like) => {
        like.from('wa_conversations').select(query.raw('1')).whereRaw('wa_conversations.id = m.conversation_id')
        narrow(like, conditionsOf(conversations))
      })
    return pageById<RawMessage, MessageRow>(inTime(query, rows.select('m.*')), request, readMessage, db.dialect === 'sqlite' ? 'w.rowid' : 'm.id')
  }
  const page = await pageOf(false)
  // Whole words first: the index has them in order, while all that begins alike must be collected before the newest is known.
  const mayGoOn = page.next === null && page.items.length < request.limit && [...(words.at(-1) ?? '')].length >= SHORTEST_BEGINNING
  return mayGoOn ? pageOf(true) : page
}

/** Nothing in a word needs quoting (`wordsIn`); with `beginning` the last one goes on. */
function matching(query: Query, dialect: Dialect, words: readonly string[], beginning: boolean): Knex.QueryBuilder {
  const end = (sign: string): string => (beginning ? sign : '')
  if (dialect === 'postgres')
    return query('wa_messages as m').whereRaw(`m.words @@ to_tsquery('simple', ?)`, [words.map((word) => `'${word}'`).join(' & ') + end(':*')])
  if (dialect === 'mysql')
    return query('wa_messages as m').whereRaw('match (m.text) against (? in boolean mode)', [words.map((word) => `+${word}`).join(' ') + end('*')])
  // A cross join is read from left to right: the index first, from its newest end.
  return query
    .from(query.raw('wa_words as w cross join wa_messages as m'))
    .whereRaw('m.id = w.rowid and wa_words match ?', [words.map((word) => `"${word}"`).join(' ') + end(' *')])
}

/** The words as the engine's index has them: letters, digits and their marks. No sign that means anything to an engine is left. */
export function wordsIn(text: string, dialect: Dialect): string[] {
  const found = text
    .toWellFormed()
    .slice(0, 1000)
    .match(dialect === 'mysql' ? /[\p{L}\p{N}\p{M}_]+/gu : /[\p{L}\p{N}\p{Co}\p{Mn}\p{Mc}]+/gu)
  const words = [...new Set(found)].slice(0, MOST_WORDS)
  return dialect === 'mysql' ? words.filter((word) => [...word].length >= SHORTEST_ON_MYSQL) : words
}
