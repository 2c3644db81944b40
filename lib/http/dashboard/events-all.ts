import { WaError } from '../../errors'
import { countEvents, newestEvent } from '../../store/events'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { addressWith, agreedIn } from './asked'
import { ALL, isAllowedIn, TABS, type Tab } from './events'
import { page, seeOther } from './page'

type Decision = (typeof ALL)[number]

export const routes: Route<Role>[] = ALL.flatMap((decision): Route<Role>[] => [
  { method: 'GET', path: `/events/all/${decision}`, may: 'agent', handle: async (x) => confirm(x, decision, await newestEvent(x.engine.db.read), null) },
  { method: 'POST', path: `/events/all/${decision}`, may: 'agent', handle: (x) => decide(x, decision) },
])

const COUNTED = 1_000_000

/** How many it is about, and what it means, before it is done. */
async function confirm(x: Exchange, decision: Decision, upTo: number, notice: string | null, status = 200): Promise<void> {
  const tab = tabOf(x, decision)
  const count = await countEvents(x.engine.db.read, [tab.state], COUNTED, { upTo, numbers: x.user.numbers })
  const back = addressWith(x, { after: null }, '/events')
  return page(x, 'events/all', { title: x.t('Needs attention'), decision, state: tab.state, tab: x.t(tab.words), count, upTo, notice, back }, status)
}

/** The tab that the list is on; the first one has no word in its address. */
function tabOf(x: Exchange, decision: Decision): Tab {
  const state = x.query.get('state') ?? TABS[0]?.state
  const tab = TABS.find((one) => one.state === state)
  if (tab && isAllowedIn(decision, tab)) return tab
  throw new WaError('WA_NOT_FOUND', 'There is no such page here.')
}

/** Counted again when the button is pressed: whoever agreed to ten does not get eleven. */
async function decide(x: Exchange, decision: Decision): Promise<void> {
  const tab = tabOf(x, decision)
  const { count: agreed, upTo } = agreedIn(await readForm(x.req))
  const which = { states: [tab.state], upTo, numbers: x.user.numbers }
  const count = await countEvents(x.engine.db.write, which.states, COUNTED, which)
  if (count > agreed) return confirm(x, decision, upTo, x.t('There are more by now: {count}, not {agreed}. Nothing was done.', { count, agreed }), 409)
  const moved = await x.engine.decideEvents(which, decision, x.user)
  return seeOther(x, addressWith(x, { after: null, did: `${decision}.${moved}` }, '/events'))
}
