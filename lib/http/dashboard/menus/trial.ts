import { WaError } from '../../../errors'
import { faultsOf } from '../../../model/check'
import type { MenuSpec } from '../../../model/menu'
import { tryPhone } from '../../../model/phone'
import { preview } from '../../../model/render'
import { canonical } from '../../../store/menus'
import { messageById } from '../../../store/messages'
import { hashOf } from '../../../store/rows'
import { type Exchange, maySee } from '../../exchange'
import { momentOf } from '../when'

/** A test of a draft on somebody's phone. */
export interface Trial {
  to: string
  /** Why nothing was sent. */
  fault: string | null
  sent: { id: string; to: string; conversation: number | null } | null
}
export const NO_TRIAL: Trial = { to: '', fault: null, sent: null }

/** Sends the draft with its sample values, exactly as the phone beside it shows. `token` makes a repeated click one message. */
export async function trySending(x: Exchange, menu: MenuSpec, { to, token, number }: { to: string; token: string; number: string }): Promise<Trial> {
  const refused = (fault: string): Trial => ({ to, fault, sent: null })
  if (to.trim() === '') return refused(x.t('Write the number of the phone that is to get it, with + and the country code.'))
  const faults = faultsOf(menu)
  if (faults.length > 0) return refused(x.t('WhatsApp would not take it yet: {reason}', { reason: x.t.said(faults[0]?.message ?? '') }))
  const { message } = preview(menu)
  if (message === null) return refused(x.t('There is nothing to send yet.'))
  if (token === '') return refused(x.t('The form was incomplete. Send it again.'))
  const phone = tryPhone(to, x.engine.defaultCountry)
  if (phone === null)
    return refused(x.t('This is not an international phone number. Write it with + and the country code, such as {example}.', { example: '+919800000001' }))
  try {
    const sent = await x.engine.send({
      to: { phone },
      what: { message },
      by: x.user,
      number: numbersFor(x).find((one) => one === number) ?? numbersFor(x)[0],
      idempotency: { key: `trial\n${menu.key}\n${x.user.id}\n${token.slice(0, 64)}`, fingerprint: hashOf(canonical([phone, message])) },
    })
    return { ...(await trySending.done(x, sent.id)), to }
  } catch (error) {
    if (!(error instanceof WaError) || error.status >= 500) throw error
    return refused(whyNotSent(error, x))
  }
}

/** What a closed window says to code holds an instant in UTC; staff read it by their own clock. */
function whyNotSent({ code, message, faults }: WaError, x: Exchange): string {
  const closedAt = faults[0]?.actual
  if (code !== 'WA_WINDOW_CLOSED' || typeof closedAt !== 'number') return x.t.said(message)
  return x.t('The 24-hour window closed {when}. WhatsApp takes approved templates only, until the customer writes again.', { when: momentOf(closedAt, x).at })
}

/** Business numbers from which this person may send. */
export const numbersFor = (x: Exchange): string[] => [...x.engine.lines.keys()].filter((number) => maySee(x.user, number))

/** A test that was sent, for the page after it. */
trySending.done = async (x: Exchange, id: string): Promise<Trial> => {
  const message = await messageById(x.engine.db.write, Number(id))
  if (message?.direction !== 'out' || !maySee(x.user, message.number)) return NO_TRIAL
  return { to: '', fault: null, sent: { id, to: '', conversation: message.conversation_id } }
}
