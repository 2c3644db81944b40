import { reasonOf } from './errors'
import type { Logger } from './log'

/** What a worker works on: inbox and outbox give it one each. */
export interface Work<Job> {
  name: string
  /** Jobs at the same time. */
  concurrency: number
  /** Takes up to `limit` jobs that are due, under a lease. Empty when there are none. Without `look` nothing woke the worker but what it was told of. */
  claim(limit: number, look: boolean): Promise<Job[]>
  /** Whether the last claim saw all that was due: then nobody looks again before something wakes them. */
  exhausted?(): boolean
  /** Whether something was due at the last claim and could not be taken yet. */
  withheld?(): boolean
  /** Does one job to its end and records what became of it. A throw here is a fault of ours: it is logged, the lease runs out, the job is found again. */
  run(job: Job): Promise<void>
  /** The time to drain is over: what runs is to end at once, in whatever way it can. */
  giveUp(): void
}
export interface Worker<Job> {
  start(): void
  /** A place for a job that need not be claimed because its maker takes it; null when there is none. It counts as running until it is used or left. */
  reserve(): { start(job: Job): void; leave(): void } | null
  /** Something new is there, of which the work was told (`told`), or is to be looked for. */
  wake(told?: boolean): void
  /** It has nothing to do. */
  readonly idle: boolean
  /** Something will be due in so many milliseconds. */
  wakeIn(ms: number): void
  /** Resolves when nothing runs and nothing is due. */
  quiet(): Promise<void>
  /** Jobs done since start. */
  readonly done: number
  /** Takes nothing new; waits for what runs, at most so long, then tells it to give up. Answers whether all ended. */
  stop(timeoutMs: number): Promise<boolean>
}

/** Nothing woke us: look anyway, for what other instances left behind and what became due. */
const POLL_MS = 2000
/** What was told to give up gets so long to write down how it ended. */
const LAST_WORDS_MS = 2000

/** The loop that inbox and outbox share: claim, run side by side, sleep until woken. It survives every error; a failing database is asked again with patience. */
export function createWorker<Job>(work: Work<Job>, log: Logger): Worker<Job> {
  let running = false
  let active = 0
  let done = 0
  let woken = false
  let unseen = true
  let failures = 0
  let rouse: (() => void) | undefined
  let ended: Promise<void> = Promise.resolve()
  const waiting: (() => void)[] = []
  let allEnded: (() => void) | undefined

  const wake = (told = false): void => {
    woken = true
    if (!told) unseen = true
    rouse?.()
  }

  const sleep = (ms: number): Promise<void> =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => wake(), ms)
      timer.unref()
      rouse = () => {
        clearTimeout(timer)
        resolve()
      }
    }).then(() => {
      rouse = undefined
    })

  const leave = (): void => {
    active--
    if (active === 0) allEnded?.()
    wake()
  }

  /** In a place that was counted. */
  const start = (job: Job): void => {
    work
      .run(job)
      .catch((error: unknown) =>
        log.error({ worker: work.name, error: reasonOf(error) }, 'a job could not be recorded; its lease will run out and it will be found again'),
      )
      .finally(() => {
        done++
        leave()
      })
  }

  const loop = async (): Promise<void> => {
    while (running) {
      woken = false
      const free = work.concurrency - active
      const jobs = free > 0 ? await claim(free) : []
      active += jobs.length
      for (const job of jobs) start(job)
      if (woken || !running || (jobs.length > 0 && !work.exhausted?.())) continue
      if (active === 0 && failures === 0 && !work.withheld?.()) for (const resolve of waiting.splice(0)) resolve()
      await sleep(failures > 0 ? Math.min(30_000, 250 * 2 ** failures) : POLL_MS)
    }
    for (const resolve of waiting.splice(0)) resolve()
  }

  const claim = async (free: number): Promise<Job[]> => {
    const look = unseen
    unseen = false
    try {
      const jobs = await work.claim(free, look)
      failures = 0
      return jobs
    } catch (error) {
      unseen = true
      if (failures++ === 0) log.error({ worker: work.name, error: reasonOf(error) }, 'the database does not answer; trying again')
      return []
    }
  }

  return {
    start() {
      if (running) return
      running = true
      ended = loop()
    },
    reserve() {
      if (!running || active >= work.concurrency) return null
      active++
      return { start, leave }
    },
    wake,
    wakeIn(ms) {
      // Later than that, the poll comes first.
      if (ms < POLL_MS) setTimeout(() => wake(), Math.max(0, ms)).unref()
    },
    quiet() {
      if (!running) return Promise.resolve()
      return new Promise((resolve) => {
        waiting.push(resolve)
        wake()
      })
    },
    get idle() {
      return running && active === 0
    },
    get done() {
      return done
    },
    async stop(timeoutMs) {
      running = false
      wake()
      if (await within(timeoutMs, ended.then(drained))) return true
      work.giveUp()
      return within(LAST_WORDS_MS, drained())
    },
  }

  function drained(): Promise<void> {
    if (active === 0) return Promise.resolve()
    return new Promise((resolve) => {
      allEnded = resolve
    })
  }
}

async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
