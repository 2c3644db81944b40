import type { Db, Query } from './database'

/** Days after which stored data is deleted; null keeps it for ever. */
export interface Retention {
  /** Messages in both directions with what belongs to them, and the words of events. */
  messagesDays: number | null
  /** The bodies as the provider sent them. */
  rawDays: number | null
  /** Who did what in the dashboard. */
  auditDays: number | null
}

const DAY_MS = 86_400_000
/** Rows in one transaction: a webhook never waits longer than for these. */
const BATCH = 500
/** Ids that are looked through at once, so that no question takes long however many old rows are empty already. */
const STRIDE = 5000
/** The hash of a received event outlives its words by this long at least: Meta repeats a delivery for up to seven days, a person a replay for longer. */
export const TOMBSTONE_DAYS = 30
/** What is open, or waits for a person, is kept however old it is. */
const ENDED = ['done', 'unhandled', 'discarded', 'unrecognised']
const OPEN = ['waiting', 'running', 'retrying', 'needs_attention']

/** Deletes what is older than it may be, in small batches, until nothing is or `signal` aborts. Answers how many rows went or were emptied. */
export async function prune(db: Db, retention: Retention, now: number, signal: AbortSignal): Promise<number> {
  let rows = 0
  for (const chore of choresOf(retention, now)) {
    const { first, last } = await idsOf(db, chore.table)
    for (let from = first; from <= last && !signal.aborted; from += STRIDE) {
      const old = chore
        .find(db.read)
        .where('t.id', '>=', from)
        .where('t.id', '<', from + STRIDE)
      const ids = ((await old.select('t.id')) as { id: number | string }[]).map((row) => Number(row.id))
      for (let done = 0; done < ids.length && !signal.aborted; done += BATCH) {
        const batch = ids.slice(done, done + BATCH)
        await db.tx((trx) => chore.clear(trx, batch))
        rows += batch.length
      }
    }
  }
  return rows
}

async function idsOf(db: Db, table: string): Promise<{ first: number; last: number }> {
  // One at a time: sqlite looks up either end in the index, but reads all of it for both.
  type Row = { id: number | string | null } | undefined
  const first = (await db.read(table).min({ id: 'id' }).first()) as Row
  const last = (await db.read(table).max({ id: 'id' }).first()) as Row
  return { first: Number(first?.id ?? 1), last: Number(last?.id ?? 0) }
}

interface Chore {
  table: string
  find(query: Query): ReturnType<Query>
  clear(trx: Query, ids: number[]): Promise<unknown>
}

function choresOf({ messagesDays, rawDays, auditDays }: Retention, now: number): Chore[] {
  const before = (days: number): number => now - days * DAY_MS
  const chores: Chore[] = []
  if (rawDays !== null) chores.push(rawOf(before(rawDays)))
  if (messagesDays !== null) {
    const cut = before(messagesDays)
    chores.push(wordsOfEvents(cut), messages(cut), conversations(cut), tombstones(Math.min(cut, before(TOMBSTONE_DAYS))))
  }
  if (auditDays !== null) chores.push(audit(before(auditDays)))
  return chores
}

const rawOf = (cut: number): Chore => ({
  table: 'wa_events',
  find: (query) => query('wa_events as t').whereIn('t.state', ENDED).where('t.created_at', '<', cut).whereNotNull('t.raw'),
  clear: (trx, ids) => trx('wa_events').whereIn('id', ids).update({ raw: null }),
})

const wordsOfEvents = (cut: number): Chore => ({
  table: 'wa_events',
  find: (query) =>
    query('wa_events as t')
      .whereIn('t.state', ENDED)
      .where('t.created_at', '<', cut)
      .where((any) => any.whereNotNull('t.raw').orWhereNotNull('t.payload').orWhereNotNull('t.error')),
  async clear(trx, ids) {
    await trx('wa_runs').whereIn('event_id', ids).delete()
    await trx('wa_events').whereIn('id', ids).update({ raw: null, payload: null, error: null })
  },
})

const messages = (cut: number): Chore => ({
  table: 'wa_messages',
  find: (query) =>
    query('wa_messages as t')
      .where('t.created_at', '<', cut)
      .where((ended) => ended.whereNull('t.status').orWhereNotIn('t.status', ['queued', 'sending']))
      .whereNotIn('t.id', query('wa_events').whereIn('state', OPEN).whereNotNull('message_id').select('message_id')),
  async clear(trx, ids) {
    await trx('wa_message_history').whereIn('message_id', ids).delete()
    await trx('wa_messages').whereIn('id', ids).delete()
  },
})

const conversations = (cut: number): Chore => ({
  table: 'wa_conversations',
  find: (query) =>
    query('wa_conversations as t')
      .where('t.last_at', '<', cut)
      .where((any) => any.whereNotNull('t.last_text').orWhereNotNull('t.step')),
  clear: (trx, ids) => trx('wa_conversations').whereIn('id', ids).update({ last_text: null, last_message_id: null, step: null }),
})

const tombstones = (cut: number): Chore => ({
  table: 'wa_events',
  find: (query) => query('wa_events as t').whereIn('t.state', ENDED).where('t.created_at', '<', cut),
  async clear(trx, ids) {
    await trx('wa_runs').whereIn('event_id', ids).delete()
    await trx('wa_events').whereIn('id', ids).delete()
  },
})

const audit = (cut: number): Chore => ({
  table: 'wa_audit',
  find: (query) => query('wa_audit as t').where('t.at', '<', cut),
  clear: (trx, ids) => trx('wa_audit').whereIn('id', ids).delete(),
})
