import { WaError } from '../../errors'
import type { SentMessage, Status } from '../../model/message'
import { contactsById } from '../../store/contacts'
import { conversationsById } from '../../store/conversations'
import { lastDetails } from '../../store/health'
import { countOutbound, listOutbound, type MessageRow, messageById, messagesById } from '../../store/messages'
import { type Exchange, maySee, type Role, type Route } from '../exchange'
import { english, type Say } from '../words/say'
import { addressWith, afterOf, idOf, isPartial, may } from './asked'
import { triedWords } from './events'
import { shortWords } from './heard'
import { holdStill, shownOf } from './held'
import { streamOf } from './live'
import { fragment, page, seeOther } from './page'
import { type Person, personOf } from './person'
import { type Ticks, ticksOf } from './ticks'
import { type Moment, momentOf } from './when'

const DECISIONS = ['retry', 'arrived', 'cancel'] as const
type Decision = (typeof DECISIONS)[number]

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/outbox', may: 'viewer', handle: (x) => list(x, null) },
  ...DECISIONS.map((decision): Route<Role> => ({ method: 'POST', path: `/outbox/:id/${decision}`, may: 'agent', handle: (x) => decide(x, decision) })),
]

/** What has not left, or not well. */
export interface Tab {
  state: string
  words: string
  statuses: readonly Status[]
}
export const TABS: readonly Tab[] = [
  { state: 'failed', words: english('Failed'), statuses: ['failed'] },
  { state: 'uncertain', words: english('Uncertain'), statuses: ['uncertain'] },
  { state: 'waiting', words: english('Waiting'), statuses: ['queued', 'sending'] },
  { state: 'expired', words: english('Given up'), statuses: ['expired'] },
]
const OPEN = TABS.flatMap((tab) => tab.statuses)
/** In which states a decision is possible; the engine has the last word. */
const POSSIBLE: Record<Decision, readonly Status[]> = {
  retry: ['failed', 'uncertain', 'expired'],
  arrived: ['uncertain'],
  cancel: ['queued', 'uncertain', 'failed', 'expired'],
}
/** What may be decided for all of a state at once. That they arrived, nobody knows of many. */
export const ALL = ['retry', 'cancel'] as const
/** States of a tab in which this can be decided. */
export const allowedIn = (decision: Decision, tab: Tab): readonly Status[] => tab.statuses.filter((status) => POSSIBLE[decision].includes(status))
const COUNTED = 1000
const PAGE = 50

export interface OutboxLine {
  id: number
  conversationId: number
  person: Person
  words: string
  type: string
  ticks: Ticks
  /** Why it is tried again, when the provider said nothing. */
  reason: string | null
  time: Moment
  /** How often it was tried, and when it is tried again. */
  tries: string | null
  decisions: readonly Decision[]
  /** For its next try, which a person may bring forward. */
  waits: boolean
  /** Nobody knows: sent again, it may be there twice. */
  mayHaveArrived: boolean
}

async function list(x: Exchange, notice: string | null, status = 200): Promise<void> {
  const { db } = x.engine
  const stream = isPartial(x) ? null : await streamOf(x)
  const tab = TABS.find((one) => one.state === x.query.get('state'))
  const found = await listOutbound(db.read, tab?.statuses ?? OPEN, { limit: PAGE, after: afterOf(x), numbers: x.user.numbers })
  const asked = shownOf(x)
  const gone = await messagesById(
    db.read,
    asked.filter((id) => !found.items.some((message) => message.id === id)),
  )
  for (const { id, direction, number } of gone.values()) if (direction !== 'out' || !maySee(x.user, number)) gone.delete(id)
  const { rows, fresh, next, shown } = holdStill(found, asked, gone, PAGE)
  // A connection that was refused is no word of the provider: why it is tried again stands in its history alone.
  const reasons = await lastDetails(
    db.read,
    rows.filter((message) => message.status === 'queued' && message.attempts > 0 && message.error === null).map((message) => message.id),
  )
  const conversations = await conversationsById(
    db.read,
    rows.map((message) => message.conversation_id),
  )
  const contacts = await contactsById(
    db.read,
    [...conversations.values()].map((conversation) => conversation.contact_id),
  )
  const lines = rows.map((message) => {
    const contact = contacts.get(conversations.get(message.conversation_id)?.contact_id ?? 0)
    return lineOf(message, personOf(contact, x), reasons.get(message.id) ?? null, x)
  })
  // Counts are over all business numbers: whoever sees only some of them gets none.
  const counts = x.user.numbers === undefined ? await Promise.all(TABS.map((one) => countOutbound(db.read, one.statuses, COUNTED))) : TABS.map(() => 0)
  const address = (changes: Record<string, string | null>): string => addressWith(x, { did: null, shown: null, ...changes }, '/outbox')
  const locals = {
    notice,
    here: address({ shown }),
    query: address({ shown }).slice('/outbox'.length),
    fresh: fresh === 0 ? null : { words: x.t.n('One new: show it', '{n} new: show them', fresh), href: address({}) },
    tabs: [
      { words: x.t('Everything'), href: address({ state: null, after: null }), on: tab === undefined, count: null },
      ...TABS.map((one, index) => ({
        words: x.t(one.words),
        href: address({ state: one.state, after: null }),
        on: tab === one,
        count: countWords(counts[index] ?? 0),
      })),
    ],
    lines,
    counts: lines.some((line) => line.waits),
    isFirst: afterOf(x) === undefined,
    first: address({ after: null }),
    next: next === null ? null : address({ after: next }),
    mayDecide: may(x, 'agent'),
    all:
      tab && rows.length > 1 && may(x, 'agent')
        ? ALL.filter((decision) => allowedIn(decision, tab).length > 0).map((decision) => ({
            decision,
            href: addressWith(x, { did: null, shown: null, after: null }, `/outbox/all/${decision}`),
          }))
        : [],
    done: doneWords(x.query.get('did') ?? '', x.t),
  }
  if (isPartial(x)) return fragment(x, 'outbox/_outbox', locals, status)
  return page(x, 'outbox/index', { title: x.t('Outbox'), stream, ...locals }, status)
}

const countWords = (count: number): string | null => (count === 0 ? null : count >= COUNTED ? `${COUNTED}+` : String(count))

function lineOf(message: MessageRow, person: Person, reason: string | null, x: Exchange): OutboxLine {
  const status = message.status ?? 'queued'
  const waits = status === 'queued' && (message.next_at ?? 0) > x.engine.now()
  return {
    id: message.id,
    conversationId: message.conversation_id,
    person,
    words: message.payload === null ? x.t('Erased') : shortWords(message, x.t),
    type: message.menu_key ?? (message.payload as SentMessage | null)?.type ?? message.type,
    ticks: ticksOf(status, message.error, x.t),
    reason: reason === null ? null : x.t.said(reason),
    time: momentOf(message.created_at, x),
    tries: message.attempts === 0 ? null : triedWords(message.attempts, status === 'queued' ? message.next_at : null, x),
    decisions: DECISIONS.filter((decision) => POSSIBLE[decision].includes(status) || (decision === 'retry' && waits)),
    waits,
    mayHaveArrived: status === 'uncertain',
  }
}

async function decide(x: Exchange, decision: Decision): Promise<void> {
  const id = idOf(x)
  const message = await messageById(x.engine.db.read, id)
  if (message?.direction !== 'out' || !maySee(x.user, message.number)) throw new WaError('WA_NOT_FOUND', `There is no sent message ${id}.`)
  try {
    await x.engine.decideMessage(String(id), decision, x.user)
  } catch (error) {
    // Somebody else, or the provider, was faster: the list as it is now, and why nothing was done.
    if (!(error instanceof WaError) || error.code !== 'WA_STATE') throw error
    return list(x, x.t.said(error.message), error.status)
  }
  return isPartial(x) ? list(x, null) : seeOther(x, addressWith(x, { shown: null }, '/outbox'))
}

/** `retry.12`: what the page before this one did. */
function doneWords(did: string, t: Say): string | null {
  const [, decision, count] = /^(retry|cancel)\.(\d{1,9})$/.exec(did) ?? []
  if (decision === undefined) return null
  return decision === 'retry'
    ? t.n('One message will be sent again.', '{n} messages will be sent again.', Number(count))
    : t.n('One message discarded.', '{n} messages discarded.', Number(count))
}
