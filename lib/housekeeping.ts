import { reasonOf } from './errors'
import type { Logger } from './log'
import { takeChore } from './store/chores'
import type { Db } from './store/database'
import { prune, type Retention } from './store/retention'

const HOUR_MS = 3_600_000
/** How often an instance looks whether the hour is over: whoever comes first does it for all. */
const LOOK_MS = 600_000

export interface Housekeeping {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
}

/** Deletes what `retention` says, at most once an hour over all instances. Nothing is deleted when nothing is said. */
export function keepHouse(db: Db, retention: Retention, now: () => number, log: Logger): Housekeeping {
  if (Object.values(retention).every((days) => days === null)) return { stop: async () => {} }
  const closing = new AbortController()
  const clean = async (): Promise<void> => {
    try {
      if (!(await takeChore(db, 'retention', HOUR_MS, now()))) return
      const rows = await prune(db, retention, now(), closing.signal)
      if (rows > 0) log.info({ rows }, 'deleted what was older than the retention')
    } catch (error) {
      log.error({ error: reasonOf(error) }, 'what is older than the retention could not be deleted; it is tried again within the hour')
    }
  }
  let running = clean()
  const timer = setInterval(() => {
    running = running.then(clean)
  }, LOOK_MS)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      closing.abort()
      await running
    },
  }
}
