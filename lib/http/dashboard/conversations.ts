import { plain } from '../../model/format'
import { WINDOW_MS } from '../../model/window'
import { searchContacts } from '../../store/contacts'
import type { ConversationFilter } from '../../store/conversations'
import { type Talk, talksOf } from '../../store/talks'
import { type Exchange, maySee, type Role, type Route } from '../exchange'
import { english } from '../words/say'
import { addressWith, afterOf, isPartial } from './asked'
import { type Found, foundIn, NOTHING_FOUND } from './found'
import { streamWith } from './live'
import { fragment, page } from './page'
import { byWords, type Person, personOf } from './person'
import { boundsOf, dayWords, spanOf } from './span'
import { type Moment, momentOf, type WindowView, windowView } from './when'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/conversations', may: 'viewer', handle: list }]

const PAGE = 50
/** Customers whose name or number fits: whoever needs more must be more exact. */
const NAMED = 200
const LONGEST_QUERY = 200

/** What the list can be narrowed to, as words in the address: `?window=open&unread=1`. */
const FILTERS: readonly { name: 'mode' | 'window' | 'unread'; words: string; value: string; filter: (now: number) => ConversationFilter }[] = [
  { name: 'mode', value: 'person', words: english('A person in charge'), filter: () => ({ mode: 'person' }) },
  { name: 'mode', value: 'bot', words: english('Bot in charge'), filter: () => ({ mode: 'bot' }) },
  { name: 'unread', value: '1', words: english('Unread'), filter: () => ({ unread: true }) },
  { name: 'window', value: 'open', words: english('Window open'), filter: (now) => ({ heardSince: now - WINDOW_MS }) },
  { name: 'window', value: 'closed', words: english('Window closed'), filter: (now) => ({ heardBefore: now - WINDOW_MS }) },
]

/** A line of the list. */
export interface TalkLine {
  id: number
  person: Person
  words: string
  /** Whose words they are, when they are ours: `Bot:`, or the name of a person. */
  by: string | null
  time: Moment
  unread: number
  window: WindowView
  mode: Talk['mode']
  assigned: string | null
  number: string
}

async function list(x: Exchange): Promise<void> {
  const now = x.engine.now()
  const query = (x.query.get('q') ?? '').trim().slice(0, LONGEST_QUERY)
  const number = [...x.engine.lines.keys()].find((one) => one === x.query.get('number') && maySee(x.user, one))
  const on = FILTERS.filter((one) => x.query.get(one.name) === one.value)
  const days = spanOf(x)
  const { since, before } = boundsOf(x, days)
  const filter: ConversationFilter = Object.assign({}, ...on.map((one) => one.filter(now)), {
    number,
    numbers: x.user.numbers,
    lastSince: since,
    lastBefore: before,
  })
  const named = query === '' ? null : await searchContacts(x.engine.db.read, query, NAMED)
  const { stream, found } = await streamWith(
    x,
    talksOf({ ...filter, limit: PAGE, after: afterOf(x), ...(named ? { contactIds: named.map((contact) => contact.id) } : {}) }),
  )
  const isNarrowed = on.length > 0 || days.from !== null || days.to !== null || number !== undefined
  const said: Found = query === '' || afterOf(x) !== undefined ? NOTHING_FOUND : await foundIn(x, query, isNarrowed ? filter : undefined)
  const lines = found.items.map((talk) => lineOf(talk, x))
  const locals = {
    query,
    found: said,
    number: number ?? null,
    lines,
    // Windows that close come into this list without anything happening.
    counts: x.query.get('window') === 'closed' || lines.some(countsDown),
    here: addressWith(x, {}),
    filters: [
      {
        words: x.t('All'),
        href: addressWith(x, { mode: null, window: null, unread: null, from: null, to: null, after: null }),
        on: on.length === 0 && !days.from && !days.to,
      },
      ...(days.from ? [{ words: x.t('From {day}', { day: dayWords(x, days.from) }), href: addressWith(x, { from: null, after: null }), on: true }] : []),
      ...(days.to ? [{ words: x.t('Until {day}', { day: dayWords(x, days.to) }), href: addressWith(x, { to: null, after: null }), on: true }] : []),
      // A filter that is on is taken off by choosing it again: several may be on at once.
      ...FILTERS.map((one) => ({
        words: x.t(one.words),
        href: addressWith(x, { [one.name]: on.includes(one) ? null : one.value, after: null }),
        on: on.includes(one),
      })),
    ],
    days,
    numbers:
      x.engine.lines.size > 1
        ? [...x.engine.lines.keys()]
            .filter((one) => maySee(x.user, one))
            .map((one) => ({ words: one, href: addressWith(x, { number: one === number ? null : one, after: null }), on: one === number }))
        : [],
    isFirst: afterOf(x) === undefined,
    first: addressWith(x, { after: null }),
    next: found.next === null ? null : addressWith(x, { after: found.next }),
    filtered: isNarrowed || query !== '',
    several: x.engine.lines.size > 1,
    simulated: [...x.engine.lines.values()].some((line) => line.provider.name === 'simulator'),
    kept: [...x.query].filter(([name]) => ['mode', 'window', 'unread', 'number', 'from', 'to'].includes(name)).map(([name, value]) => ({ name, value })),
  }
  if (isPartial(x)) return fragment(x, 'conversations/_conversations', locals)
  return page(x, 'conversations/index', { title: x.t('Conversations'), stream, ...locals })
}

/** Its words are others in a minute. */
export const countsDown = ({ window }: Pick<TalkLine, 'window'>): boolean => window.state === 'open' || window.state === 'soon'

export function lineOf(talk: Talk, x: Exchange): TalkLine {
  return {
    id: talk.id,
    person: personOf(talk.contact, x),
    words: plain(talk.last_text ?? ''),
    by: talk.last_direction === 'out' ? byWords(talk.last_sent_by, x.t) : null,
    time: momentOf(talk.last_at, x),
    unread: talk.unread,
    window: windowView(talk.last_inbound_at, x),
    mode: talk.mode,
    assigned: talk.assigned_to,
    number: talk.number,
  }
}
