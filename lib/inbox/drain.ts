import { Retry, reasonOf, Stop, WaError } from '../errors'
import { asAttempt } from '../flows/attempt'
import type { Attempt, ContextParts } from '../flows/context'
import { type Facts, factsOf } from '../flows/facts'
import type { Flows } from '../flows/flow'
import type { Listener, Listeners } from '../flows/listeners'
import { ASK_AGAIN, planMessage } from '../flows/plan'
import { runListener } from '../flows/run'
import type { Logger } from '../log'
import { HEARD_AS, type IncomingStatus } from '../model/event'
import { findContact } from '../store/contacts'
import { type ConversationRow, conversationById, markChanged, type Step, setStep } from '../store/conversations'
import type { Db } from '../store/database'
import {
  attemptIsOver,
  claimEvents,
  type EventRow,
  eventById,
  extendLease,
  finishEvent,
  markPlanned,
  releaseClaim,
  releaseEvent,
  releaseParked,
  SUSPECT,
  tieEvent,
} from '../store/events'
import { insist } from '../store/insist'
import { leaseToken } from '../store/lease'
import { applyStatus, lockMessage, type MessageRow, messageById, messageByProviderId, messageByRef, providerKey } from '../store/messages'
import { isOutage } from '../store/outage'
import { insertRuns, type RunRow, recordRun, runsOf } from '../store/runs'
import type { Work } from '../worker'

const LEASE_MS = 60_000
const HEARTBEAT_MS = 20_000
/** How long an end is recorded against a database that hiccups: what a lease has left when one heartbeat was missed. */
const INSIST_MS = 40_000
const TIMEOUT_MS = 30_000
const ATTEMPTS = 8
/** So many processes may end with an event in their hands before a person must look at it. */
const CRASHES = 5
/** Between attempts: quick ones first, then patience; about nine hours in all, because a reply after a day is useless. */
const WAITS_MS = [1000, 5000, 30_000, 600_000, 1_800_000, 7_200_000, 21_600_000] as const
/** After so many failures the event steps aside: later words of the customer no longer wait for it. */
const QUICK_TRIES = 3
/** Somebody else held what was due: their transaction lasts a few milliseconds. */
const MISSED_MS = 25
/** The database failed in the middle of an attempt: it gets so long to recover. */
const OUTAGE_MS = 500

export interface InboxParts {
  db: () => Db
  /** Names this instance in its leases. */
  holder: string
  now: () => number
  log: Logger
  listeners: Listeners
  flows: Flows
  context: ContextParts
  concurrency: number
  changed: (conversationId: number | null) => void
  wakeIn: (ms: number) => void
  observed: (type: string, given: Record<string, unknown>) => void
  failed: (error: unknown, at: { event: { id: string; type: string }; listener: string; attempt: number; final: boolean }) => void
}

/** The inbox as work: claim what is due, run its listeners, record how it ended. */
export function inboxWork(parts: InboxParts): Work<EventRow> {
  const underway = new Map<AbortController, EventRow>()
  const unconfirmed = new Set<string>()
  return {
    name: 'inbox',
    concurrency: parts.concurrency,
    async claim(limit) {
      for (const token of unconfirmed) {
        await releaseClaim(parts.db(), token, parts.now())
        unconfirmed.delete(token)
      }
      if ([...underway.values()].some((event) => event.crashes >= SUSPECT)) return []
      const token = leaseToken(parts.holder)
      try {
        const { events, missed } = await claimEvents(parts.db(), limit, token, parts.now(), LEASE_MS, underway.size === 0)
        if (missed) parts.wakeIn(MISSED_MS)
        return events
      } catch (error) {
        unconfirmed.add(token)
        throw error
      }
    },
    async run(event) {
      const attempt = new AbortController()
      underway.set(attempt, event)
      try {
        await handle(parts, event, attempt)
      } finally {
        underway.delete(attempt)
      }
    },
    giveUp() {
      for (const attempt of underway.keys())
        attempt.abort(new Closing('WA_ABORTED', 'wa-interactive closes, so this attempt was given up; it will be made again.'))
    },
  }
}

/** Two customers proved to be one while this event was looked at: where it happened is looked up anew. */
class Joined extends Error {}

/** The attempt ends because its instance does: nobody failed. */
class Closing extends WaError {}

async function handle(parts: InboxParts, event: EventRow, given: AbortController): Promise<void> {
  const beat = setInterval(() => void keepLease(parts, event, given).catch(() => {}), HEARTBEAT_MS)
  beat.unref()
  try {
    if (event.crashes >= CRASHES) return await giveToPerson(parts, event)
    let scene = await setScene(parts, event, given.signal)
    if (event.attempts === 1)
      parts.observed(event.type, {
        event: { id: String(event.id), type: event.type, at: new Date(event.at), number: event.number },
        ...(scene.status ?? {}),
        text: scene.facts?.text ?? null,
        reply: scene.facts?.reply ?? null,
      })
    let runs: RunRow[]
    try {
      runs = await runsFor(parts, scene)
    } catch (error) {
      if (!(error instanceof Joined)) throw error
      scene = await setScene(parts, event, given.signal)
      runs = await runsFor(parts, scene)
    }
    await finish(parts, scene, await runAll(parts, scene, runs))
  } catch (error) {
    if (given.signal.reason instanceof Closing) await releaseEvent(parts.db(), event, parts.now())
    else if (given.signal.aborted) parts.log.warn({ event: event.id }, 'this attempt took so long that another one had begun; its end was not recorded twice')
    // Nobody failed but the database: the attempt does not count, and the customer's later words go on waiting for it.
    else if (!(error instanceof WaError) && isOutage(error)) await postpone(parts, event)
    else await end(parts, event, again(parts, event, error, null))
  } finally {
    clearInterval(beat)
    parts.changed(event.conversation_id)
  }
}

/** Another attempt has begun, on another instance or here: this one can say nothing more. */
async function keepLease(parts: InboxParts, event: EventRow, given: AbortController): Promise<void> {
  if (!(await extendLease(parts.db(), event, LEASE_MS))) given.abort(attemptIsOver(event.id))
}

async function postpone(parts: InboxParts, event: EventRow): Promise<void> {
  await insist(() => releaseEvent(parts.db(), event, parts.now(), OUTAGE_MS), INSIST_MS)
  parts.wakeIn(OUTAGE_MS)
}

/** It was there each time a process ended: whatever it does to them, it is not done a sixth time. */
async function giveToPerson(parts: InboxParts, event: EventRow): Promise<void> {
  const error = new WaError('WA_STATE', `The process ended during handler, ${event.crashes} times. Look what this event does to it, then retry or discard it.`)
  if (await end(parts, event, { state: 'needs_attention', error: error.message, late: true }))
    parts.failed(error, { event: { id: String(event.id), type: event.type }, listener: '', attempt: event.attempts, final: true })
}

/** An event with everything its listeners are told about. */
interface Scene {
  event: EventRow
  /** Aborts when the attempt is over before its end: closing, or another attempt has begun. */
  signal: AbortSignal
  message: MessageRow | null
  facts: Facts | null
  attempt: Omit<Attempt, 'listener' | 'signal' | 'attempt'> | null
  status: Record<string, unknown> | null
}

async function setScene(parts: InboxParts, event: EventRow, signal: AbortSignal): Promise<Scene> {
  const db = parts.db()
  if (event.type === 'status') return { event, signal, message: null, facts: null, attempt: null, status: await climb(parts, db, event) }
  const message = event.message_id === null ? null : await messageById(db.write, event.message_id)
  const conversation = event.conversation_id === null ? null : await conversationOf(db, event)
  const contact = conversation ? await findContact(db.write, { id: conversation.contact_id }) : null
  if (!conversation || !contact) return { event, signal, message, facts: null, attempt: null, status: (event.payload as Record<string, unknown> | null) ?? {} }
  const facts = message && event.type in HEARD_AS ? await factsOf(db.write, message, conversation) : null
  return { event, signal, message, facts, attempt: { event, contact, conversation, message, facts }, status: null }
}

/** The event's conversation; where it stands now, when it was joined to another one since the event was claimed. */
async function conversationOf(db: Db, event: EventRow): Promise<ConversationRow | null> {
  const known = event.conversation_id === null ? null : await conversationById(db.write, event.conversation_id)
  if (known) return known
  const now = (await eventById(db.write, event.id))?.conversation_id ?? null
  return now === null || now === event.conversation_id ? null : conversationById(db.write, now)
}

/** The message of which a status speaks: by our correlation word, at the door of its own number, else by the provider's id. */
async function messageOf(db: Db, event: EventRow): Promise<MessageRow | null> {
  const { ref, providerId, status } = (event.payload ?? {}) as Partial<IncomingStatus>
  const byRef = ref ? await messageByRef(db.write, ref) : null
  const found = byRef?.number === event.number ? byRef : providerId === undefined ? null : await messageByProviderId(db.write, event.number, providerId)
  return found && status === 'failed' && isOfEarlierCopy(found, event) ? null : found
}

/** A failed message that a person sends again has another id at the provider: late news of the first failure are none of the second copy. */
const isOfEarlierCopy = (message: MessageRow, event: EventRow): boolean =>
  message.status === 'queued' || (message.provider_key !== null && message.provider_key !== event.provider_key)

/** The provider's word on a message of ours: applied once, whatever the listeners do. Null when the message is not (yet) known. */
async function climb(parts: InboxParts, db: Db, event: EventRow): Promise<Record<string, unknown> | null> {
  const status = event.payload as Omit<IncomingStatus, 'raw' | 'dedupe' | 'at' | 'kind'>
  const message = await messageOf(db, event)
  if (!message) return null
  await db.tx(async (trx) => {
    // Locked before it is read: the answer of the provider may be written in this very moment, and its word must not get lost beside it.
    const fresh = await lockMessage(trx, db, message.id)
    if (!fresh) return
    await applyStatus(trx, fresh, status.status, status.error, event.at, status.providerId)
    if (fresh.provider_id === null) await releaseParked(trx, fresh.id, providerKey(fresh.number, status.providerId), parts.now())
    await tieEvent(trx, event.id, { message_id: message.id })
    await markChanged(trx, message.conversation_id, parts.now())
  })
  if (status.alert)
    parts.log.error({ number: event.number, message: message.id, reason: status.error?.title ?? null }, 'the provider reports a failure of the whole account')
  parts.changed(message.conversation_id)
  return { message: { id: String(message.id), status: status.status, error: status.error, meta: message.meta ?? {} } }
}

/** The listeners that hear this event. Of a status whose message is not known nothing is written down: it may become known. */
async function runsFor(parts: InboxParts, scene: Scene): Promise<RunRow[]> {
  if (scene.event.type === 'status' && scene.status === null) return []
  return scene.event.planned === 1 ? runsOf(parts.db().write, scene.event.id) : plan(parts, scene)
}

/** Chooses the listeners and writes the choice down, with where the customer stood, in one transaction. */
async function plan(parts: InboxParts, scene: Scene): Promise<RunRow[]> {
  const db = parts.db()
  await db.tx(async (trx) => {
    await markPlanned(trx, scene.event)
    const conversation = scene.attempt ? await conversationById(trx, scene.attempt.conversation.id) : null
    // Chosen without knowing where the customer stands, nobody would hear the tap: the attempt begins anew.
    if (scene.attempt && !conversation) throw new Joined('the conversation was joined to another one')
    const chosen =
      scene.facts && conversation
        ? planMessage(
            { facts: scene.facts, number: scene.event.number, step: conversation.step, mode: conversation.mode, now: parts.now() },
            parts.listeners,
            parts.flows,
          )
        : { runs: namesFor(parts, scene).map((listener) => ({ listener, snapshot: null })), leavesStep: false }
    await insertRuns(trx, scene.event.id, chosen.runs)
    if (chosen.leavesStep && conversation) await setStep(trx, conversation.id, null, parts.now())
  })
  return runsOf(db.write, scene.event.id)
}

const namesFor = (parts: InboxParts, scene: Scene): string[] => parts.listeners.hearing([scene.event.type], scene.event.number).map((listener) => listener.name)

async function runAll(parts: InboxParts, scene: Scene, runs: RunRow[]): Promise<RunRow[]> {
  const ended: RunRow[] = []
  for (const run of runs) {
    if (run.state === 'done' || run.state === 'skipped') {
      ended.push(run)
      continue
    }
    ended.push(await runOne(parts, scene, run))
  }
  return ended
}

async function runOne(parts: InboxParts, scene: Scene, run: RunRow): Promise<RunRow & { cause?: unknown }> {
  const listener = parts.listeners.all.get(run.listener)
  const limit = listener?.attempts ?? ATTEMPTS
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
  return record(parts, scene, { ...run, state: 'done', attempts, error: null })
}

/** What a listener did is done: that it is written down is worth more than one try. */
async function record(parts: InboxParts, scene: Scene, run: RunRow): Promise<RunRow> {
  const { state, attempts, error } = run
  const mine = await insist(() => recordRun(parts.db(), scene.event, run, { state, attempts, error }, parts.now()), INSIST_MS)
  if (!mine) throw attemptIsOver(scene.event.id)
  return run
}

/** A listener that ran just before handed over to a person: the bot says nothing more about this event. */
async function tookOver(db: Db, scene: Scene, run: RunRow, listener: Listener | undefined): Promise<boolean> {
  if (!scene.facts || !scene.attempt || run.position === 0 || listener?.whilePerson) return false
  return (await conversationById(db.write, scene.attempt.conversation.id))?.mode === 'person' && scene.attempt.conversation.mode === 'bot'
}

async function withinTime(parts: InboxParts, scene: Scene, run: RunRow, timeoutMs: number): Promise<void> {
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
  const timer = setTimeout(late, timeoutMs)
  timer.unref()
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
async function runBare(parts: InboxParts, scene: Scene, run: RunRow): Promise<void> {
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

async function finish(parts: InboxParts, scene: Scene, runs: readonly (RunRow & { cause?: unknown })[]): Promise<void> {
  const { event } = scene
  const failed = runs.find((run) => run.state === 'failed')
  const heard = runs.some((run) => run.listener !== ASK_AGAIN || run.state === 'done')
  if (failed) await end(parts, event, again(parts, event, failed.cause ?? failed.error, retryable(parts, runs)))
  else if (event.type === 'status') await end(parts, event, { state: 'done', parked: scene.status === null })
  // What happens between people and the bot is news, not a customer's word: nobody needs to listen.
  else await end(parts, event, { state: heard || !(event.type in HEARD_AS) ? 'done' : 'unhandled' })
}

async function end(parts: InboxParts, event: EventRow, how: End): Promise<boolean> {
  const mine = await insist(() => finishEvent(parts.db(), event, how, parts.now()), INSIST_MS)
  if (!mine) parts.log.warn({ event: event.id }, 'this attempt took so long that another one had begun; its end was not recorded twice')
  if (mine && how.state === 'retrying') parts.wakeIn(how.nextAt - parts.now())
  return mine
}

/** The failed runs that may still be tried. */
const retryable = (parts: InboxParts, runs: readonly RunRow[]): RunRow[] =>
  runs.filter((run) => run.state === 'failed' && run.attempts < (parts.listeners.all.get(run.listener)?.attempts ?? ATTEMPTS))

type End =
  | { state: 'retrying'; nextAt: number; late: boolean; error: string }
  | { state: 'needs_attention'; error: string; late: boolean }
  | { state: 'done' | 'unhandled' /** A status whose message is not known (yet). */; parked?: boolean }

function again(parts: InboxParts, event: EventRow, cause: unknown, open: readonly RunRow[] | null): End {
  const error = reasonOf(cause)
  const late = event.attempts >= QUICK_TRIES
  const given = open === null ? event.attempts < ATTEMPTS : open.length > 0
  if (!given) return { state: 'needs_attention', error, late: true }
  const wait = cause instanceof Retry && cause.afterMs !== undefined ? cause.afterMs : (WAITS_MS[Math.min(event.attempts, WAITS_MS.length) - 1] ?? 1000)
  return { state: 'retrying', nextAt: parts.now() + wait, late, error }
}
