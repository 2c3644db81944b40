import { reasonOf } from './errors'
import type { Logger } from './log'
import { takeChore } from './store/chores'
import type { Db } from './store/database'
import { beat, PULSE_MS } from './store/pulse'
import { prune, type Retention } from './store/retention'

const HOUR_MS = 3_600_000
/** How often an instance looks whether the hour is over: whoever comes first does it for all. */
const LOOK_MS = 600_000

export interface Housekeeping {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
}

/** Says every minute that this instance is alive, and deletes what `retention` says, at most once an hour over all instances; nothing when nothing is said. */
export function keepHouse(db: Db, retention: Retention, now: () => number, log: Logger): Housekeeping {
  const closing = new AbortController()
  const pulse = async (): Promise<void> => {
    try {
      await beat(db, now())
    } catch (error) {
      log.warn({ error: reasonOf(error) }, 'the database took no note that this instance is alive')
    }
  }
  const clean = async (): Promise<void> => {
    try {
      if (!(await takeChore(db, 'retention', HOUR_MS, now()))) return
      const rows = await prune(db, retention, now(), closing.signal)
      if (rows > 0) log.info({ rows }, 'deleted what was older than the retention')
    } catch (error) {
      log.error({ error: reasonOf(error) }, 'what is older than the retention could not be deleted; it is tried again within the hour')
    }
  }
  const chores = [every(PULSE_MS, pulse, Promise.resolve())]
  if (Object.values(retention).some((days) => days !== null)) chores.push(every(LOOK_MS, clean, clean()))
  return {
    async stop() {
      closing.abort()
      await Promise.all(chores.map((chore) => chore.stop()))
      await pulse()
    },
  }
}

/** Does it again and again, never twice at once. */
function every(ms: number, work: () => Promise<void>, first: Promise<void>): Housekeeping {
  let running = first
  const timer = setInterval(() => {
    running = running.then(work)
  }, ms)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
