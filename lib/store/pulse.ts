import type { Db, Query } from './database'

/** How often an instance says that it is alive. */
export const PULSE_MS = 60_000

/** What was found waiting after a silence, and is held for a person. */
export interface Held {
  /** When an instance was last alive on this database; ms since epoch. */
  since: number
  messages: number
  events: number
}

/** Its `due_at` is the moment at which an instance was last alive. */
const PULSE = 'pulse'

/**
 * This instance is alive. On sqlite what stands in the write-ahead log alone is copied into the file too, without making anybody wait: a log that
 * the disk damages takes its tail with it, and nothing can tell.
 */
export async function beat(db: Db, now: number): Promise<void> {
  if (db.dialect === 'sqlite') await db.write.raw('PRAGMA wal_checkpoint(PASSIVE)')
  if ((await db.write('wa_chores').where({ name: PULSE }).update({ due_at: now })) > 0) return
  // The first beat of this database: of several instances one writes it, and it does not matter which.
  await db
    .write('wa_chores')
    .insert({ name: PULSE, due_at: now })
    .catch(() => {})
}

/**
 * The first beat of an instance, before it works. When nobody was alive for longer than `silentMs`, this may be a backup: what waits in it may have been
 * sent and handled long ago by the database that it was copied from. So messages that wait become `uncertain` and open events need attention, and
 * nothing of it happens without a person. Of several instances that start together one finds the silence. Answers null when there was none.
 */
export async function beatAfterSilence(db: Db, silentMs: number, now: number): Promise<Held | null> {
  if ((await db.write('wa_chores').where({ name: PULSE }).select('name')).length === 0) {
    await beat(db, now)
    return null
  }
  return db.tx(async (trx) => {
    const row = trx('wa_chores').where({ name: PULSE })
    const found = await (db.dialect === 'sqlite' ? row : row.forUpdate()).select('due_at').first()
    const since = Number((found as { due_at: number | string }).due_at)
    await trx('wa_chores').where({ name: PULSE }).update({ due_at: now })
    if (now - since <= silentMs) return null
    const why = `Nothing ran on this database from ${new Date(since).toISOString()} to ${new Date(now).toISOString()}`
    const held = { since, messages: await holdMessages(trx, why, now), events: await holdEvents(trx, why, now) }
    return held.messages + held.events > 0 ? held : null
  })
}

async function holdMessages(trx: Query, why: string, now: number): Promise<number> {
  // Those that were leaving become uncertain as after any crash, when their leases run out.
  const waiting = () => trx('wa_messages').where({ status: 'queued' }).whereNotNull('next_at')
  const step = { status: 'uncertain', at: now, detail: `Held: ${why}.` }
  await trx(trx.raw('wa_message_history (message_id, status, at, detail)')).insert(
    waiting().select('id', trx.raw('?, ?, ?', [step.status, step.at, step.detail])),
  )
  const error = {
    code: 0,
    title: 'Held: nothing ran on this database for a while',
    advice: 'If a backup was restored, it may have been sent already. Retry it if it was not and still makes sense.',
  }
  return waiting().update({ status: 'uncertain', next_at: null, error: JSON.stringify(error), error_code: 0 })
}

const holdEvents = (trx: Query, why: string, now: number): Promise<number> =>
  trx('wa_events')
    .whereIn('state', ['waiting', 'running', 'retrying'])
    .whereNotNull('next_at')
    .update({
      state: 'needs_attention',
      next_at: null,
      lease_until: null,
      lease_token: null,
      finished_at: now,
      late: 1,
      error: `${why}. If a backup was restored, it may have been handled already; otherwise retry it.`,
    })
