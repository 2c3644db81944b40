import type { Engine } from './engine'
import { WaError } from './errors'
import { type Housekeeping, keepHouse } from './housekeeping'
import type { Settled } from './options'
import type { Allowance } from './outbox/allowance'
import { type Db, locationOf, openDatabase } from './store/database'
import { archivedAmong, declareMenu } from './store/menus'
import { migrate, missingMigrations, unknownMigrations } from './store/migrate'
import { beatAfterSilence, type Held } from './store/pulse'
import { mustBeSound } from './store/soundness'
import type { Workers } from './workers'

/** From the start to the end of an engine, and the database that is open between them. */
export interface Lifecycle {
  readonly state: Engine['state']
  /** Why `state` is failed. */
  readonly failure: Error | null
  /** Throws WA_CLOSED or WA_DATABASE while none is open. */
  db(): Db
  start(): Promise<void>
  /** Resolves when the start that is under way has ended, well or not; at once when there is none. */
  begun(): Promise<void>
  close(timeoutMs: number): Promise<void>
  /** Ends as a deploy does, and starts again on the same database. */
  restart(): Promise<void>
}
export interface LifecycleParts {
  settled: Settled
  knock: Engine['knock']
  workers: Workers
  allowance: Allowance
}

/** Nothing runs before `start()`. A start that failed may be tried again; what was closed stays closed. */
export function createLifecycle({ settled, knock, workers, allowance }: LifecycleParts): Lifecycle {
  const { log, now } = settled
  let state: Engine['state'] = 'starting'
  let failure: Error | null = null
  let opened: Db | null = null
  let leave: () => void = () => {}
  let starting: Promise<void> | null = null
  let ending: Promise<void> | null = null
  let leftForGood = false
  let house: Housekeeping | null = null

  const begin = async (): Promise<void> => {
    const database = await openDatabase(settled.database)
    try {
      await prepare(database, settled)
    } catch (error) {
      await database.close().catch(() => {})
      throw error
    }
    opened = database
    leave = enter(database, settled)
    state = 'ready'
    failure = null
    for (const [number, provider] of settled.lines) {
      provider.start?.({ knock: (k) => knock(number, k), now, log })
      if (provider.missing.length > 0)
        log.error(
          { number, provider: provider.name, missing: provider.missing.join(', ') },
          'the provider is not configured completely; its webhook answers 503 until it is',
        )
    }
    workers.start()
    house = keepHouse(database, settled.retention, now, log)
  }

  /** Nothing new, what runs may end, what does not is given back; then everything that was opened is closed. */
  const end = async (timeoutMs: number): Promise<void> => {
    await starting?.catch(() => {})
    state = 'closing'
    const [ended] = await Promise.all([workers.stop(timeoutMs), house?.stop()])
    if (!ended) log.warn({}, 'some work did not end in time, and the database took no note of it; its leases will run out')
    for (const provider of settled.lines.values()) provider.close?.()
    if (opened) await allowance.close()
    state = 'closed'
    leave()
    leave = () => {}
    await opened?.close()
    opened = null
    starting = null
  }

  const life: Lifecycle = {
    get state() {
      return state
    },
    get failure() {
      return failure
    },
    db() {
      if (opened && (state === 'ready' || state === 'closing')) return opened
      if (failure instanceof WaError) throw failure
      if (failure) throw new WaError('WA_CLOSED', 'wa-interactive could not start; it keeps trying, and the reason is in the log.', [], { cause: failure })
      throw new WaError('WA_CLOSED', state === 'starting' ? 'wa-interactive is still starting; await wa.start().' : 'wa-interactive is closed.')
    },
    start() {
      if (state === 'closing' || state === 'closed') return Promise.reject(new WaError('WA_CLOSED', 'wa-interactive is closed.'))
      starting ??= begin().catch((error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error))
        state = 'failed'
        starting = null
        throw failure
      })
      return starting
    },
    begun: () => starting?.catch(() => {}) ?? Promise.resolve(),
    close(timeoutMs) {
      leftForGood = true
      ending ??= end(timeoutMs)
      return ending
    },
    async restart() {
      ending ??= end(10_000)
      await ending
      // Somebody closed it meanwhile: nobody would close what is opened from here on.
      if (leftForGood) return
      ending = null
      state = 'starting'
      await life.start()
    },
  }
  return life
}

/** Tables, what may be a backup, and the menus that the code declares. */
async function prepare(database: Db, settled: Settled): Promise<void> {
  const { log, now } = settled
  await mustBeSound(database)
  if (settled.migrate) await migrate(database)
  else await mustBeMigrated(database)
  const newer = await unknownMigrations(database)
  if (newer.length > 0) log.warn({ migrations: newer.join(', ') }, 'the tables are newer than this code; it goes on, but update it soon')
  const held = await beatAfterSilence(database, settled.holdAfterMs, now())
  if (held) sayHeld(held, settled)
  for (const menu of settled.menus) await declareMenu(database, menu.spec, now())
  for (const key of await archivedAmong(
    database.write,
    settled.menus.map((menu) => menu.key),
  ))
    log.warn(
      { menu: key },
      `The code declares menu "${key}", but staff archived it, so sending it is refused. Restore it in the dashboard: Menus, Archived, Restore.`,
    )
}

const sayHeld = ({ since, messages, events }: Held, { log }: Settled): void =>
  log.warn(
    { since: new Date(since).toISOString(), messages, events },
    'nothing ran on this database for a while, so it may be a backup: what waited in it is held for a person, under Outbox and Needs attention',
  )

async function mustBeMigrated(db: Db): Promise<void> {
  const missing = await missingMigrations(db)
  if (missing.length > 0)
    throw new WaError(
      'WA_DATABASE',
      `Option migrate is false, and the tables lack ${missing.join(', ')}. Run: npx knex migrate:latest with this package's source, or leave migrate on.`,
    )
}

/** How many engines of this process have a database open, by its place. */
const inThisProcess = new Map<string, number>()

/** A module that was loaded twice, or a host that was built twice: safe, and most likely not meant. Answers how to leave. */
function enter(database: Db, { log }: Settled): () => void {
  const place = locationOf(database.write)
  if (place === ':memory:') return () => {}
  const others = inThisProcess.get(place) ?? 0
  if (others > 0)
    log.warn({ database: place }, 'another waInteractive() of this process works on the same database; every event is handled once, by the listeners of either')
  inThisProcess.set(place, others + 1)
  return () => {
    const left = (inThisProcess.get(place) ?? 1) - 1
    if (left > 0) inThisProcess.set(place, left)
    else inThisProcess.delete(place)
  }
}
