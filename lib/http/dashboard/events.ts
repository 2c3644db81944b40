import { WaError } from '../../errors'
import type { EventState } from '../../model/event'
import { contactsById } from '../../store/contacts'
import { conversationsById } from '../../store/conversations'
import { countEvents, type EventRow, eventById, eventsById, listEvents } from '../../store/events'
import { type MessageRow, messagesById } from '../../store/messages'
import { type RunRow, runsOfEvents } from '../../store/runs'
import { type Exchange, maySee, type Role, type Route } from '../exchange'
import { english, type Say } from '../words/say'
import { addressWith, afterOf, idOf, isPartial, may } from './asked'
import { shortWords } from './heard'
import { holdStill, shownOf } from './held'
import { streamOf } from './live'
import { fragment, page, seeOther } from './page'
import { type Person, personOf } from './person'
import { duration, type Moment, momentOf } from './when'

const DECISIONS = ['retry', 'discard', 'replay'] as const
type Decision = (typeof DECISIONS)[number]

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/events', may: 'viewer', handle: (x) => list(x, null) },
  ...DECISIONS.map((decision): Route<Role> => ({ method: 'POST', path: `/events/:id/${decision}`, may: 'agent', handle: (x) => decide(x, decision) })),
]

export interface Tab {
  state: EventState
  words: string
  empty: string
}
export const TABS: readonly Tab[] = [
  {
    state: 'needs_attention',
    words: english('Needs attention'),
    empty: english('Nothing needs you. Events whose listener fails again and again come here, and wait.'),
  },
  { state: 'retrying', words: english('Trying again'), empty: english('No listener is being tried again.') },
  { state: 'unhandled', words: english('Nobody listened'), empty: english('Every event found somebody who listens.') },
  { state: 'unrecognised', words: english('Not understood'), empty: english('The provider has sent nothing that we do not know.') },
  { state: 'discarded', words: english('Discarded'), empty: english('Nobody has discarded an event.') },
  { state: 'done', words: english('Done'), empty: english('No event has been handled yet.') },
]
/** In which states a decision is possible; the engine has the last word. */
const POSSIBLE: Record<Decision, readonly EventState[]> = {
  retry: ['needs_attention', 'retrying', 'unhandled'],
  replay: ['done', 'discarded'],
  discard: ['needs_attention', 'retrying', 'unhandled', 'unrecognised'],
}
/** What may be decided for all of a state at once. */
export const ALL = ['retry', 'discard'] as const
export const isAllowedIn = (decision: Decision, tab: Tab): boolean => POSSIBLE[decision].includes(tab.state)
/** A state of an event in words. */
export const STATE_WORDS: Readonly<Record<EventState, string>> = {
  waiting: english('waits'),
  running: english('is being handled'),
  retrying: english('is tried again'),
  needs_attention: english('needs attention'),
  unhandled: english('nobody listened'),
  unrecognised: english('not understood'),
  discarded: english('discarded'),
  done: english('done'),
}
const COUNTED = 1000
const PAGE = 30
/** Characters of what was not understood: a page of megabytes helps nobody. */
const RAW = 4000

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
  /** What nobody understood, for those who may see what came over the wire. */
  raw: string | null
  runs: readonly { listener: string; state: RunRow['state']; words: string; error: string | null }[]
  decisions: readonly Decision[]
}

async function list(x: Exchange, notice: string | null, status = 200): Promise<void> {
  const { db } = x.engine
  const stream = isPartial(x) ? null : await streamOf(x)
  const tab = TABS.find((one) => one.state === x.query.get('state')) ?? (TABS[0] as (typeof TABS)[number])
  const found = await listEvents(db.read, { states: [tab.state], numbers: x.user.numbers }, { limit: PAGE, after: afterOf(x) })
  const asked = shownOf(x)
  const gone = await eventsById(
    db.read,
    asked.filter((id) => !found.items.some((event) => event.id === id)),
  )
  for (const { id, number } of gone.values()) if (!maySee(x.user, number)) gone.delete(id)
  const { rows: events, fresh, next, shown } = holdStill(found, asked, gone, PAGE)
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
  const address = (changes: Record<string, string | null>): string => addressWith(x, { did: null, shown: null, ...changes }, '/events')
  const locals = {
    notice,
    empty: x.t(tab.empty),
    here: address({ shown }),
    query: address({ shown }).slice('/events'.length),
    fresh: fresh === 0 ? null : { words: x.t.n('One new: show it', '{n} new: show them', fresh), href: address({}) },
    tabs: TABS.map((one, index) => ({
      words: x.t(one.words),
      href: address({ state: index === 0 ? null : one.state, after: null }),
      on: tab === one,
      count: countWords(counts[index] ?? 0),
    })),
    counts: tab.state === 'retrying' && events.length > 0,
    lines: events.map((event) => {
      const conversation = conversations.get(event.conversation_id ?? 0)
      const person = conversation ? personOf(contacts.get(conversation.contact_id), x) : null
      return lineOf(event, person, messages.get(event.message_id ?? 0), runs.get(event.id) ?? [], x)
    }),
    isFirst: afterOf(x) === undefined,
    first: address({ after: null }),
    next: next === null ? null : address({ after: next }),
    mayDecide: may(x, 'agent'),
    all:
      events.length > 1 && may(x, 'agent')
        ? ALL.filter((decision) => isAllowedIn(decision, tab)).map((decision) => ({
            decision,
            href: addressWith(x, { did: null, shown: null, after: null }, `/events/all/${decision}`),
          }))
        : [],
    done: doneWords(x),
  }
  if (isPartial(x)) return fragment(x, 'events/_events', locals, status)
  return page(x, 'events/index', { title: x.t('Needs attention'), stream, ...locals }, status)
}

/** `retry.12`: what the page before this one did. */
function doneWords({ query, t }: Exchange): string | null {
  const [, decision, n] = /^(retry|discard)\.(\d{1,9})$/.exec(query.get('did') ?? '') ?? []
  if (decision === undefined) return null
  return decision === 'retry'
    ? t.n('One event is heard again.', '{n} events are heard again.', Number(n))
    : t.n('One event discarded.', '{n} events discarded.', Number(n))
}

const idsIn = (ids: readonly (number | null)[]): number[] => ids.filter((id) => id !== null)
const countWords = (count: number): string | null => (count === 0 ? null : count >= COUNTED ? `${COUNTED}+` : String(count))

function lineOf(event: EventRow, person: Person | null, message: MessageRow | undefined, runs: readonly RunRow[], x: Exchange): EventLine {
  return {
    id: event.id,
    type: event.type,
    state: event.state,
    person,
    conversationId: event.conversation_id,
    words: message ? shortWords(message, x.t) : '',
    time: momentOf(event.created_at, x),
    tries: triesOf(event, x),
    error: event.error === null ? null : x.t.said(event.error),
    raw: event.state === 'unrecognised' && may(x, 'editor') ? (event.raw?.slice(0, RAW) ?? null) : null,
    runs: runs.map(({ listener, state, attempts, error }) => ({
      listener,
      state,
      // One that was told to stop counts as having had all its tries.
      words: runWords(state, Math.min(attempts, event.attempts), x.t),
      error: error === null ? null : x.t.said(error),
    })),
    decisions: DECISIONS.filter((decision) => POSSIBLE[decision].includes(event.state)),
  }
}

const RUN_WORDS: Readonly<Record<RunRow['state'], string>> = {
  waiting: english('waits'),
  done: english('done'),
  failed: english('failed'),
  skipped: english('skipped'),
}
function runWords(state: RunRow['state'], attempts: number, t: Say): string {
  const words = t(RUN_WORDS[state])
  return attempts > 1 ? t.n('{state} after {n} try', '{state} after {n} tries', attempts, { state: words }) : words
}

function triesOf(event: EventRow, x: Exchange): string | null {
  if (event.attempts < 2 && event.state !== 'retrying' && event.state !== 'needs_attention') return null
  return triedWords(event.attempts, event.state === 'retrying' ? event.next_at : null, x)
}

/** How often something was tried, and when it is tried again. */
export function triedWords(attempts: number, nextAt: number | null, { t, engine }: Exchange): string {
  if (nextAt === null) return t.n('Tried once', 'Tried {n} times', attempts)
  const wait = nextAt - engine.now()
  if (wait <= 0) return t.n('Tried once; again now', 'Tried {n} times; again now', attempts)
  return t.n('Tried once; again in {time}', 'Tried {n} times; again in {time}', attempts, { time: duration(wait, t) })
}

async function decide(x: Exchange, decision: Decision): Promise<void> {
  const id = idOf(x)
  const event = await eventById(x.engine.db.read, id)
  if (!event || !maySee(x.user, event.number)) throw new WaError('WA_NOT_FOUND', `There is no event ${id}.`)
  try {
    await x.engine.decideEvent(String(id), decision, x.user)
  } catch (error) {
    if (!(error instanceof WaError) || error.code !== 'WA_STATE') throw error
    return list(x, x.t.said(error.message), error.status)
  }
  return isPartial(x) ? list(x, null) : seeOther(x, addressWith(x, { shown: null }, '/events'))
}
