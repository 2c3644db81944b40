import { WaError } from '../errors'
import { claimEvents, SUSPECT, type Taken } from '../store/claims'
import { endTogether } from '../store/endings'
import type { EventRow } from '../store/events'
import { gather } from '../store/gather'
import { type HeadText, waitingHead } from '../store/heads'
import { insist } from '../store/insist'
import { leaseToken } from '../store/lease'
import { isOutage } from '../store/outage'
import { attemptIsOver, extendLease, releaseClaim, releaseEvent } from '../store/queue'
import type { Run } from '../store/runs'
import type { Work } from '../worker'
import { chooseFresh, Joined, runsFor, type Understood } from './choose'
import { again, end, finish } from './end'
import { runAll } from './listen'
import { INSIST_MS, type Inbox, type InboxParts, sayOvertaken } from './parts'
import { type Scene, sceneOf, setScene } from './scene'

const LEASE_MS = 60_000
/** Attempts whose end is written down with one commit at most. */
const ENDINGS = 128
const HEARTBEAT_MS = 20_000
/** So many processes may end with an event in their hands before a person must look at it. */
const CRASHES = 5
/** Somebody else held what was due: their transaction lasts a few milliseconds. */
const MISSED_MS = 25
/** The database failed in the middle of an attempt: it gets so long to recover. */
const OUTAGE_MS = 500

/** The attempt ends because its instance does: nobody failed. */
class Closing extends WaError {}

export interface InboxWork extends Work<Taken<Understood>> {
  /** These stand in the inbox, and are due. */
  tell(heads: readonly HeadText[]): void
}

/** The inbox as work: claim what is due, run its listeners, record how it ended. */
export function inboxWork(given: InboxParts): InboxWork {
  const parts: Inbox = { ...given, ended: gather((endings) => endTogether(given.db(), endings, given.now()), ENDINGS) }
  const underway = new Map<AbortController, EventRow>()
  const unconfirmed = new Set<string>()
  let exhausted = false
  let told: HeadText[] = []
  return {
    name: 'inbox',
    concurrency: parts.concurrency,
    tell: (heads) => void told.push(...heads),
    async claim(limit, look) {
      // Where all else was seen, nobody looks for what is known.
      const known = look || !exhausted || told.length === 0 || told.length >= limit ? null : told.flatMap((text) => waitingHead(text) ?? [])
      told = []
      for (const token of unconfirmed) {
        await releaseClaim(parts.db(), token, parts.now())
        unconfirmed.delete(token)
      }
      if ([...underway.values()].some((event) => event.crashes >= SUSPECT)) return []
      const token = leaseToken(parts.holder)
      try {
        const how = { limit, token, now: parts.now(), leaseMs: LEASE_MS, idle: underway.size === 0, known }
        const { taken, missed, all } = await claimEvents(parts.db(), how, (fresh) => chooseFresh(parts, fresh))
        if (missed) parts.wakeIn(MISSED_MS)
        exhausted = all
        return taken
      } catch (error) {
        unconfirmed.add(token)
        throw error
      }
    },
    exhausted: () => exhausted,
    async run(taken) {
      const attempt = new AbortController()
      underway.set(attempt, taken.event)
      try {
        await handle(parts, taken, attempt)
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

async function handle(parts: Inbox, taken: Taken<Understood>, given: AbortController): Promise<void> {
  const { event } = taken
  const beat = setInterval(() => void keepLease(parts, event, given).catch(() => {}), HEARTBEAT_MS)
  beat.unref()
  try {
    if (event.crashes >= CRASHES) return await giveToPerson(parts, event)
    const { scene, runs } = await look(parts, taken, given.signal)
    await finish(parts, scene, await runAll(parts, scene, runs))
  } catch (error) {
    if (given.signal.reason instanceof Closing) await releaseEvent(parts.db(), event, parts.now())
    else if (given.signal.aborted) sayOvertaken(parts, event.id)
    // Nobody failed but the database: the attempt does not count, and the customer's later words go on waiting for it.
    else if (!(error instanceof WaError) && isOutage(error)) await postpone(parts, event)
    else await end(parts, event, again(parts, event, error, null))
  } finally {
    clearInterval(beat)
    parts.changed(event.conversation_id)
  }
}

/** What the event is about, and who hears it. */
async function look(parts: InboxParts, { event, begun }: Taken<Understood>, signal: AbortSignal): Promise<{ scene: Scene; runs: Run[] }> {
  const scene = begun ? sceneOf(event, signal, begun.fresh, begun.choice.facts) : await setScene(parts, event, signal)
  observe(parts, scene)
  if (begun) return { scene, runs: begun.runs }
  try {
    return { scene, runs: await runsFor(parts, scene) }
  } catch (error) {
    if (!(error instanceof Joined)) throw error
    const anew = await setScene(parts, event, signal)
    return { scene: anew, runs: await runsFor(parts, anew) }
  }
}

/** Those who only watch are told once. */
function observe(parts: InboxParts, { event, status, facts }: Scene): void {
  if (event.attempts > 1) return
  parts.observed(event.type, {
    event: { id: String(event.id), type: event.type, at: new Date(event.at), number: event.number },
    ...(status ?? {}),
    text: facts?.text ?? null,
    reply: facts?.reply ?? null,
  })
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
async function giveToPerson(parts: Inbox, event: EventRow): Promise<void> {
  const error = new WaError('WA_STATE', `The process ended during handler, ${event.crashes} times. Look what this event does to it, then retry or discard it.`)
  if (await end(parts, event, { state: 'needs_attention', error: error.message, late: true }))
    parts.failed(error, { event: { id: String(event.id), type: event.type }, listener: '', attempt: event.attempts, final: true })
}
