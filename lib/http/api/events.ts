import type { EventState } from '../../model/event'
import { type EventRow, eventById, listEvents } from '../../store/events'
import { type RunRow, runsOfEvents } from '../../store/runs'
import type { Exchange } from '../exchange'
import { sendJson } from '../problem'
import { idOf, notFound } from './asked'
import type { ApiRoute, Asked } from './route'
import { Decided, Event, EventState as StateSchema } from './schemas/event'
import { at, atOrNull, numberFilter, type Paging, pageOf, paging, shape } from './schemas/shape'

export const routes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/api/events',
    may: 'read',
    id: 'listEvents',
    summary: 'The inbox: what customers did and what became of it',
    query: shape({}, { state: StateSchema.description('Only those that stand here, such as `needs_attention`.'), ...numberFilter, ...paging }),
    answer: { status: 200, about: 'A page of events.', schema: pageOf(Event) },
    handle: list,
  },
  decision(
    'retry',
    'retryEvent',
    'Let what failed run again',
    'Possible while it needs attention, is being retried, or nobody listened. Listeners that succeeded are left alone.',
  ),
  decision('discard', 'discardEvent', 'Handle it no more', 'Possible while it waits, is being retried, needs attention, or nobody listened or understood it.'),
  decision(
    'replay',
    'replayEvent',
    'Handle it anew from the beginning',
    'Possible while it is done, discarded, needs attention, or nobody listened. Every listener runs again, and says again what it says.',
  ),
]

// A key with scope send belongs to a service that writes to customers. These decide what becomes of what customers said: a discarded tap is lost,
// a replayed one repeats every effect of the host.
function decision(verb: 'retry' | 'discard' | 'replay', id: string, summary: string, about: string): ApiRoute {
  return {
    method: 'POST',
    path: `/api/events/:id/${verb}`,
    may: 'admin',
    id,
    summary,
    about: `${about} Otherwise 409.`,
    answer: { status: 200, about: 'Decided.', schema: Decided },
    refuses: ['WA_NOT_FOUND', 'WA_STATE'],
    handle: (x) => decide(x, verb),
  }
}

async function decide(x: Exchange, verb: 'retry' | 'discard' | 'replay'): Promise<void> {
  const id = String(idOf(x, 'event'))
  await x.engine.decideEvent(id, verb, x.user)
  const event = await eventById(x.engine.db.write, Number(id))
  if (event === null) throw notFound('event', id)
  sendJson(x.res, 200, { id, state: event.state })
}

async function list(x: Exchange, { query }: Asked): Promise<void> {
  const { read } = x.engine.db
  const { state, number, ...page } = query as unknown as Paging & { state?: EventState; number?: string }
  const found = await listEvents(read, { ...(state ? { states: [state] } : {}), numbers: number === undefined ? undefined : [number] }, page)
  const runs = await runsOfEvents(
    read,
    found.items.map((event) => event.id),
  )
  sendJson(x.res, 200, { items: found.items.map((event) => shownAs(event, runs.get(event.id) ?? [])), next: found.next })
}

const shownAs = (event: EventRow, runs: readonly RunRow[]) => ({
  id: String(event.id),
  type: event.type,
  state: event.state,
  number: event.number,
  conversationId: event.conversation_id === null ? null : String(event.conversation_id),
  messageId: event.message_id === null ? null : String(event.message_id),
  attempts: event.attempts,
  replays: event.replays,
  late: event.late === 1,
  error: event.error,
  runs: runs.map(({ listener, state, attempts, error }) => ({ listener, state, attempts, error })),
  at: at(event.at),
  receivedAt: at(event.created_at),
  nextAt: atOrNull(event.next_at),
})
