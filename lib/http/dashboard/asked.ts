import { WaError } from '../../errors'
import type { ConversationRow } from '../../store/conversations'
import { conversationNow } from '../../store/conversations'
import { type Exchange, isAllowed, maySee, ROLES, type Role } from '../exchange'

/** A region of a page is asked for by htmx; anybody else wants the whole page, or after a form to be led to one. */
export const isPartial = (x: Exchange): boolean => x.req.headers['hx-request-type'] === 'partial'

/**
 * The answer to a form of a live region asks once more a moment later: a refresh that was under way when the form's answer replaced the region
 * is lost, and with it the news it carried.
 */
export const isForm = (x: Exchange): boolean => x.req.method === 'POST'

export const may = (x: Exchange, role: Role): boolean => isAllowed(ROLES, x.user.role, role)

/** The field of a form as text; what is no text is empty. */
export const fieldOf = (form: Record<string, unknown>, name: string): string => (typeof form[name] === 'string' ? form[name] : '')

/** The `:id` of an address; what is no number is not found. */
export function idOf(x: Exchange, name = 'id'): number {
  const text = x.params[name] ?? ''
  if (!/^\d{1,15}$/.test(text)) throw new WaError('WA_NOT_FOUND', 'There is nothing under this address.')
  return Number(text)
}

/** Where a list goes on: `12`, or `1760000000000.12`; anything else is the beginning. */
export function afterOf(x: Exchange): string | undefined {
  const after = x.query.get('after') ?? ''
  return /^\d{1,15}(\.\d{1,15})?$/.test(after) ? after : undefined
}

/** The conversation of an address; those of business numbers that this person may not see are not there. */
export async function conversationOf(x: Exchange): Promise<ConversationRow> {
  const conversation = await conversationNow(x.engine.db.read, idOf(x))
  if (!conversation || !maySee(x.user, conversation.number)) throw new WaError('WA_NOT_FOUND', `There is no conversation ${idOf(x)}.`)
  return conversation
}

/** An address with this request's query, some of it changed; null takes a word out. Begins behind the mount. */
export function addressWith(x: Exchange, changes: Record<string, string | null>, path = x.path): string {
  const query = new URLSearchParams(x.query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  return `${path}${text ? `?${text}` : ''}`
}
