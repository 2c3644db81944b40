import { Retry, reasonOf, Stop, WaError } from '../errors'
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
import { claimEvents, decideEvent, type EventRow, eventById, extendLease, finishEvent, tieEvent } from '../store/events'
import { applyStatus, type MessageRow, messageById, messageByProviderId, messageByRef } from '../store/messages'
import { onceMore } from '../store/rows'
import { finishRun, insertRuns, type RunRow, runsOf } from '../store/runs'
import type { Work } from '../worker'

const LEASE_MS = 60_000
const HEARTBEAT_MS = 20_000
const TIMEOUT_MS = 30_000
const ATTEMPTS = 8
/** Between attempts: quick ones first, then patience; about nine hours in all, because a reply after a day is useless. */
const WAITS_MS = [1000, 5000, 30_000, 600_000, 1_800_000, 7_200_000, 21_600_000] as const
/** After so many failures the event steps aside: later words of the customer no longer wait for it. */
const QUICK_TRIES = 3

export interface InboxParts {
  db: () => Db
  token: string
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
  return {
    name: 'inbox',
    concurrency: parts.concurrency,
    claim: (limit) => claimEvents(parts.db(), limit, parts.token, parts.now(), LEASE_MS),
    run: (event) => handle(parts, event),
  }
}

async function handle(parts: InboxParts, event: EventRow): Promise<void> {
  const beat = setInterval(() => void extendLease(parts.db(), event.id, parts.token, parts.now() + LEASE_MS).catch(() => {}), HEARTBEAT_MS)
  beat.unref()
  try {
    const scene = await setScene(parts, event)
    if (event.attempts === 1)
      parts.observed(event.type, {
        event: { id: String(event.id), type: event.type, at: new Date(event.at), number: event.number },
        ...(scene.status ?? {}),
        text: scene.facts?.text ?? null,
        reply: scene.facts?.reply ?? null,
      })
    if (event.type === 'status' && scene.status === null) return await layAside(parts, event)
    const planned = event.planned === 1 ? await runsOf(parts.db().write, event.id) : await plan(parts, scene)
    const runs = await runAll(parts, scene, planned)
    await finish(parts, scene, runs)
  } catch (error) {
    await finishEvent(parts.db(), event, parts.token, again(parts, event, error, null), parts.now())
  } finally {
    clearInterval(beat)
    parts.changed(event.conversation_id)
  }
}

/** An event with everything its listeners are told about. */
interface Scene {
  event: EventRow
  message: MessageRow | null
  facts: Facts | null
  attempt: Omit<Attempt, 'listener' | 'signal' | 'attempt'> | null
  status: Record<string, unknown> | null
}

async function setScene(parts: InboxParts, event: EventRow): Promise<Scene> {
  const db = parts.db()
  if (event.type === 'status') return { event, message: null, facts: null, attempt: null, status: await climb(parts, db, event) }
  const message = event.message_id === null ? null : await messageById(db.write, event.message_id)
  const conversation = event.conversation_id === null ? null : await conversationOf(db, event)
  const contact = conversation ? await findContact(db.write, { id: conversation.contact_id }) : null
  if (!conversation || !contact) return { event, message, facts: null, attempt: null, status: (event.payload as Record<string, unknown> | null) ?? {} }
  const facts = message && event.type in HEARD_AS ? await factsOf(db.write, message, conversation) : null
  return { event, message, facts, attempt: { event, contact, conversation, message, facts }, status: null }
}

/** The event's conversation; where it stands now, when it was joined to another one since the event was claimed. */
async function conversationOf(db: Db, event: EventRow): Promise<ConversationRow | null> {
  const known = event.conversation_id === null ? null : await conversationById(db.write, event.conversation_id)
  if (known) return known
  const now = (await eventById(db.write, event.id))?.conversation_id ?? null
  return now === null || now === event.conversation_id ? null : conversationById(db.write, now)
}

/** A status of a message that is not ours, or not known yet: the outbox looks for it (`releaseParked`) when it learns the id. */
async function layAside(parts: InboxParts, event: EventRow): Promise<void> {
  const db = parts.db()
  await finishEvent(db, event, parts.token, { state: 'done' }, parts.now())
  // The outbox may have learned the id, and looked, while this attempt still ran.
  if (!(await messageOf(db, event)) || !(await decideEvent(db.write, event.id, ['done'], { state: 'waiting' }, parts.now()))) return
  parts.wakeIn(0)
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
    const fresh = await messageById(trx, message.id)
    if (!fresh) return
    await applyStatus(trx, fresh, status.status, status.error, event.at, status.providerId)
    await tieEvent(trx, event.id, { message_id: message.id })
    await markChanged(trx, message.conversation_id, parts.now())
  })
  if (status.alert)
    parts.log.error({ number: event.number, message: message.id, reason: status.error?.title ?? null }, 'the provider reports a failure of the whole account')
  parts.changed(message.conversation_id)
  return { message: { id: String(message.id), status: status.status, error: status.error, meta: message.meta ?? {} } }
}

/** Chooses the listeners and writes the choice down, with where the customer stood, in one transaction. */
async function plan(parts: InboxParts, scene: Scene): Promise<RunRow[]> {
  const db = parts.db()
  await db.tx(async (trx) => {
    const conversation = scene.attempt ? await conversationById(trx, scene.attempt.conversation.id) : null
    // Chosen without knowing where the customer stands, nobody would hear the tap: the attempt begins anew.
    if (scene.attempt && !conversation) throw onceMore('the conversation was joined to another one')
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
    await trx('wa_events').where({ id: scene.event.id }).update({ planned: 1 })
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

async function runOne(parts: InboxParts, scene: Scene, run: RunRow): Promise<RunRow> {
  const listener = parts.listeners.all.get(run.listener)
  const limit = listener?.attempts ?? ATTEMPTS
  if (run.state === 'failed' && run.attempts >= limit) return run
  const db = parts.db()
  if (await tookOver(db, scene, run, listener)) {
    await finishRun(db, run, 'skipped', null, parts.now())
    return { ...run, state: 'skipped' }
  }
  try {
    await withinTime(parts, scene, run, listener?.timeoutMs ?? TIMEOUT_MS)
    await finishRun(db, run, 'done', null, parts.now())
    return { ...run, state: 'done', attempts: run.attempts + 1 }
  } catch (error) {
    const attempts = run.attempts + 1
    const final = error instanceof Stop || attempts >= limit
    const failed: RunRow & { cause: unknown } = {
      ...run,
      state: 'failed',
      attempts: final ? Math.max(attempts, limit) : attempts,
      error: reasonOf(error),
      cause: error,
    }
    await db
      .write('wa_runs')
      .where({ id: run.id })
      .update({ state: 'failed', attempts: failed.attempts, error: failed.error?.slice(0, 4000) ?? null })
    parts.failed(error, { event: { id: String(scene.event.id), type: scene.event.type }, listener: run.listener, attempt: attempts, final })
    return failed
  }
}

/** A listener that ran just before handed over to a person: the bot says nothing more about this event. */
async function tookOver(db: Db, scene: Scene, run: RunRow, listener: Listener | undefined): Promise<boolean> {
  if (!scene.facts || !scene.attempt || run.position === 0 || listener?.whilePerson) return false
  return (await conversationById(db.write, scene.attempt.conversation.id))?.mode === 'person' && scene.attempt.conversation.mode === 'bot'
}

async function withinTime(parts: InboxParts, scene: Scene, run: RunRow, timeoutMs: number): Promise<void> {
  const given = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new WaError('WA_ABORTED', `Listener "${run.listener}" did not end within ${timeoutMs} ms. Let it end sooner, or give it { timeoutMs }.`)
      given.abort(error)
      reject(error)
    }, timeoutMs)
    timer.unref()
  })
  const work = scene.attempt
    ? runListener(
        parts.context,
        parts.listeners,
        parts.flows,
        { ...scene.attempt, listener: run.listener, attempt: run.attempts + 1, signal: given.signal },
        run.snapshot as Step | null,
      )
    : runBare(parts, scene, run)
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
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
  const end = failed
    ? again(parts, event, failed.cause ?? failed.error, retryable(parts, runs))
    : { state: heard || event.type === 'status' ? ('done' as const) : ('unhandled' as const) }
  const mine = await finishEvent(parts.db(), event, parts.token, end, parts.now())
  if (!mine) parts.log.warn({ event: event.id }, 'this attempt took so long that another one had begun; its end was not recorded twice')
  if (mine && end.state === 'retrying') parts.wakeIn(end.nextAt - parts.now())
}

/** The failed runs that may still be tried. */
const retryable = (parts: InboxParts, runs: readonly RunRow[]): RunRow[] =>
  runs.filter((run) => run.state === 'failed' && run.attempts < (parts.listeners.all.get(run.listener)?.attempts ?? ATTEMPTS))

type End = { state: 'retrying'; nextAt: number; late: boolean; error: string } | { state: 'needs_attention'; error: string; late: boolean }

function again(parts: InboxParts, event: EventRow, cause: unknown, open: readonly RunRow[] | null): End {
  const error = reasonOf(cause)
  const late = event.attempts >= QUICK_TRIES
  const given = open === null ? event.attempts < ATTEMPTS : open.length > 0
  if (!given) return { state: 'needs_attention', error, late: true }
  const wait = cause instanceof Retry && cause.afterMs !== undefined ? cause.afterMs : (WAITS_MS[Math.min(event.attempts, WAITS_MS.length) - 1] ?? 1000)
  return { state: 'retrying', nextAt: parts.now() + wait, late, error }
}
