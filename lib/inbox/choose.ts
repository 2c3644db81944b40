import { type Facts, factsOf } from '../flows/facts'
import { planMessage } from '../flows/plan'
import { HEARD_AS } from '../model/event'
import type { Chosen } from '../store/claims'
import { type ConversationRow, conversationById, setStep } from '../store/conversations'
import type { EventRow } from '../store/events'
import type { Fresh } from '../store/heads'
import { markPlanned } from '../store/queue'
import { deleteRuns, insertRuns, type Run, runsFrom, runsOf } from '../store/runs'
import type { InboxParts } from './parts'
import type { Scene } from './scene'

/** Two customers proved to be one while this event was looked at: where it happened is looked up anew. */
export class Joined extends Error {}

/** Who hears a message, and what it says. */
export interface Understood extends Chosen {
  facts: Facts
}
/**
 * Chooses the listeners of a message before it is taken, so that both are one commit. Null when it must be taken first: what the host's own patterns
 * throw is a failure of the attempt.
 */
export async function chooseFresh(parts: InboxParts, fresh: Fresh): Promise<Understood | null> {
  if (!(fresh.type in HEARD_AS)) return null
  try {
    const facts = await factsOf(parts.db().write, fresh.message, fresh)
    return { ...chosen(parts, facts, fresh.conversation), facts }
  } catch {
    return null
  }
}

/** The listeners that hear this event. Of a status whose message is not known nothing is written down: it may become known. */
export async function runsFor(parts: InboxParts, scene: Scene): Promise<Run[]> {
  if (scene.event.type === 'status' && scene.status === null) return []
  return scene.event.planned === 1 ? runsOf(parts.db().write, scene.event.id) : plan(parts, scene)
}

/** Chooses the listeners and writes the choice down, with where the customer stood, in one transaction. */
async function plan(parts: InboxParts, scene: Scene): Promise<Run[]> {
  const { event, facts, attempt } = scene
  const named = facts ? [] : parts.listeners.hearing([event.type], event.number).map(({ name }) => ({ listener: name, snapshot: null }))
  // Nobody hears it: chosen again, it would be the same.
  if (!facts && named.length === 0) return []
  return parts.db().tx(async (trx) => {
    await markPlanned(trx, event)
    const conversation = attempt ? await conversationById(trx, attempt.conversation.id) : null
    // Chosen without knowing where the customer stands, nobody would hear the tap: the attempt begins anew.
    if (attempt && !conversation) throw new Joined('the conversation was joined to another one')
    const { runs, leavesStep } = facts && conversation ? chosen(parts, facts, conversation) : { runs: named, leavesStep: false }
    if (!isNew(event)) await deleteRuns(trx, event.id)
    await insertRuns(trx, [{ eventId: event.id, runs }])
    if (leavesStep && conversation) await setStep(trx, conversation.id, null, parts.now())
    return runsFrom(runs)
  })
}

const chosen = (parts: InboxParts, facts: Facts, { number, step, mode }: ConversationRow): Chosen =>
  planMessage({ facts, number, step, mode, now: parts.now() }, parts.listeners, parts.flows)

/** Nothing was chosen for it before: its first attempt, and no person sent it back. */
const isNew = (event: EventRow): boolean => event.attempts === 1 && event.late === 0 && event.replays === 0
