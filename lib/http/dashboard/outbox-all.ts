import { WaError } from '../../errors'
import { countOutbound, newestMessage } from '../../store/messages'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { addressWith, agreedIn } from './asked'
import { ALL, allowedIn, TABS, type Tab } from './outbox'
import { page, seeOther } from './page'

type Decision = (typeof ALL)[number]

export const routes: Route<Role>[] = ALL.flatMap((decision): Route<Role>[] => [
  { method: 'GET', path: `/outbox/all/${decision}`, may: 'agent', handle: async (x) => confirm(x, decision, await newestMessage(x.engine.db.read), null) },
  { method: 'POST', path: `/outbox/all/${decision}`, may: 'agent', handle: (x) => decide(x, decision) },
])

const COUNTED = 1_000_000

/** How many it is about, and what it means, before it is done. */
async function confirm(x: Exchange, decision: Decision, upTo: number, notice: string | null, status = 200): Promise<void> {
  const tab = tabOf(x)
  const count = await countOutbound(x.engine.db.read, allowedIn(decision, tab), COUNTED, { upTo, numbers: x.user.numbers })
  return page(
    x,
    'outbox/all',
    { title: x.t('Outbox'), decision, state: tab.state, tab: x.t(tab.words), count, upTo, notice, back: addressWith(x, { after: null }, '/outbox') },
    status,
  )
}

/** One state at a time: who sends again what failed means something else than who sends again what may have arrived. */
function tabOf(x: Exchange): Tab {
  const tab = TABS.find((one) => one.state === x.query.get('state'))
  if (!tab) throw new WaError('WA_NOT_FOUND', 'Choose first which messages are meant: failed, uncertain, waiting or given up.')
  return tab
}

/** Counted again when the button is pressed: whoever agreed to ten does not get eleven. */
async function decide(x: Exchange, decision: Decision): Promise<void> {
  const tab = tabOf(x)
  const { count: agreed, upTo } = agreedIn(await readForm(x.req))
  const which = { statuses: allowedIn(decision, tab), upTo, numbers: x.user.numbers }
  const count = await countOutbound(x.engine.db.write, which.statuses, COUNTED, which)
  if (count > agreed) return confirm(x, decision, upTo, x.t('There are more by now: {count}, not {agreed}. Nothing was done.', { count, agreed }), 409)
  const moved = await x.engine.decideMessages(which, decision, x.user)
  return seeOther(x, addressWith(x, { after: null, did: `${decision}.${moved}` }, '/outbox'))
}
