import { randomBytes } from 'node:crypto'
import { reasonOf, WaError } from '../../errors'
import { codePoints, LIMITS } from '../../model/limits'
import { optionsOf, type SentMessage } from '../../model/message'
import { phoneOf } from '../../model/phone'
import type { Knock } from '../../providers/provider'
import { knockOf, says, sendsImage, sendsLocation, statusKnock, taps } from '../../providers/simulated'
import type { Content } from '../../providers/wire'
import { ensureContact } from '../../store/contacts'
import { ageConversation, ensureConversation } from '../../store/conversations'
import { deliveredUnread, type MessageRow, messageById } from '../../store/messages'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { english } from '../words/say'
import { fieldOf, isPartial } from './asked'
import { streamOf } from './live'
import { fragment, leadTo, page, seeOther } from './page'
import { addressOf, eventsView, FAULTS, FIRST_CUSTOMER, type Handset, handsetOf, phoneView, screenView } from './phone-view'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/phone', may: 'viewer', handle: (x) => show(x) },
  { method: 'GET', path: '/phone/screen', may: 'viewer', handle: async (x) => screen(x, await handsetOf(x)) },
  { method: 'GET', path: '/phone/events', may: 'viewer', handle: events },
  { method: 'POST', path: '/phone/messages', may: 'agent', handle: write },
  { method: 'POST', path: '/phone/taps', may: 'agent', handle: tap },
  { method: 'POST', path: '/phone/pairs', may: 'agent', handle: pair },
  { method: 'POST', path: '/phone/faults', may: 'agent', handle: fault },
  { method: 'POST', path: '/phone/clock', may: 'agent', handle: letPass },
  { method: 'POST', path: '/phone/contacts', may: 'agent', handle: meet },
]

/** A tap, a text, a picture: what one form of the phone sends. */
type Form = Record<string, unknown>

/** What was written and not taken stays in its field, with the reason beside it. */
interface Refused {
  contact?: {
    name: string
    phone: string
    fault: string
    /** Which field the fault is about. */
    about: 'name' | 'phone'
  }
  words?: { text: string; fault: string }
  jump?: { count: string; fault: string }
  pair?: { first: string; second: string; fault: string }
}

async function show(x: Exchange, refused: Refused = {}): Promise<void> {
  const handset = await handsetOf(x)
  return page(
    x,
    'phone/index',
    {
      title: x.t('Phone'),
      stream: await streamOf(x, handset.conversation),
      ...(await phoneView(x, handset)),
      refused: refused.contact ?? { name: '', phone: '', fault: null, about: null },
      words: refused.words ?? { text: '', fault: '' },
      jump: refused.jump ?? null,
      pair: refused.pair ?? null,
      limit: LIMITS.text,
    },
    Object.keys(refused).length > 0 ? 422 : 200,
  )
}

/** The screen as it is now: the region for htmx, the whole page for everybody else. */
async function screen(x: Exchange, handset: Handset): Promise<void> {
  if (!isPartial(x)) return seeOther(x, addressOf(handset))
  return fragment(x, 'phone/_screen', await screenView(x, handset))
}

async function events(x: Exchange): Promise<void> {
  const handset = await handsetOf(x)
  if (!isPartial(x)) return seeOther(x, addressOf(handset))
  return fragment(x, 'phone/_events', await eventsView(x, handset))
}

const PLACE = { latitude: 12.9716, longitude: 77.5946, name: 'Home', address: 'Church Street, Bengaluru' }

async function write(x: Exchange): Promise<void> {
  const form = await readForm(x.req)
  const handset = await handsetOf(x, form)
  const kind = fieldOf(form, 'kind')
  const text = trimmed(form, 'text')
  const reason = whyTooLong(x, text)
  if (reason !== null) return refuseWords(x, text, reason)
  if (kind === 'image')
    await deliver(x, handset, [{ content: sendsImage({ id: `sim.image.${randomBytes(4).toString('hex')}`, ...(text ? { caption: text } : {}) }) }])
  else if (kind === 'location') await deliver(x, handset, [{ content: sendsLocation(PLACE) }])
  else if (text === '') return refuseWords(x, text, x.t('Write something first.'))
  else await deliver(x, handset, [{ content: says(text) }])
  return screen(x, await handsetOf(x, form))
}

async function refuseWords(x: Exchange, text: string, reason: string): Promise<void> {
  const fault = x.t('Not sent: {reason}', { reason })
  if (!isPartial(x)) return show(x, { words: { text, fault } })
  x.res.setHeader('HX-Retarget', '#_refusal')
  x.res.setHeader('HX-Reswap', 'outerHTML')
  return fragment(x, 'phone/_refusal', { fault }, 422)
}

/** A script keeps the form as it is and shows a notice; without one the page comes again with what was written. */
function refuse(x: Exchange, refused: Refused, fault: string): Promise<void> {
  if (isPartial(x)) throw new WaError('WA_REQUEST_INVALID', fault)
  return show(x, refused)
}

async function tap(x: Exchange): Promise<void> {
  const form = await readForm(x.req)
  const handset = await handsetOf(x, form)
  const message = await offerOf(x, handset, fieldOf(form, 'message'))
  const option = optionsOf(message.payload as SentMessage).find((one) => one.id === fieldOf(form, 'option'))
  if (!option) throw new WaError('WA_NOT_FOUND', 'This message does not offer that option.')
  await deliver(x, handset, [
    { content: taps(option, message.type === 'list' ? 'list' : 'button'), replyTo: message.provider_id, twice: fieldOf(form, 'twice') === '1' },
  ])
  // Once is what was asked for: the address must not ask for it again.
  x.res.setHeader('HX-Replace-Url', `${x.base}${addressOf(handset)}`)
  return screen(x, await handsetOf(x, form))
}

async function offerOf(x: Exchange, handset: Handset, id: string): Promise<MessageRow> {
  const message = /^\d{1,15}$/.test(id) ? await messageById(x.engine.db.read, Number(id)) : null
  if (message && message.direction === 'out' && message.payload !== null && message.conversation_id === handset.conversation?.id) return message
  throw new WaError('WA_NOT_FOUND', 'This message is not on the phone.')
}

/** Two messages written one after the other, of which the second arrives first. */
async function pair(x: Exchange): Promise<void> {
  const form = await readForm(x.req)
  const handset = await handsetOf(x, form)
  const [first, second] = [trimmed(form, 'first'), trimmed(form, 'second')]
  const fault = first === '' || second === '' ? x.t('Write something first.') : (whyTooLong(x, first) ?? whyTooLong(x, second))
  if (fault !== null) return refuse(x, { pair: { first, second, fault } }, fault)
  await deliver(x, handset, [{ content: says(second) }, { content: says(first), agoMs: 2000 }])
  return screen(x, await handsetOf(x, form))
}

async function fault(x: Exchange): Promise<void> {
  const form = await readForm(x.req)
  const handset = await handsetOf(x, form)
  const chosen = FAULTS.find((one) => one.value === fieldOf(form, 'fault'))
  if (!chosen) throw new WaError('WA_REQUEST_INVALID', 'Choose what the next send meets from the list.')
  handset.simulator.failNext(chosen.mishap)
  return screen(x, handset)
}

const MINUTE_MS = 60_000
/** Minutes of a unit, by its name in the form. */
const UNITS: Readonly<Record<string, number>> = { minutes: 1, hours: 60, days: 1440 }
const YEAR = 366 * 1440
const HOW_LONG = english('How long is a whole number of minutes, hours or days, from a minute to a year.')

/** Time passes for this customer: the 24-hour window closes, and what was asked may expire. */
async function letPass(x: Exchange): Promise<void> {
  const form = await readForm(x.req)
  const minutes = minutesOf(form)
  if (minutes === null) {
    const fault = x.t(HOW_LONG)
    return refuse(x, { jump: { count: fieldOf(form, 'count'), fault } }, fault)
  }
  const handset = await handsetOf(x, form)
  const { conversation } = handset
  if (conversation) await x.engine.db.tx((trx) => ageConversation(trx, conversation.id, minutes * MINUTE_MS, x.engine.now()))
  return screen(x, await handsetOf(x, form))
}

/** The button that was pressed says how many, or that the fields beside it do. */
function minutesOf(form: Form): number | null {
  const pressed = fieldOf(form, 'minutes')
  const minutes = Number(pressed || fieldOf(form, 'count')) * (pressed ? 1 : (UNITS[fieldOf(form, 'unit')] ?? Number.NaN))
  return Number.isInteger(minutes) && minutes >= 1 && minutes <= YEAR ? minutes : null
}

const LONGEST_NAME = 60

async function meet(x: Exchange): Promise<void> {
  const form = await readForm(x.req)
  const { line } = await handsetOf(x, form)
  const [name, given] = [fieldOf(form, 'name').trim(), fieldOf(form, 'phone').trim()]
  if (codePoints(name) > LONGEST_NAME) {
    const fault = x.t('The name is {n} characters; at most {limit}.', { n: codePoints(name), limit: LONGEST_NAME })
    return show(x, { contact: { name, phone: given, fault, about: 'name' } })
  }
  let phone: string
  try {
    phone = phoneOf(given)
  } catch (error) {
    return show(x, { contact: { name, phone: given, fault: x.t.said(reasonOf(error)), about: 'phone' } })
  }
  const now = x.engine.now()
  const contact = await x.engine.db.tx(async (trx) => {
    const known = await ensureContact(trx, x.engine.db, { phone, bsuid: null, username: null, name: name || null }, now)
    await ensureConversation(trx, x.engine.db, line.number, known.id, now)
    return known
  })
  return leadTo(x, addressOf({ line, several: x.engine.lines.size > 1, contact }))
}

const trimmed = (form: Form, name: string): string => fieldOf(form, name).replaceAll('\r\n', '\n').trim()
const whyTooLong = ({ t }: Exchange, text: string): string | null =>
  codePoints(text) > LIMITS.text ? t('{n} characters; WhatsApp takes {limit}. Send it in several messages.', { n: codePoints(text), limit: LIMITS.text }) : null

interface Utterance {
  content: Content
  replyTo?: string | null
  twice?: boolean
  /** Written so many milliseconds ago. */
  agoMs?: number
}

/** Through the webhook door, as bytes: what the phone does is what a real phone would do. Whoever writes has read what was there. */
async function deliver(x: Exchange, handset: Handset, utterances: readonly Utterance[]): Promise<void> {
  const { engine } = x
  const from = handset.contact ?? FIRST_CUSTOMER
  const unread = handset.conversation ? await deliveredUnread(engine.db.read, handset.conversation.id) : []
  const knock = async (bytes: Knock): Promise<void> => {
    const answer = await engine.knock(handset.line.number, bytes)
    if (answer.status !== 200) throw new WaError('WA_STATE', `The webhook answered ${answer.status}: ${answer.body.slice(0, 200)}.`)
  }
  await Promise.all(unread.map((message) => knock(statusKnock({ id: message.provider_id as string, status: 'read', at: engine.now(), to: from }))))
  for (const { content, replyTo = null, twice = false, agoMs = 0 } of utterances) {
    const bytes = knockOf({ from, at: engine.now() - agoMs, id: `sim.in.${randomBytes(10).toString('hex')}`, content, replyTo })
    for (let time = 0; time < (twice ? 2 : 1); time++) await knock(bytes)
  }
}
