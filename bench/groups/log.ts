import type { Db } from '../../lib/store/database'
import { median, quantile } from '../kit/stats'
import { table } from '../kit/table'
import { migrate, openDatabase, part } from '../package'
import type { Bench } from '../run'
import { CONVERSATIONS, seed } from '../seed'

const { ask } = part<typeof import('../../lib/store/question')>('store/question.js')
const { talksOf } = part<typeof import('../../lib/store/talks')>('store/talks.js')
const { listMessages, listOutbound, messageByProviderId } = part<typeof import('../../lib/store/messages')>('store/messages.js')
const { searchMessages } = part<typeof import('../../lib/store/search')>('store/search.js')

const any = (most: number): number => 1 + Math.floor(Math.random() * most)
const FIFTY = { limit: 50 }
const inbox = async (db: Db, request: Parameters<typeof talksOf>[0] = FIFTY) => (await ask(db.read, talksOf(request)))[0]

/** What the dashboard and the API ask of the log. Each is asked with other values every time. */
const questions = (messages: number): Record<string, (db: Db) => Promise<unknown>> => ({
  'thread, latest 50': (db) => listMessages(db.read, any(CONVERSATIONS), FIFTY),
  'thread, an older page of the largest': (db) => listMessages(db.read, 1, { ...FIFTY, after: String(any(messages)) }),
  'inbox, latest 50': (db) => inbox(db),
  'inbox, a deep page': (db) => inbox(db, { ...FIFTY, after: `${1_795_000_000_000 + any(messages) * 1000}.${any(CONVERSATIONS)}` }),
  'inbox, of one number': (db) => inbox(db, { ...FIFTY, number: 'support' }),
  'inbox, a person in charge': (db) => inbox(db, { ...FIFTY, mode: 'person' }),
  'outbox, what failed': (db) => listOutbound(db.read, ['failed', 'uncertain', 'expired'], FIFTY),
  'message by provider id': (db) => messageByProviderId(db.read, 'default', `wamid.${any(messages)}`),
  'search, a rare word': (db) => searchMessages(db.read, db, { ...FIFTY, text: `ORD${any(messages)}` }),
  'search, a common word': (db) => searchMessages(db.read, db, { ...FIFTY, text: 'order' }),
  'search, two common words': (db) => searchMessages(db.read, db, { ...FIFTY, text: 'where order' }),
})

/** Queries of the log at ten thousand and at five million messages, measured in sqlite itself: what knex and the event loop add is the same for both. */
export async function log({ databases, full, say }: Bench): Promise<object> {
  const small = await measure(databases.sqlite(), 10_000)
  const large = await measure(databases.sqlite(), full ? 5_000_000 : 500_000)
  const rows = Object.keys(small.times).map((name) => {
    const [few, many] = [small.times[name] as number[], large.times[name] as number[]]
    return {
      query: name,
      'p50 ms, 10k': median(few).toFixed(2),
      'p99 ms, 10k': quantile(few, 0.99).toFixed(2),
      [`p50 ms, ${large.messages / 1e6}M`]: median(many).toFixed(2),
      [`p99 ms, ${large.messages / 1e6}M`]: quantile(many, 0.99).toFixed(2),
      'p99 to p99': (quantile(many, 0.99) / quantile(few, 0.99)).toFixed(1),
      'rows found': large.found[name] ?? 0,
    }
  })
  say('log', table(rows))
  say('log, bytes for a stored message', table(large.bytes.map(({ name, bytes }) => ({ what: name, bytes: bytes.toFixed(1) }))))
  return { small, large }
}

async function measure(url: string, messages: number) {
  const db = await openDatabase(url)
  try {
    await migrate(db)
    await seed(db.write, messages)
    const times: Record<string, number[]> = {}
    const found: Record<string, number> = {}
    for (const [name, question] of Object.entries(questions(messages))) {
      const taken: number[] = []
      for (let nth = 0; nth < 220; nth++) {
        const { ms, rows } = await inSqlite(db, () => question(db))
        if (nth >= 20) taken.push(ms)
        found[name] = rows
      }
      times[name] = taken
    }
    return { messages, times, found, bytes: await bytesOf(db, messages) }
  } finally {
    await db.close()
  }
}

/** The statement that a question becomes, run by the driver itself. */
async function inSqlite(db: Db, ask: () => Promise<unknown>): Promise<{ ms: number; rows: number }> {
  let statement: { sql: string; bindings: unknown[] } | undefined
  const listen = (query: { sql: string; bindings: unknown[] }): void => {
    statement ??= query
  }
  db.read.on('query', listen)
  const answer = await ask()
  db.read.off('query', listen)
  if (!statement) throw new Error('nothing was asked')
  const { sql, bindings } = statement
  const rows = isPage(answer) ? answer.items.length : answer === null ? 0 : 1
  const connection = await db.read.client.acquireConnection()
  try {
    const from = performance.now()
    await new Promise<void>((resolve, reject) => connection.all(sql, bindings, (error: Error | null) => (error ? reject(error) : resolve())))
    return { ms: performance.now() - from, rows }
  } finally {
    await db.read.client.releaseConnection(connection)
  }
}

const isPage = (answer: unknown): answer is { items: unknown[] } => typeof answer === 'object' && answer !== null && 'items' in answer

async function bytesOf(db: Db, messages: number): Promise<{ name: string; bytes: number }[]> {
  const rows = (await db.write.raw(
    `select name, sum(pgsize) as bytes from dbstat where name like 'wa_messages%' or name like 'sqlite_autoindex_wa_messages%' or name like 'wa_words%' group by name`,
  )) as { name: string; bytes: number }[]
  const [{ payload }] = (await db.write.raw('select sum(coalesce(length(payload), 0)) as payload from wa_messages')) as [{ payload: number }]
  const all = rows.reduce((sum, row) => sum + row.bytes, 0)
  return [
    ...rows.map((row) => ({ name: row.name, bytes: row.bytes / messages })),
    { name: 'all of it', bytes: all / messages },
    { name: 'of this the JSON of what was sent or tapped', bytes: payload / messages },
  ]
}
