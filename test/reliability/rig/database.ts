import knex, { type Knex } from 'knex'

/** The rig's own way into a database under test, beside the hosts. */
export function lookInto(url: string): Knex {
  if (!url.startsWith('sqlite:')) return knex({ client: url.startsWith('postgres') ? 'pg' : 'mysql2', connection: url, pool: { min: 0, max: 2 } })
  const afterCreate = (connection: { exec(sql: string, done: (error: Error | null) => void): void }, done: (error: Error | null, made: unknown) => void) =>
    connection.exec('PRAGMA busy_timeout=5000', (error) => done(error, connection))
  return knex({ client: 'sqlite3', connection: { filename: url.slice('sqlite:'.length) }, useNullAsDefault: true, pool: { min: 1, max: 1, afterCreate } })
}

/**
 * A minute goes by for the leases of a process that is dead: nobody else could tell the difference, and nobody has to wait.
 * (That a real lease runs out by itself has a test of its own.)
 */
export async function lapseLeasesOf(db: Knex, pid: number): Promise<void> {
  for (const table of ['wa_events', 'wa_messages']) {
    if (!(await db.schema.hasTable(table))) return
    await patiently(() => db(table).where('lease_token', 'like', `%:${pid}:%`).decrement('lease_until', 61_000))
  }
}

/** The hours go by after which failures are tried again: an event whose process died four times and that then failed waits half an hour. */
export async function hastenRetries(db: Knex): Promise<void> {
  if (await db.schema.hasTable('wa_events')) await patiently(() => db('wa_events').where({ state: 'retrying' }).where('next_at', '>', 0).update({ next_at: 1 }))
}

/** How much is not yet at rest. */
export async function openWork(db: Knex): Promise<number> {
  if (!(await db.schema.hasTable('wa_events'))) return 0
  const [events] = (await db('wa_events').whereIn('state', ['waiting', 'running', 'retrying']).count({ n: '*' })) as { n: number | string }[]
  const [messages] = (await db('wa_messages').whereIn('status', ['queued', 'sending']).count({ n: '*' })) as { n: number | string }[]
  return Number(events?.n ?? 0) + Number(messages?.n ?? 0)
}

/** The rig's own looks lock rows that hosts lock too: of two that wait for each other the database gives one up (MariaDB, 1213). */
async function patiently(work: () => PromiseLike<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work()
      return
    } catch (error) {
      if (tries === 20 || (error as { code?: string }).code !== 'ER_LOCK_DEADLOCK') throw error
    }
  }
}
