import { WaError } from '../../errors'
import type { EventState } from '../../model/event'
import { contactsById } from '../../store/contacts'
import { conversationsById } from '../../store/conversations'
import { countEvents, type EventRow, eventById, listEvents } from '../../store/events'
import { type MessageRow, messagesById } from '../../store/messages'
import { type RunRow, runsOfEvents } from '../../store/runs'
import { type Exchange, maySee, type Role, type Route } from '../exchange'
import { addressWith, afterOf, idOf, isPartial, may } from './asked'
import { shortWords } from './heard'
import { fragment, page, seeOther } from './page'
import { type Person, personOf } from './person'
import { duration, type Moment, momentOf } from './when'

const DECISIONS = ['retry', 'discard', 'replay'] as const
type Decision = (typeof DECISIONS)[number]

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/events', may: 'viewer', handle: (x) => list(x, null) },
  ...DECISIONS.map((decision): Route<Role> => ({ method: 'POST', path: `/events/:id/${decision}`, may: 'agent', handle: (x) => decide(x, decision) })),
]

const TABS: readonly { state: EventState; words: string; empty: string }[] = [
  { state: 'needs_attention', words: 'Needs attention', empty: 'Nothing needs you. Events whose listener fails again and again come here, and wait.' },
  { state: 'retrying', words: 'Trying again', empty: 'No listener is being tried again.' },
  { state: 'unhandled', words: 'Nobody listened', empty: 'Every event found somebody who listens.' },
  { state: 'unrecognised', words: 'Not understood', empty: 'The provider has sent nothing that we do not know.' },
  { state: 'discarded', words: 'Discarded', empty: 'Nobody has discarded an event.' },
  { state: 'done', words: 'Done', empty: 'No event has been handled yet.' },
]
/** In which states a decision is possible; the engine has the last word. */
const POSSIBLE: Record<Decision, readonly EventState[]> = {
  retry: ['needs_attention', 'retrying', 'unhandled'],
  replay: ['done', 'discarded'],
  discard: ['needs_attention', 'retrying', 'unhandled', 'unrecognised'],
}
const COUNTED = 1000
const PAGE = 30

export interface EventLine {
  id: number
  type: string
  state: EventState
  person: Person | null
  conversationId: number | null
  words: string
  time: Moment
  tries: string | null
  error: string | null
  runs: readonly { listener: string; state: RunRow['state']; attempts: number; error: string | null }[]
  decisions: readonly Decision[]
}

async function list(x: Exchange, notice: string | null, status = 200): Promise<void> {
  const { db } = x.engine
  const tab = TABS.find((one) => one.state === x.query.get('state')) ?? (TABS[0] as (typeof TABS)[number])
  const found = await listEvents(db.read, { states: [tab.state], numbers: x.user.numbers }, { limit: PAGE, after: afterOf(x) })
  const events = found.items
  const [runs, messages, conversations] = await Promise.all([
    runsOfEvents(
      db.read,
      events.map((event) => event.id),
    ),
    messagesById(db.read, idsIn(events.map((event) => event.message_id))),
    conversationsById(db.read, idsIn(events.map((event) => event.conversation_id))),
  ])
  const contacts = await contactsById(
    db.read,
    [...conversations.values()].map((conversation) => conversation.contact_id),
  )
  const counts = x.user.numbers === undefined ? await Promise.all(TABS.slice(0, 4).map((one) => countEvents(db.read, [one.state], COUNTED))) : []
  const now = x.engine.now()
  const address = (changes: Record<string, string | null>): string => addressWith(x, changes, '/events')
  const locals = {
    notice,
    empty: tab.empty,
    here: address({}),
    query: address({}).slice('/events'.length),
    tabs: TABS.map((one, index) => ({
      words: one.words,
      href: address({ state: index === 0 ? null : one.state, after: null }),
      on: tab === one,
      count: countWords(counts[index] ?? 0),
    })),
    lines: events.map((event) => {
      const conversation = conversations.get(event.conversation_id ?? 0)
      const person = conversation ? personOf(contacts.get(conversation.contact_id), x.user) : null
      return lineOf(event, person, messages.get(event.message_id ?? 0), runs.get(event.id) ?? [], now)
    }),
    isFirst: afterOf(x) === undefined,
    first: address({ after: null }),
    next: found.next === null ? null : address({ after: found.next }),
    mayDecide: may(x, 'agent'),
  }
  if (isPartial(x)) return fragment(x, 'events/_events', locals, status)
  return page(x, 'events/index', { title: 'Needs attention', ...locals }, status)
}

const idsIn = (ids: readonly (number | null)[]): number[] => ids.filter((id) => id !== null)
const countWords = (count: number): string | null => (count === 0 ? null : count >= COUNTED ? `${COUNTED}+` : String(count))

function lineOf(event: EventRow, person: Person | null, message: MessageRow | undefined, runs: readonly RunRow[], now: number): EventLine {
  return {
    id: event.id,
    type: event.type,
    state: event.state,
    person,
    conversationId: event.conversation_id,
    words: message ? shortWords(message) : '',
    time: momentOf(event.created_at, now),
    tries: triesOf(event, now),
    error: event.error,
    runs: runs.map(({ listener, state, attempts, error }) => ({ listener, state, attempts, error })),
    decisions: DECISIONS.filter((decision) => POSSIBLE[decision].includes(event.state)),
  }
}

function triesOf(event: EventRow, now: number): string | null {
  if (event.attempts < 2 && event.state !== 'retrying' && event.state !== 'needs_attention') return null
  const tried = event.attempts === 1 ? 'Tried once' : `Tried ${event.attempts} times`
  if (event.state !== 'retrying' || event.next_at === null) return tried
  return event.next_at > now ? `${tried}; again in ${duration(event.next_at - now)}` : `${tried}; again now`
}

async function decide(x: Exchange, decision: Decision): Promise<void> {
  const id = idOf(x)
  const event = await eventById(x.engine.db.read, id)
  if (!event || !maySee(x.user, event.number)) throw new WaError('WA_NOT_FOUND', `There is no event ${id}.`)
  try {
    await x.engine.decideEvent(String(id), decision, x.user)
  } catch (error) {
    if (!(error instanceof WaError) || error.code !== 'WA_STATE') throw error
    return list(x, error.message, error.status)
  }
  return isPartial(x) ? list(x, null) : seeOther(x, addressWith(x, {}, '/events'))
}
