import { WaError } from '../errors'
import type { EventRow } from '../store/events'
import { insist } from '../store/insist'
import { leaseToken } from '../store/lease'
import { isOutage } from '../store/outage'
import { attemptIsOver, claimEvents, extendLease, releaseClaim, releaseEvent, SUSPECT } from '../store/queue'
import type { RunRow } from '../store/runs'
import type { Work } from '../worker'
import { Joined, runsFor } from './choose'
import { again, end, finish } from './end'
import { runAll } from './listen'
import { INSIST_MS, type InboxParts, sayOvertaken } from './parts'
import { setScene } from './scene'

const LEASE_MS = 60_000
const HEARTBEAT_MS = 20_000
/** So many processes may end with an event in their hands before a person must look at it. */
const CRASHES = 5
/** Somebody else held what was due: their transaction lasts a few milliseconds. */
const MISSED_MS = 25
/** The database failed in the middle of an attempt: it gets so long to recover. */
const OUTAGE_MS = 500

/** The attempt ends because its instance does: nobody failed. */
class Closing extends WaError {}

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
    else if (given.signal.aborted) sayOvertaken(parts, event.id)
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
