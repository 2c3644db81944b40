import { maskPhone, showPhone } from '../../model/phone'
import type { Named } from '../../store/talks'
import type { Exchange, User } from '../exchange'
import type { Say } from '../words/say'

/** A customer as this user may see them: viewers see masked numbers. */
export interface Person {
  id: number
  /** Their name, or what else they are known by. */
  name: string
  /** Number or user id; empty when that is the name already. */
  known: string
  /** One letter for the round picture, and which of its six tints. */
  initial: string
  tone: number
}

export function personOf(contact: Named | null | undefined, { user, t }: Pick<Exchange, 'user' | 't'>): Person {
  if (!contact) return { id: 0, name: t('Unknown customer'), known: '', initial: '?', tone: 0 }
  const known = knownAs(contact, user)
  const name = firstOf(contact.name, contact.username && `@${contact.username}`)
  const shown = name ?? (known || t('Customer {id}', { id: String(contact.id) }))
  return { id: contact.id, name: shown, known: name === null ? '' : known, initial: initialOf(name), tone: contact.id % 6 }
}

function knownAs(contact: Named, user: User): string {
  const masked = user.role === 'viewer'
  if (contact.phone !== null) return showPhone(masked ? maskPhone(contact.phone) : contact.phone)
  if (contact.bsuid !== null) return masked ? `${contact.bsuid.slice(0, 5)}…` : contact.bsuid
  return ''
}

/** Names are strangers' words: an empty or invisible one is none. */
const firstOf = (...names: (string | null)[]): string | null => names.find((name) => name !== null && /[\p{L}\p{N}\p{S}\p{P}]/u.test(name)) ?? null

/** `#` for those who have a number only. */
const initialOf = (name: string | null): string => (name === null ? '#' : (/[\p{L}\p{N}]/u.exec(name.toUpperCase())?.[0] ?? '☺'))

/** Whose words these are of ours. */
export const byWords = (sender: string | null | undefined, t: Say): string => (sender == null ? t('Bot:') : t('{name}:', { name: sender }))
