import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Understood } from './inbox/choose'
import { inboxWork } from './inbox/drain'
import type { InboxParts } from './inbox/parts'
import type { Settled } from './options'
import type { OutboxParts } from './outbox/drain'
import { outboxWork } from './outbox/drain'
import { type Seat, seatFor } from './outbox/seats'
import type { Provider } from './providers/provider'
import type { Taken } from './store/claims'
import type { HeadText } from './store/heads'
import type { Outgoing } from './store/outgoing'
import { nextDue } from './store/queue'
import { createWorker, type Worker } from './worker'

type Theirs = 'holder' | 'now' | 'log' | 'concurrency' | 'wakeIn'
/** What the two share, and what each needs beside it. */
export interface WorkersParts extends Omit<InboxParts, Theirs>, Pick<OutboxParts, 'pace' | 'allowance' | 'ready'> {
  settled: Settled
}

/** Inbox and outbox at work, or, before `start` and after `stop`, nobody. */
export interface Workers {
  /** Does nothing where `concurrency` is 0: such an instance only takes in. */
  start(): void
  /** What runs may end. Answers whether all of it ended in time. */
  stop(timeoutMs: number): Promise<boolean>
  /** Something stands in the inbox: these events, or what is to be looked for. */
  wakeInbox(heads?: readonly HeadText[]): void
  /** The inbox has nothing to do: what comes is handled at once. */
  readonly inboxIdle: boolean
  wakeOutbox(): void
  /** For a message of this number that may leave at once; null when none may. */
  seat(number: string): Promise<Seat | null>
  /** Resolves when nothing runs and nothing is due now; what was put off for later is not waited for. */
  settle(): Promise<void>
  /** Resolves when inbox and outbox are empty. */
  idle(): Promise<void>
}

export function createWorkers({ settled, pace, allowance, ready, ...parts }: WorkersParts): Workers {
  const { log, now } = settled
  let inbox: Worker<Taken<Understood>> | null = null
  let outbox: Worker<Outgoing> | null = null
  let seat: Workers['seat'] = async () => null
  let tell: (heads: readonly HeadText[]) => void = () => {}
  const done = (): number => (inbox?.done ?? 0) + (outbox?.done ?? 0)
  const quiet = async (): Promise<void> => {
    await inbox?.quiet()
    await outbox?.quiet()
  }

  const workers: Workers = {
    start() {
      if (settled.concurrency === 0) return
      const shared = {
        db: parts.db,
        changed: parts.changed,
        now,
        log,
        holder: `${hostname().slice(0, 60)}:${process.pid}:${randomBytes(9).toString('base64url')}`,
      }
      const departures = outboxWork({
        ...shared,
        providers: settled.lines,
        pace,
        allowance,
        ready,
        callbackOf: (number) => callbackOf(settled, number),
        wakeIn: (ms) => outbox?.wakeIn(ms),
        wakeInbox: workers.wakeInbox,
        concurrency: Math.max(32, settled.concurrency),
      })
      const leaving = createWorker(departures, log)
      outbox = leaving
      seat = (number) => seatFor(number, departures, leaving, shared.holder)
      const arrivals = inboxWork({ ...parts, ...shared, concurrency: settled.concurrency, wakeIn: (ms) => inbox?.wakeIn(ms) })
      inbox = createWorker(arrivals, log)
      tell = arrivals.tell
      inbox.start()
      outbox.start()
    },
    async stop(timeoutMs) {
      const ended = await Promise.all([inbox?.stop(timeoutMs), outbox?.stop(timeoutMs)])
      inbox = null
      outbox = null
      seat = async () => null
      tell = () => {}
      return !ended.includes(false)
    },
    wakeInbox(heads = []) {
      tell(heads)
      inbox?.wake(heads.length > 0)
    },
    get inboxIdle() {
      return inbox?.idle ?? false
    },
    wakeOutbox() {
      outbox?.wake()
    },
    seat: (number) => seat(number),
    async settle() {
      for (;;) {
        const before = done()
        await quiet()
        for (const provider of settled.lines.values()) await (provider as Provider & { settled?: () => Promise<void> }).settled?.()
        await quiet()
        if (done() === before) return
      }
    },
    async idle() {
      for (;;) {
        await workers.settle()
        const due = await nextDue(parts.db().write)
        if (due === null) return
        await new Promise((wake) => setTimeout(wake, Math.min(200, Math.max(20, due - now()))))
      }
    },
  }
  return workers
}

/** Where the provider sends what becomes of a message; null while the host's public address is not known. */
export function callbackOf(settled: Settled, number: string): string | null {
  if (settled.publicUrl === null) return null
  return `${settled.publicUrl}/webhook${settled.several ? `/${number}` : ''}`
}
