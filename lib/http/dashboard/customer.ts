import { WaError } from '../../errors'
import { type ContactRow, findContact } from '../../store/contacts'
import type { ConversationRow } from '../../store/conversations'
import { eraseContact } from '../../store/erase'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { conversationOf, fieldOf, may } from './asked'
import { linksOf, page, seeOther } from './page'
import { personOf } from './person'
import { momentOf, windowView } from './when'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/conversations/:id/customer', may: 'viewer', handle: (x) => show(x, null) },
  { method: 'POST', path: '/conversations/:id/consent', may: 'agent', handle: consent },
  { method: 'POST', path: '/conversations/:id/erase', may: 'admin', handle: erase },
]

/** Who this customer is, and what may be done with what is kept of them. */
async function show(x: Exchange, fault: string | null): Promise<void> {
  const conversation = await conversationOf(x)
  const contact = await customerOf(x, conversation)
  return page(
    x,
    'conversations/customer',
    {
      title: personOf(contact, x).name,
      talk: { id: conversation.id, number: conversation.number, several: x.engine.lines.size > 1, window: windowView(conversation.last_inbound_at, x) },
      person: personOf(contact, x),
      username: contact.username,
      language: contact.language,
      externalId: contact.external_id,
      optedOut: contact.opted_out === 1,
      attributes: Object.entries(contact.attributes).map(([name, value]) => ({ name, value: String(value) })),
      since: momentOf(contact.created_at, x),
      isErased: contact.phone === null && contact.bsuid === null,
      links: linksOf(x, contact),
      mayAnswer: may(x, 'agent'),
      mayErase: may(x, 'admin'),
      fault,
    },
    fault === null ? 200 : 422,
  )
}

async function customerOf(x: Exchange, conversation: ConversationRow): Promise<ContactRow> {
  const contact = await findContact(x.engine.db.read, { id: conversation.contact_id })
  if (!contact) throw new WaError('WA_NOT_FOUND', 'This customer is not there any more.')
  return contact
}

/** Somebody told a colleague that they want no more messages, or want them again. */
async function consent(x: Exchange): Promise<void> {
  const conversation = await conversationOf(x)
  const form = await readForm(x.req)
  const wanted = fieldOf(form, 'messages')
  if (wanted !== 'none' && wanted !== 'wanted') throw new WaError('WA_REQUEST_INVALID', `Messages are "none" or "wanted", not "${wanted.slice(0, 20)}".`)
  await x.engine.setOptOut(conversation.contact_id, wanted === 'none', x.user)
  return seeOther(x, `/conversations/${conversation.id}/customer`)
}

/** Nothing brings it back, so it is asked for twice: a box must be ticked. */
async function erase(x: Exchange): Promise<void> {
  const conversation = await conversationOf(x)
  const form = await readForm(x.req)
  if (fieldOf(form, 'sure') !== 'yes') return show(x, x.t('Tick the box first: nothing brings back what is erased.'))
  await eraseContact(x.engine.db, conversation.contact_id, x.user, x.engine.now())
  return seeOther(x, `/conversations/${conversation.id}/customer`)
}
