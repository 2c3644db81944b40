import { planMessage } from '../flows/plan'
import { conversationById, setStep } from '../store/conversations'
import type { EventRow } from '../store/events'
import { markPlanned } from '../store/queue'
import { insertRuns, type RunRow, runsOf } from '../store/runs'
import type { InboxParts } from './parts'
import type { Scene } from './scene'

/** Two customers proved to be one while this event was looked at: where it happened is looked up anew. */
export class Joined extends Error {}

/** The listeners that hear this event. Of a status whose message is not known nothing is written down: it may become known. */
export async function runsFor(parts: InboxParts, scene: Scene): Promise<RunRow[]> {
  if (scene.event.type === 'status' && scene.status === null) return []
  return scene.event.planned === 1 ? runsOf(parts.db().write, scene.event.id) : plan(parts, scene)
}

/** Chooses the listeners and writes the choice down, with where the customer stood, in one transaction. */
async function plan(parts: InboxParts, scene: Scene): Promise<RunRow[]> {
  const { event, facts, attempt } = scene
  const named = facts ? [] : parts.listeners.hearing([event.type], event.number).map(({ name }) => ({ listener: name, snapshot: null }))
  // Nobody hears it: chosen again, it would be the same.
  if (!facts && named.length === 0) return []
  const db = parts.db()
  return db.tx(async (trx) => {
    await markPlanned(trx, event)
    const conversation = attempt ? await conversationById(trx, attempt.conversation.id) : null
    // Chosen without knowing where the customer stands, nobody would hear the tap: the attempt begins anew.
    if (attempt && !conversation) throw new Joined('the conversation was joined to another one')
    const chosen =
      facts && conversation
        ? planMessage({ facts, number: event.number, step: conversation.step, mode: conversation.mode, now: parts.now() }, parts.listeners, parts.flows)
        : { runs: named, leavesStep: false }
    const runs = await insertRuns(trx, db, event.id, chosen.runs, !isNew(event))
    if (chosen.leavesStep && conversation) await setStep(trx, conversation.id, null, parts.now())
    return runs
  })
}

/** Nothing was chosen for it before: its first attempt, and no person sent it back. */
const isNew = (event: EventRow): boolean => event.attempts === 1 && event.late === 0 && event.replays === 0
