import { WaError } from '../../errors'
import { findContact } from '../../store/contacts'
import type { ConversationRow } from '../../store/conversations'
import { canonical } from '../../store/menus'
import { hashOf } from '../../store/rows'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { conversationOf, fieldOf, isPartial } from './asked'
import { type Chooser, chooserOf, chosenOf, drawnWith, isClosed, type Offer, offerOf } from './chooser'
import { NOTHING, showTalk } from './conversation'
import { fragment, page, seeOther } from './page'
import { personOf } from './person'

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
  return show(x, conversation, key === null ? await chooserOf(x, conversation, q) : chosenOf(x, conversation, await mustOffer(x, conversation, key)))
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

/** What a form says of a menu: which, and the words for its variables. */
async function chosenIn(x: Exchange) {
  const conversation = await conversationOf(x)
  const form = await readForm(x.req)
  const offer = await mustOffer(x, conversation, fieldOf(form, 'menu'))
  const given = Object.fromEntries(
    Object.keys(form).flatMap((name) => (name.startsWith('v.') && fieldOf(form, name).trim() !== '' ? [[name.slice(2), fieldOf(form, name).trim()]] : [])),
  ) as Record<string, string>
  return { conversation, form, offer, given }
}

async function look(x: Exchange): Promise<void> {
  const { conversation, offer, given } = await chosenIn(x)
  if (isPartial(x)) return fragment(x, 'conversations/_drawing', { bubble: drawnWith(x, offer.spec, given, isClosed(conversation, x)) })
  return show(x, conversation, chosenOf(x, conversation, offer, given))
}

async function send(x: Exchange): Promise<void> {
  const { conversation, form, offer, given } = await chosenIn(x)
  const token = fieldOf(form, 'token').slice(0, 64)
  const refused = (fault: string, status: number, faults: WaError['faults'] = []): Promise<void> =>
    show(x, conversation, chosenOf(x, conversation, offer, given, { fault: x.t('Not sent: {reason}', { reason: fault }), faults }), status)
  if (token === '') return refused(x.t('The form was incomplete. Send it again.'), 422)
  if (fieldOf(form, 'version') !== String(offer.version))
    return refused(x.t('This menu was published anew meanwhile. Look at it once more, then send it.'), 409)
  try {
    await x.engine.send({
      to: { id: String(conversation.contact_id) },
      number: conversation.number,
      what: { menu: offer.key, variables: given },
      by: x.user,
      idempotency: { key: `menu\n${conversation.id}\n${x.user.id}\n${token}`, fingerprint: hashOf(canonical([offer.key, given])) },
    })
  } catch (error) {
    if (!(error instanceof WaError) || error.status >= 500) throw error
    return refused(x.t.said(error.message), error.status, error.faults)
  }
  if (!isPartial(x)) return seeOther(x, `/conversations/${conversation.id}`)
  // The form stands within the thread, and both are new.
  x.res.setHeader('HX-Retarget', '#_talk')
  x.res.setHeader('HX-Reswap', 'outerHTML')
  return showTalk(x, await conversationOf(x), NOTHING)
}
