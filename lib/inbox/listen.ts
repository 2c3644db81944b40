import { reasonOf, Stop, WaError } from '../errors'
import { asAttempt } from '../flows/attempt'
import type { Listener } from '../flows/listeners'
import { runListener } from '../flows/run'
import { conversationById, type Step } from '../store/conversations'
import type { Db } from '../store/database'
import { insist } from '../store/insist'
import { attemptIsOver } from '../store/queue'
import { type Run, recordRun } from '../store/runs'
import { INSIST_MS, type InboxParts } from './parts'
import type { Scene } from './scene'

const TIMEOUT_MS = 30_000
/** Attempts, unless a listener says otherwise; also at an event whose listeners are not known. */
export const ATTEMPTS = 8

/** So often a listener may try. */
export const attemptsOf = (parts: InboxParts, listener: string): number => parts.listeners.all.get(listener)?.attempts ?? ATTEMPTS

/** A listener's work as far as it got. */
export interface Heard extends Run {
  /** What it threw just now. */
  cause?: unknown
  /** Not written down yet: that is done with the end of the event, which it brings. */
  unwritten?: boolean
}

/** Runs the listeners that have not succeeded yet, one after the other. */
export async function runAll(parts: InboxParts, scene: Scene, runs: readonly Run[]): Promise<Heard[]> {
  const ended: Heard[] = []
  for (const run of runs) {
    const isLast = ended.length === runs.length - 1 && !ended.some(({ state }) => state === 'failed')
    ended.push(run.state === 'done' || run.state === 'skipped' ? run : await runOne(parts, scene, run, isLast))
  }
  return ended
}

async function runOne(parts: InboxParts, scene: Scene, run: Run, isLast: boolean): Promise<Heard> {
  const listener = parts.listeners.all.get(run.listener)
  const limit = attemptsOf(parts, run.listener)
  if (run.state === 'failed' && run.attempts >= limit) return run
  const attempts = run.attempts + 1
  if (await tookOver(parts.db(), scene, run, listener)) return record(parts, scene, { ...run, state: 'skipped', attempts, error: null })
  try {
    await withinTime(parts, scene, run, listener?.timeoutMs ?? TIMEOUT_MS)
  } catch (error) {
    if (scene.signal.aborted) throw error
    const final = error instanceof Stop || attempts >= limit
    const failed = await record(parts, scene, { ...run, state: 'failed', attempts: final ? Math.max(attempts, limit) : attempts, error: reasonOf(error) })
    parts.failed(error, { event: { id: String(scene.event.id), type: scene.event.type }, listener: run.listener, attempt: attempts, final })
    return { ...failed, cause: error }
  }
  const done: Run = { ...run, state: 'done', attempts, error: null }
  return isLast ? { ...done, unwritten: true } : record(parts, scene, done)
}

/** What a listener did is done: that it is written down is worth more than one try. */
async function record(parts: InboxParts, scene: Scene, run: Run): Promise<Run> {
  const mine = await insist(() => recordRun(parts.db().write, scene.event, run, parts.now()), INSIST_MS)
  if (!mine) throw attemptIsOver(scene.event.id)
  return run
}

/** A listener that ran just before handed over to a person: the bot says nothing more about this event. */
async function tookOver(db: Db, scene: Scene, run: Run, listener: Listener | undefined): Promise<boolean> {
  if (!scene.facts || !scene.attempt || run.position === 0 || listener?.whilePerson) return false
  return (await conversationById(db.write, scene.attempt.conversation.id))?.mode === 'person' && scene.attempt.conversation.mode === 'bot'
}

async function withinTime(parts: InboxParts, scene: Scene, run: Run, timeoutMs: number): Promise<void> {
  const given = new AbortController()
  let giveUp: (reason: unknown) => void = () => {}
  const over = new Promise<never>((_resolve, reject) => {
    giveUp = (reason) => {
      given.abort(reason)
      reject(reason)
    }
  })
  const late = (): void =>
    giveUp(new WaError('WA_ABORTED', `Listener "${run.listener}" did not end within ${timeoutMs} ms. Let it end sooner, or give it { timeoutMs }.`))
  const closed = (): void => giveUp(scene.signal.reason)
  const halfMs = timeoutMs / 2
  // Said while it can still be seen where it stands; a listener that only sometimes takes long is not heard of otherwise.
  let timer = setTimeout(() => {
    parts.log.warn(
      { event: scene.event.id, type: scene.event.type, listener: run.listener, ms: halfMs, limitMs: timeoutMs },
      'a listener has taken half of its time; when all is over, its attempt is given up and made again',
    )
    timer = setTimeout(late, halfMs).unref()
  }, halfMs).unref()
  if (scene.signal.aborted) closed()
  else scene.signal.addEventListener('abort', closed, { once: true })
  const { attempt } = scene
  const work = asAttempt({ event: scene.event, listener: run.listener, signal: given.signal }, () =>
    attempt
      ? runListener(
          parts.context,
          parts.listeners,
          parts.flows,
          { ...attempt, listener: run.listener, attempt: run.attempts + 1, signal: given.signal },
          run.snapshot as Step | null,
        )
      : runBare(parts, scene, run),
  )
  try {
    await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
    scene.signal.removeEventListener('abort', closed)
    work.catch(() => {})
    over.catch(() => {})
  }
}

/** An event without a conversation: a status, a menu that was published. */
async function runBare(parts: InboxParts, scene: Scene, run: Run): Promise<void> {
  const listener = parts.listeners.all.get(run.listener)
  if (!listener)
    throw new WaError('WA_STATE', `Listener "${run.listener}" is not registered any more, and an event waits for it. Register it again, or discard the event.`)
  const { event } = scene
  const given = {
    ...(scene.status ?? {}),
    event: {
      id: String(event.id),
      type: event.type,
      at: new Date(event.at),
      attempt: run.attempts + 1,
      number: event.number,
      messageId: String(event.message_id ?? ''),
      raw: event.raw,
      late: event.late === 1,
    },
  }
  await (listener.fn as (context: unknown) => unknown)(given)
}
