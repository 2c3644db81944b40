import { randomBytes } from 'node:crypto'
import type { Actor } from './store/audit'
import type { ContactRow } from './store/contacts'
import { conversationsOfContact, markChanged } from './store/conversations'
import type { Db, Query } from './store/database'
import { insertEvent } from './store/events'
import type { WentLive } from './store/menus'
import { hashOf } from './store/rows'

/** What happens between people and the bot, as events of the inbox: each within the transaction in which it happens. */
export interface Happenings {
  /** `dedupe` is what makes it one event, however often it is told. */
  happen(trx: Query, type: string, number: string, conversationId: number | null, payload: object, dedupe: string): Promise<void>
  /** A customer wants no more messages, or wants them again: an event in each of their conversations. `by`: who of the staff noted it; null for code. */
  consent(trx: Query, contact: ContactRow, by: string | null): Promise<void>
  /** A menu goes live. */
  wentLive(key: string, by: Actor): WentLive
}

/** `number` is the business number of what belongs to none. */
export function createHappenings({ db, now, number }: { db: () => Db; now: () => number; number: string }): Happenings {
  const happen: Happenings['happen'] = async (trx, type, of, conversationId, payload, dedupe) => {
    await insertEvent(trx, db(), { dedupe: hashOf(dedupe), number: of, type, payload, raw: null, state: 'waiting', at: now(), now: now(), conversationId })
  }
  return {
    happen,
    async consent(trx, contact, by) {
      const type = contact.opted_out === 1 ? 'opt_out' : 'opt_in'
      for (const conversation of await conversationsOfContact(trx, contact.id)) {
        const dedupe = [type, conversation.id, contact.updated_at, randomBytes(6).toString('hex')].join('\n')
        await happen(trx, type, conversation.number, conversation.id, { by }, dedupe)
        await markChanged(trx, conversation.id, now())
      }
    },
    wentLive: (key, by) => (trx, version) =>
      happen(trx, 'menu_published', number, null, { menu: { key, version }, by: by.name }, `menu_published\n${key}\n${version}`),
  }
}
