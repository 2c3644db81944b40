import type { Line } from '../../engine'
import { WaError } from '../../errors'
import { showPhone } from '../../model/phone'
import { CLOUD_API_CODES } from '../../providers/codes-cloud-api'
import type { Mishap, Simulator } from '../../providers/simulator'
import { type ContactRow, contactsById, findContact } from '../../store/contacts'
import { type ConversationRow, findConversation, listConversations } from '../../store/conversations'
import { eventsOfConversation } from '../../store/events'
import { listMessages, type MessageRow, messagesById } from '../../store/messages'
import { type Exchange, maySee } from '../exchange'
import { english, type Say } from '../words/say'
import { fieldOf, isForm, may } from './asked'
import type { Bubble } from './bubble'
import { countsDown } from './conversations'
import { STATE_WORDS } from './events'
import { drawn, shortWords } from './heard'
import { personOf } from './person'
import { duration, momentOf, windowView } from './when'

/** Who writes when nobody has written yet. */
export const FIRST_CUSTOMER = { phone: '+919800000001', bsuid: null, username: null, name: 'Asha' } as const

/** Whose phone this is, and with which business number it talks. */
export interface Handset {
  line: Line
  several: boolean
  simulator: Simulator
  contact: ContactRow | null
  conversation: ConversationRow | null
}

const PAGE = 60
const CUSTOMERS = 12

const codeFault = (code: number) => ({ value: String(code), mishap: code as Mishap, words: CLOUD_API_CODES[code]?.title ?? '' })
/** What the next send can meet. */
export const FAULTS: readonly { value: string; mishap: Mishap; words: string }[] = [
  { value: 'timeout', mishap: 'timeout', words: english('No answer: uncertain') },
  { value: 'refused', mishap: 'refused', words: english('Not reached: tried again') },
  ...[131026, 131047, 131049, 131056, 130429, 131000, 131008].map(codeFault),
]

/** How far the clock jumps at the press of one button. */
const JUMPS: readonly { minutes: number; words: string }[] = [
  { minutes: 60, words: english('1 hour') },
  { minutes: 23 * 60, words: english('23 hours') },
  { minutes: 24 * 60, words: english('24 hours') },
  { minutes: 7 * 24 * 60, words: english('A week') },
]

/** The phone of `?as=` (a contact) with the number of `?number=`; a form's fields count first. Absent where no simulator serves a number. */
export async function handsetOf(x: Exchange, form: Record<string, unknown> = {}): Promise<Handset> {
  const asked = (name: string): string => fieldOf(form, name) || (x.query.get(name) ?? '')
  const lines = [...x.engine.lines.values()].filter((line) => line.provider.name === 'simulator' && maySee(x.user, line.number))
  const line = lines.find((one) => one.number === asked('number')) ?? lines[0]
  if (!line) throw new WaError('WA_NOT_FOUND', 'There is no phone here: it comes with the simulator, and a real provider serves this number.')
  const contact = await holderOf(x, line, asked('as'))
  return {
    line,
    several: x.engine.lines.size > 1,
    simulator: line.provider as Simulator,
    contact,
    conversation: contact ? await findConversation(x.engine.db.read, line.number, contact.id) : null,
  }
}

async function holderOf(x: Exchange, line: Line, id: string): Promise<ContactRow | null> {
  const { read } = x.engine.db
  const named = /^\d{1,15}$/.test(id) ? await findContact(read, { id: Number(id) }) : null
  if (named && isReachable(named)) return named
  const latest = await customersOf(x, line)
  return latest[0]?.contact ?? null
}

/** Who was erased has neither number nor user id, and no phone. */
const isReachable = (contact: ContactRow | undefined): contact is ContactRow => contact !== undefined && (contact.phone !== null || contact.bsuid !== null)

async function customersOf(x: Exchange, line: Line): Promise<{ contact: ContactRow; conversation: ConversationRow }[]> {
  const found = await listConversations(x.engine.db.read, { number: line.number, limit: CUSTOMERS })
  const contacts = await contactsById(
    x.engine.db.read,
    found.items.map((conversation) => conversation.contact_id),
  )
  return found.items.flatMap((conversation) => {
    const contact = contacts.get(conversation.contact_id)
    return isReachable(contact) ? [{ contact, conversation }] : []
  })
}

/** The address of a phone, behind the mount. */
export function addressOf(
  { line, several, contact }: Pick<Handset, 'line' | 'several' | 'contact'>,
  more: Record<string, string> = {},
  path = '/phone',
): string {
  const query = new URLSearchParams({ ...(several ? { number: line.number } : {}), ...(contact ? { as: String(contact.id) } : {}), ...more }).toString()
  return `${path}${query ? `?${query}` : ''}`
}

/** Hidden fields that say whose phone a form belongs to. */
const fieldsOf = ({ line, several, contact }: Handset): Record<string, string> => ({
  ...(several ? { number: line.number } : {}),
  ...(contact ? { as: String(contact.id) } : {}),
})

export async function phoneView(x: Exchange, handset: Handset) {
  const [customers, screen, log] = await Promise.all([customersOf(x, handset.line), screenView(x, handset), eventsView(x, handset)])
  return {
    ...screen,
    ...log,
    conversation: handset.conversation?.id ?? null,
    business: handset.line.provider.from === null ? handset.line.number : showPhone(handset.line.provider.from),
    holder: handset.contact
      ? personOf(handset.contact, x)
      : { id: 0, name: FIRST_CUSTOMER.name, known: showPhone(FIRST_CUSTOMER.phone), initial: 'A', tone: 1 },
    customers: customers.map(({ contact }) => ({
      person: personOf(contact, x),
      href: addressOf({ ...handset, contact }),
      on: contact.id === handset.contact?.id,
    })),
    numbers: handset.several
      ? [...x.engine.lines.values()]
          .filter((line) => line.provider.name === 'simulator')
          .map((line) => ({ words: line.number, href: addressOf({ line, several: true, contact: null }), on: line === handset.line }))
      : [],
    faults: FAULTS.map((fault) => ({ value: fault.value, words: faultWords(fault, x.t) })),
    jumps: JUMPS.map(({ minutes, words }) => ({ minutes, words: x.t(words) })),
    twiceHref: addressOf(handset, { twice: '1' }),
    talkHref: handset.conversation ? `/conversations/${handset.conversation.id}` : null,
  }
}

/** What the next send meets, in words. A number is a code of the provider. */
const faultWords = ({ mishap, words }: (typeof FAULTS)[number], t: Say): string =>
  typeof mishap === 'number' ? t('Refused: {title} ({code})', { title: t.said(words), code: String(mishap) }) : t(words)

export type ScreenRow = { kind: 'day'; words: string } | { kind: 'message'; bubble: Bubble }

export async function screenView(x: Exchange, handset: Handset) {
  const { conversation } = handset
  const messages = conversation ? (await listMessages(x.engine.db.read, conversation.id, { limit: PAGE })).items.reverse().filter(isOnPhone) : []
  const answered = await messagesById(
    x.engine.db.read,
    messages.flatMap((message) => (message.reply_to === null ? [] : [message.reply_to])),
  )
  const twice = x.req.method === 'GET' && x.query.get('twice') === '1'
  return {
    screen: {
      rows: rowsOf(x, handset, messages, answered, twice),
      here: addressOf(handset, twice ? { twice: '1' } : {}, '/phone/screen'),
      twice,
      silence: silenceOf(conversation?.last_inbound_at ?? null, x),
      counts: countsDown({ window: windowView(conversation?.last_inbound_at ?? null, x) }),
      again: isForm(x),
      pending: handset.simulator.pending.map((mishap) => {
        const fault = FAULTS.find((one) => one.mishap === mishap)
        return fault ? faultWords(fault, x.t) : x.t('Code {code}', { code: String(mishap) })
      }),
      fields: fieldsOf(handset),
      mayPlay: may(x, 'agent'),
    },
  }
}

const HOUR_MS = 3_600_000

/** What became of the 24-hour window while this customer was silent; null when they have just written. */
function silenceOf(lastInboundAt: number | null, x: Exchange): string | null {
  const now = x.engine.now()
  if (lastInboundAt === null || now - lastInboundAt < HOUR_MS) return null
  const { state, words } = windowView(lastInboundAt, x)
  const time = duration(now - lastInboundAt, x.t)
  return state === 'closed'
    ? x.t('Silent for {time}: the 24-hour window is closed until this customer writes.', { time })
    : x.t('Silent for {time}: of the 24-hour window, {left}.', { time, left: words })
}

/** What has reached the phone, or is the customer's own. */
const REACHED = new Set(['accepted', 'sent', 'delivered', 'read', 'played'])
const isOnPhone = (message: MessageRow): boolean => message.direction === 'in' || REACHED.has(message.status ?? '')

function rowsOf(x: Exchange, handset: Handset, messages: readonly MessageRow[], answered: ReadonlyMap<number, MessageRow>, twice: boolean): ScreenRow[] {
  const rows: ScreenRow[] = []
  let day = ''
  for (const message of messages) {
    const time = momentOf(message.created_at, x)
    if (time.day !== day) rows.push({ kind: 'day', words: time.day })
    day = time.day
    const mine = message.direction === 'in'
    const bubble = drawn(message, message.reply_to === null ? undefined : answered.get(message.reply_to), x.t, {
      element: `p${message.id}`,
      side: mine ? 'mine' : 'theirs',
      time,
      ticks: mine ? { kind: 'two', label: x.t('Delivered'), trouble: null } : null,
      tap:
        mine || !may(x, 'agent')
          ? null
          : {
              action: `${x.base}/phone/taps`,
              target: '_screen',
              fields: { ...fieldsOf(handset), message: String(message.id), ...(twice ? { twice: '1' } : {}) },
            },
    })
    rows.push({ kind: 'message', bubble })
  }
  return rows
}

const EVENTS = 12

/** The latest typed events of this customer, newest first. */
export async function eventsView(x: Exchange, handset: Handset) {
  const { conversation } = handset
  const events = conversation ? await eventsOfConversation(x.engine.db.read, conversation.id, EVENTS) : []
  const messages = await messagesById(
    x.engine.db.read,
    events.flatMap((event) => (event.message_id === null || event.type === 'status' ? [] : [event.message_id])),
  )
  return {
    log: {
      here: addressOf(handset, {}, '/phone/events'),
      lines: events.map((event) => {
        const message = messages.get(event.message_id ?? 0)
        return {
          id: event.id,
          type: event.type,
          words: message?.reply_id ?? (message ? shortWords(message, x.t) : statusWord(event.payload)),
          state: event.state,
          stateWords: x.t(STATE_WORDS[event.state]),
          time: momentOf(event.created_at, x),
        }
      }),
    },
  }
}

const statusWord = (payload: unknown): string => (typeof payload === 'object' && payload !== null && 'status' in payload ? String(payload.status) : '')
