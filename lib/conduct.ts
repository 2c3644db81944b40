import { randomBytes } from 'node:crypto'
import type { Engine } from './engine'
import { WaError } from './errors'
import type { ContextParts } from './flows/context'
import type { Happenings } from './happenings'
import { writeAudit } from './store/audit'
import { changeContact, lockContact } from './store/contacts'
import { conversationNow, setMode, setStep } from './store/conversations'
import type { Db } from './store/database'

export interface ConductParts {
  db: () => Db
  now: () => number
  happenings: Happenings
  /** Something stands in the inbox. */
  wakeInbox: () => void
  changed: (conversationId: number | null) => void
}

/** What code does to a conversation and its customer: each change with the event that tells of it, behind the guard of the attempt that wants it. */
export function conductByCode({ db, now, happenings, wakeInbox, changed }: ConductParts): Pick<ContextParts, 'setMode' | 'changeContact' | 'clearStep'> {
  return {
    async setMode(conversation, mode, details) {
      const moved = await db().tx(async (trx) => {
        await details.guard?.(trx)
        const id = await setMode(trx, conversation.id, mode, details.to ?? null, now())
        if (id === null) return null
        const payload = { from: details.from, by: details.to ?? null, note: details.note ?? null }
        await happenings.happen(trx, mode === 'person' ? 'handover' : 'handback', conversation.number, id, payload, details.dedupe)
        return id
      })
      wakeInbox()
      changed(moved ?? conversation.id)
    },
    async changeContact(contact, change, guard) {
      const next = await db().tx(async (trx) => {
        await guard?.(trx)
        // What was read when the attempt began may be old: two changes of attributes must not undo each other.
        const known = (await lockContact(trx, db(), contact.id)) ?? contact
        const after = await changeContact(trx, known, change, now())
        if (after.opted_out !== known.opted_out) await happenings.consent(trx, after, null)
        return after
      })
      wakeInbox()
      return next
    },
    async clearStep(conversationId, guard) {
      await db().tx(async (trx) => {
        await guard?.(trx)
        await setStep(trx, conversationId, null, now())
      })
    },
  }
}

/** The same by a person of the staff, audited. */
export function conductByStaff({ db, now, happenings, wakeInbox, changed }: ConductParts): Pick<Engine, 'setMode' | 'setOptOut'> {
  return {
    async setMode(conversationId, mode, by, note) {
      const moved = await db().tx(async (trx) => {
        const conversation = await conversationNow(trx, Number(conversationId))
        if (!conversation) throw new WaError('WA_NOT_FOUND', `There is no conversation ${conversationId}.`)
        const { number } = conversation
        const id = await setMode(trx, conversation.id, mode, mode === 'person' ? by.name : null, now())
        if (id === null) return null
        await writeAudit(trx, by, mode === 'person' ? 'conversation.taken' : 'conversation.given_back', `conversation:${id}`, null, note ?? null, now())
        const payload = { from: 'staff', by: by.name, note: note ?? null }
        const dedupe = `${mode}\n${id}\n${now()}\n${randomBytes(6).toString('hex')}`
        await happenings.happen(trx, mode === 'person' ? 'handover' : 'handback', number, id, payload, dedupe)
        return id
      })
      if (moved === null) return
      wakeInbox()
      changed(moved)
    },
    async setOptOut(contactId, optedOut, by) {
      await db().tx(async (trx) => {
        const contact = await lockContact(trx, db(), contactId)
        if (!contact) throw new WaError('WA_CONTACT_UNKNOWN', `There is no contact ${contactId}.`)
        if ((contact.opted_out === 1) === optedOut) return
        await writeAudit(trx, by, optedOut ? 'contact.opted_out' : 'contact.opted_in', `contact:${contactId}`, null, null, now())
        await happenings.consent(trx, await changeContact(trx, contact, { optedOut }, now()), by.name)
      })
      wakeInbox()
      changed(null)
    },
  }
}
