import type { Who } from '../model/event'
import { field, labelOf } from './reading'

/** Business-scoped user id, `IN.7Qx…`, of a portfolio `IN.ENT.9…`. Sometimes found where a phone number belongs. Source: Meta "Business-scoped user IDs". */
const BSUID = /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]+$/
const MAX_BSUID = 160

const PHONE = /^\+[1-9]\d{1,14}$/

/**
 * A phone number of the wire, digits with a leading `+`; null when it is none. No country code is guessed.
 * Short numbers pass: the provider says that somebody wrote from there, and an answer can be tried.
 */
export function phoneOf(value: unknown): string | null {
  if (typeof value === 'string' && PHONE.test(value)) return value
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const digits = String(value)
    .trim()
    .slice(0, 40)
    .replace(/[\s().-]/g, '')
    .replace(/^\+/, '')
    .replace(/^00/, '')
  return /^[1-9]\d{1,14}$/.test(digits) ? `+${digits}` : null
}

export function bsuidOf(value: unknown): string | null {
  const id = typeof value === 'string' ? value.trim() : ''
  return id.length <= MAX_BSUID && BSUID.test(id) ? id : null
}

/** Who wrote or was written to: `address` may hold a phone number, a user id, nothing or `""`. */
export function whoOf(address: unknown, userId: unknown, contacts: Contacts = NOBODY): Who {
  const phone = phoneOf(address)
  const bsuid = bsuidOf(userId) ?? bsuidOf(address)
  const contact = contacts(phone, bsuid)
  return { phone: phone ?? contact?.phone ?? null, bsuid: bsuid ?? contact?.bsuid ?? null, username: contact?.username ?? null, name: contact?.name ?? null }
}
export const isNobody = (who: Who): boolean => who.phone === null && who.bsuid === null

/** Finds the contact of a message by its number or user id; never by its place in the list. */
export type Contacts = (phone: string | null, bsuid: string | null) => Who | undefined
const NOBODY: Contacts = () => undefined

export function contactsOf(list: readonly unknown[]): Contacts {
  const known = new Map<string, Who>()
  for (const item of list) {
    const who: Who = {
      phone: phoneOf(field(item, 'wa_id')),
      bsuid: bsuidOf(field(item, 'user_id')) ?? bsuidOf(field(item, 'wa_id')),
      username: labelOf(field(item, 'profile', 'username')),
      name: labelOf(field(item, 'profile', 'name')),
    }
    if (who.phone !== null) known.set(who.phone, who)
    if (who.bsuid !== null) known.set(who.bsuid, who)
  }
  return (phone, bsuid) => (bsuid === null ? undefined : known.get(bsuid)) ?? (phone === null ? undefined : known.get(phone))
}
