import { Retry, reasonOf } from '../errors'
import { ASK_AGAIN } from '../flows/plan'
import { HEARD_AS } from '../model/event'
import type { EventRow } from '../store/events'
import { insist } from '../store/insist'
import { finishEvent } from '../store/queue'
import { type Run, recordRun } from '../store/runs'
import { ATTEMPTS, attemptsOf, type Heard } from './listen'
import { INSIST_MS, type Inbox, type InboxParts, sayOvertaken } from './parts'
import type { Scene } from './scene'

/** Between attempts: quick ones first, then patience; about nine hours in all, because a reply after a day is useless. */
const WAITS_MS = [1000, 5000, 30_000, 600_000, 1_800_000, 7_200_000, 21_600_000] as const
/** After so many failures the event steps aside: later words of the customer no longer wait for it. */
const QUICK_TRIES = 3

/** Records how the listeners' work ended: the event is done, or it is tried again, or a person must look at it. */
export async function finish(parts: Inbox, scene: Scene, runs: readonly Heard[]): Promise<void> {
  const { event } = scene
  const failed = runs.find((run) => run.state === 'failed')
  const heard = runs.some((run) => run.listener !== ASK_AGAIN || run.state === 'done')
  const last = runs.find((run) => run.unwritten)
  if (failed) await end(parts, event, again(parts, event, failed.cause ?? failed.error, retryable(parts, runs)))
  else if (event.type === 'status') await end(parts, event, { state: 'done', parked: scene.status === null }, last)
  // What happens between people and the bot is news, not a customer's word: nobody needs to listen. What a person in charge read has been heard:
  // among what nobody listened to, one click on "Try all again" would have the bot answer it once more, long after.
  else await end(parts, event, { state: heard || isWithPerson(scene) || !(event.type in HEARD_AS) ? 'done' : 'unhandled' }, last)
}

const isWithPerson = ({ attempt }: Scene): boolean => attempt?.conversation.mode === 'person'

/** Records how an attempt ended, and with it the last listener's work; false when another attempt has begun meanwhile. */
export async function end(parts: Inbox, event: EventRow, how: End, last?: Run): Promise<boolean> {
  const mine = await insist(() => write(parts, event, how, last), INSIST_MS)
  if (!mine) sayOvertaken(parts, event.id)
  if (mine && how.state === 'retrying') parts.wakeIn(how.nextAt - parts.now())
  return mine
}

async function write(inbox: Inbox, event: EventRow, how: End, last: Run | undefined): Promise<boolean> {
  const { state } = how
  if ((state === 'done' || state === 'unhandled') && !how.parked) return inbox.ended({ event, state, run: last ?? null })
  const db = inbox.db()
  if (!last) return finishEvent(db.write, event, how, inbox.now())
  // One commit for both.
  return db.tx(async (trx) => (await recordRun(trx, event, last, inbox.now())) && (await finishEvent(trx, event, how, inbox.now())))
}

/** The failed runs that may still be tried. */
const retryable = (parts: InboxParts, runs: readonly Run[]): Run[] =>
  runs.filter((run) => run.state === 'failed' && run.attempts < attemptsOf(parts, run.listener))

export type End =
  | { state: 'retrying'; nextAt: number; late: boolean; error: string }
  | { state: 'needs_attention'; error: string; late: boolean }
  | { state: 'done' | 'unhandled' /** A status whose message is not known (yet). */; parked?: boolean }

/** How an attempt ends that failed: of `open` runs, or before they were known (null). */
export function again(parts: InboxParts, event: EventRow, cause: unknown, open: readonly Run[] | null): End {
  const error = reasonOf(cause)
  const late = event.attempts >= QUICK_TRIES
  const given = open === null ? event.attempts < ATTEMPTS : open.length > 0
  if (!given) return { state: 'needs_attention', error, late: true }
  const wait = cause instanceof Retry && cause.afterMs !== undefined ? cause.afterMs : (WAITS_MS[Math.min(event.attempts, WAITS_MS.length) - 1] ?? 1000)
  return { state: 'retrying', nextAt: parts.now() + wait, late, error }
}
