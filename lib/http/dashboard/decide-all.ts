import { WaError } from '../../errors'
import type { Query } from '../../store/database'
import { countEvents, newestEvent } from '../../store/events'
import { countOutbound, newestMessage } from '../../store/messages'
import type { UpTo } from '../../store/rows'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { english } from '../words/say'
import { addressWith, fieldOf } from './asked'
import * as events from './events'
import * as outbox from './outbox'
import { page, seeOther } from './page'

/** A list of which all rows of one state can be decided at once. */
interface Queue<Decision extends string> {
  /** Address of the list, and folder of its views. */
  name: string
  title: string
  decisions: readonly Decision[]
  newest(query: Query): Promise<number>
  /** What stands under the tab that the list is on. Throws WA_NOT_FOUND where the decision is not possible. */
  rows(x: Exchange, decision: Decision): Rows
}
interface Rows {
  state: string
  words: string
  count(query: Query, which: UpTo): Promise<number>
  /** Answers how many moved. */
  decide(which: UpTo): Promise<number>
}

const COUNTED = 1_000_000

const OUTBOX: Queue<(typeof outbox.ALL)[number]> = {
  name: 'outbox',
  title: english('Outbox'),
  decisions: outbox.ALL,
  newest: newestMessage,
  rows({ engine, user, query }, decision) {
    // One state at a time: who sends again what failed means something else than who sends again what may have arrived.
    const tab = outbox.TABS.find((one) => one.state === query.get('state'))
    if (!tab) throw new WaError('WA_NOT_FOUND', 'Choose first which messages are meant: failed, uncertain, waiting or given up.')
    const statuses = outbox.allowedIn(decision, tab)
    return {
      ...tab,
      count: (db, which) => countOutbound(db, statuses, COUNTED, which),
      decide: (which) => engine.decideMessages({ statuses, ...which }, decision, user),
    }
  },
}

const EVENTS: Queue<(typeof events.ALL)[number]> = {
  name: 'events',
  title: english('Needs attention'),
  decisions: events.ALL,
  newest: newestEvent,
  rows({ engine, user, query }, decision) {
    // The first tab has no word in its address.
    const state = query.get('state') ?? events.TABS[0]?.state
    const tab = events.TABS.find((one) => one.state === state)
    if (!tab || !events.isAllowedIn(decision, tab)) throw new WaError('WA_NOT_FOUND', 'There is no such page here.')
    const states = [tab.state]
    return {
      ...tab,
      count: (db, which) => countEvents(db, states, COUNTED, which),
      decide: (which) => engine.decideEvents({ states, ...which }, decision, user),
    }
  },
}

const routesOf = <Decision extends string>(queue: Queue<Decision>): Route<Role>[] =>
  queue.decisions.flatMap((decision): Route<Role>[] => {
    const path = `/${queue.name}/all/${decision}`
    return [
      { method: 'GET', path, may: 'agent', handle: async (x) => confirm(x, queue, decision, await queue.newest(x.engine.db.read), null) },
      { method: 'POST', path, may: 'agent', handle: (x) => decide(x, queue, decision) },
    ]
  })

export const routes: Route<Role>[] = [...routesOf(OUTBOX), ...routesOf(EVENTS)]

/** How many it is about, and what it means, before it is done. */
async function confirm<D extends string>(x: Exchange, queue: Queue<D>, decision: D, upTo: number, notice: string | null, status = 200): Promise<void> {
  const { state, words, count } = queue.rows(x, decision)
  const locals = {
    title: x.t(queue.title),
    decision,
    state,
    tab: x.t(words),
    count: await count(x.engine.db.read, { upTo, numbers: x.user.numbers }),
    upTo,
    notice,
    back: addressWith(x, { after: null }, `/${queue.name}`),
  }
  return page(x, `${queue.name}/all`, locals, status)
}

/** Counted again when the button is pressed: whoever agreed to ten does not get eleven. */
async function decide<D extends string>(x: Exchange, queue: Queue<D>, decision: D): Promise<void> {
  const rows = queue.rows(x, decision)
  const form = await readForm(x.req)
  const [agreed, upTo] = [Number(fieldOf(form, 'count')), Number(fieldOf(form, 'upto'))]
  if (!Number.isSafeInteger(agreed) || !Number.isSafeInteger(upTo)) throw new WaError('WA_REQUEST_INVALID', 'The form was incomplete. Open the page again.')
  const which = { upTo, numbers: x.user.numbers }
  const count = await rows.count(x.engine.db.write, which)
  if (count > agreed) return confirm(x, queue, decision, upTo, x.t('There are more by now: {count}, not {agreed}. Nothing was done.', { count, agreed }), 409)
  const moved = await rows.decide(which)
  return seeOther(x, addressWith(x, { after: null, did: `${decision}.${moved}` }, `/${queue.name}`))
}
