import { WaError } from '../../errors'
import { findContact } from '../../store/contacts'
import type { ConversationRow } from '../../store/conversations'
import { canonical } from '../../store/menus'
import { hashOf } from '../../store/rows'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { conversationOf, fieldOf, isPartial } from './asked'
import { type Chooser, chooserOf, chosenOf, drawnWith, type Given, isClosed, nothingGiven, type Offer, offerOf } from './chooser'
import { NOTHING, showTalk } from './conversation'
import { fragment, leadTo, page } from './page'
import { personOf } from './person'
import { changedItems, itemsIn, sentItems, tablesOf } from './rows-by-hand'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/conversations/:id/menus', may: 'agent', handle: choose },
  { method: 'POST', path: '/conversations/:id/menus', may: 'agent', handle: send },
  { method: 'POST', path: '/conversations/:id/menus/preview', may: 'agent', handle: look },
]

const LONGEST_QUERY = 100

/** What may be sent, or with `?menu=` one of it. `?shut` puts it away. */
async function choose(x: Exchange): Promise<void> {
  const conversation = await conversationOf(x)
  if (x.query.has('shut') && isPartial(x)) return fragment(x, 'conversations/_chooser', { id: conversation.id, chooser: null })
  const key = x.query.get('menu')
  const q = (x.query.get('q') ?? '').trim().slice(0, LONGEST_QUERY)
  if (key === null) return show(x, conversation, await chooserOf(x, conversation, q))
  const offer = await mustOffer(x, conversation, key)
  return show(x, conversation, chosenOf(x, conversation, offer, nothingGiven(offer)))
}

async function show(x: Exchange, conversation: ConversationRow, chooser: Chooser, status = 200): Promise<void> {
  const locals = { id: conversation.id, chooser }
  if (isPartial(x)) return fragment(x, 'conversations/_chooser', locals, status)
  const contact = await findContact(x.engine.db.read, { id: conversation.contact_id })
  return page(x, 'conversations/menus', { title: x.t('Send a menu'), person: personOf(contact ?? undefined, x), ...locals }, status)
}

async function mustOffer(x: Exchange, conversation: ConversationRow, key: string): Promise<Offer> {
  const offer = await offerOf(x, conversation, key)
  if (!offer) throw new WaError('WA_NOT_FOUND', `Menu "${key.slice(0, 64)}" cannot be sent from here at the moment. Choose another one.`)
  return offer
}

/** What a form says of a menu: which, the words for its variables, and the rows of its lists. */
async function chosenIn(x: Exchange) {
  const conversation = await conversationOf(x)
  const form = await readForm(x.req)
  const offer = await mustOffer(x, conversation, fieldOf(form, 'menu'))
  const texts = Object.fromEntries(
    Object.keys(form).flatMap((name) => (name.startsWith('v.') && fieldOf(form, name).trim() !== '' ? [[name.slice(2), fieldOf(form, name).trim()]] : [])),
  ) as Record<string, string>
  return { conversation, form, offer, given: { texts, items: itemsIn(form, offer.spec) } as Given }
}

/** The drawing while somebody writes, or the form with a row more or less. */
async function look(x: Exchange): Promise<void> {
  const { conversation, form, offer, given } = await chosenIn(x)
  const asked = fieldOf(form, 'do')
  if (asked !== '') {
    const items = changedItems(given.items, offer.spec, asked)
    return show(x, conversation, chosenOf(x, conversation, offer, { ...given, items }, { land: landing(items, asked) }))
  }
  if (!isPartial(x)) return show(x, conversation, chosenOf(x, conversation, offer, given))
  const notes = tablesOf(offer.spec, given.items, given.texts, [], x.t).flatMap((table) => table.rows.map((row) => row.note))
  return fragment(x, 'conversations/look', { bubble: drawnWith(x, offer.spec, given, isClosed(conversation, x)), notes })
}

/** The first field of the row that came, or of the one that stands now where a row went. */
function landing(items: Given['items'], asked: string): string {
  const [what = '', list = '', at = ''] = asked.split(':')
  const rows = items[list] ?? []
  const row = what === 'add' ? rows.length - 1 : Math.min(Number(at) || 0, rows.length - 1)
  return `r.${list}.${row}.${Object.keys(rows[row] ?? {})[0] ?? ''}`
}

async function send(x: Exchange): Promise<void> {
  const { conversation, form, offer, given } = await chosenIn(x)
  const token = fieldOf(form, 'token').slice(0, 64)
  const refused = (fault: string, status: number, faults: WaError['faults'] = []): Promise<void> =>
    show(x, conversation, chosenOf(x, conversation, offer, given, { refused: { fault: x.t('Not sent: {reason}', { reason: fault }), faults } }), status)
  if (token === '') return refused(x.t('The form was incomplete. Send it again.'), 422)
  if (fieldOf(form, 'version') !== String(offer.version))
    return refused(x.t('This menu was published anew meanwhile. Look at it once more, then send it.'), 409)
  const variables = { ...given.texts, ...sentItems(given.items) }
  try {
    await x.engine.send({
      to: { id: String(conversation.contact_id) },
      number: conversation.number,
      what: { menu: offer.key, variables },
      by: x.user,
      idempotency: { key: `menu\n${conversation.id}\n${x.user.id}\n${token}`, fingerprint: hashOf(canonical([offer.key, variables])) },
    })
  } catch (error) {
    if (!(error instanceof WaError) || error.status >= 500) throw error
    return refused(x.t.said(error.message), error.status, error.faults)
  }
  if (!isPartial(x) || isOnItsOwn(x)) return leadTo(x, `/conversations/${conversation.id}`)
  // The form stands within the thread, and both are new.
  x.res.setHeader('HX-Retarget', '#_talk')
  x.res.setHeader('HX-Reswap', 'outerHTML')
  return showTalk(x, await conversationOf(x), NOTHING)
}

/** The form stands on the page that its own address shows, which has no thread around it. */
const isOnItsOwn = (x: Exchange): boolean => /\/menus(\/preview)?(\?|$)/.test(String(x.req.headers['hx-current-url'] ?? ''))
