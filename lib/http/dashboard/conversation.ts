import { randomBytes } from 'node:crypto'
import { WaError } from '../../errors'
import { codePoints, LIMITS } from '../../model/limits'
import type { Status } from '../../model/message'
import { findContact } from '../../store/contacts'
import { type ConversationRow, markRead, type Step } from '../../store/conversations'
import { listEvents } from '../../store/events'
import { historyOf } from '../../store/history'
import { messageAfter, messageById } from '../../store/messages'
import { hashOf } from '../../store/rows'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { afterOf, conversationOf, fieldOf, idOf, isForm, isPartial, may } from './asked'
import { type Chooser, chooserOf, isClosed } from './chooser'
import { countsDown } from './conversations'
import { STATE_WORDS } from './events'
import { knowAlready, streamOf } from './live'
import { fragment, linksOf, OURS, page, seeOther } from './page'
import { personOf } from './person'
import { type Place, threadOf } from './thread'
import { STATUS_WORDS, ticksOf } from './ticks'
import { momentOf, windowView } from './when'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/conversations/:id', may: 'viewer', handle: show },
  { method: 'POST', path: '/conversations/:id/messages', may: 'agent', handle: write },
  { method: 'POST', path: '/conversations/:id/mode', may: 'agent', handle: change },
  { method: 'POST', path: '/conversations/:id/read', may: 'agent', handle: read },
  { method: 'GET', path: '/conversations/:id/messages/:message', may: 'editor', handle: inspect },
]

/** What stands in the composer when it could not be sent. */
interface Attempt {
  text: string
  fault: string | null
}
export const NOTHING: Attempt = { text: '', fault: null }

async function show(x: Exchange): Promise<void> {
  return showTalk(x, await conversationOf(x), NOTHING)
}

export async function showTalk(x: Exchange, conversation: ConversationRow, attempt: Attempt, status = 200): Promise<void> {
  const { db } = x.engine
  const place = await placeOf(x, conversation)
  const isNewest = place.after === undefined
  const [contact, thread, chooser, trouble] = await Promise.all([
    findContact(db.read, { id: conversation.contact_id }),
    threadOf(x, conversation, place),
    templatesFor(x, conversation),
    listEvents(db.read, { conversationId: conversation.id, states: ['needs_attention'] }, { limit: 5 }),
  ])
  const person = personOf(contact ?? undefined, x)
  const window = windowView(conversation.last_inbound_at, x)
  const locals = {
    talk: {
      id: conversation.id,
      person,
      number: conversation.number,
      several: x.engine.lines.size > 1,
      mode: conversation.mode,
      assigned: conversation.assigned_to,
      unread: conversation.unread,
      window,
      step: stepView(conversation.step, x),
      language: contact?.language ?? null,
      optedOut: contact?.opted_out === 1,
      attributes: Object.entries(contact?.attributes ?? {}).map(([name, value]) => ({ name, value: String(value) })),
      since: momentOf(conversation.created_at, x),
      links: contact ? linksOf(x, contact) : [],
      trouble: trouble.items.length,
    },
    counts: countsDown({ window }),
    rows: thread.rows,
    older: thread.older === null ? null : `/conversations/${conversation.id}?after=${thread.older}`,
    from: thread.older === null ? 0 : (thread.rows.find((row) => row.kind === 'message')?.id ?? 0),
    to: thread.rows.findLast((row) => row.kind === 'message')?.id ?? 0,
    isNewest,
    again: isForm(x),
    composer: composerOf(x, conversation, attempt),
    chooser,
    mayAnswer: may(x, 'agent'),
    mayInspect: may(x, 'editor'),
  }
  // The region takes the answer of its own forms whatever became of them, so a refused message is answered in place.
  if (isPartial(x)) return fragment(x, 'conversations/_talk', locals, status)
  return page(
    x,
    'conversations/show',
    {
      title: person.name,
      skips: locals.composer.closed === null ? [{ href: '#composer-text', words: x.t('To the message field') }] : [],
      stream: await streamOf(x, conversation),
      ...locals,
    },
    status,
  )
}

/** Messages that are shown below one that was looked for. */
const BELOW = 15

/** Which part of the thread: `?after=`, `?around=` one message, or for who reads in the newest part and is told of news, `?from=` what they see. */
async function placeOf(x: Exchange, conversation: ConversationRow): Promise<Place> {
  const numberOf = (name: string): number | null => (/^\d{1,15}$/.test(x.query.get(name) ?? '') ? Number(x.query.get(name)) : null)
  const around = numberOf('around')
  const below = around === null ? null : await messageAfter(x.engine.db.read, conversation.id, around, BELOW)
  const after = below === null ? afterOf(x) : String(below)
  return { after, from: after === undefined ? numberOf('from') : null }
}

/** A closed window offers what may leave. Not to a page that is open: what is being chosen there stays. */
async function templatesFor(x: Exchange, conversation: ConversationRow): Promise<Chooser | null> {
  if (!may(x, 'agent') || !isClosed(conversation, x) || (isPartial(x) && !isForm(x))) return null
  return { ...(await chooserOf(x, conversation)), focus: false }
}

function stepView(step: Step | null, x: Exchange): { words: string; since: string } | null {
  if (step === null) return null
  const words =
    step.flow === '' ? x.t('Waits for the answer “{name}”', { name: step.name }) : x.t('In “{flow}”, at “{name}”', { flow: step.flow, name: step.name })
  return { words, since: momentOf(step.since, x).short }
}

/** The form to write with, or why there is none. `token` makes a repeated click one message. */
function composerOf(x: Exchange, conversation: ConversationRow, attempt: Attempt) {
  const window = windowView(conversation.last_inbound_at, x)
  const closed = !may(x, 'agent')
    ? x.t('You may read here; answering needs the role agent.')
    : window.state === 'closed'
      ? x.t('The 24-hour window closed {when}. WhatsApp takes approved templates only, until the customer writes again.', { when: window.closes?.at ?? '' })
      : null
  return { closed, token: randomBytes(12).toString('base64url'), limit: LIMITS.text, ...attempt }
}

async function write(x: Exchange): Promise<void> {
  const conversation = await conversationOf(x)
  const form = await readForm(x.req)
  const text = fieldOf(form, 'text').replaceAll('\r\n', '\n').trim()
  const token = fieldOf(form, 'token').slice(0, 64)
  const fault =
    text === ''
      ? x.t('Write something first.')
      : codePoints(text) > LIMITS.text
        ? x.t('{n} characters; WhatsApp takes {limit}. Send it in several messages.', { n: codePoints(text), limit: LIMITS.text })
        : token === ''
          ? x.t('The form was incomplete. Send it again.')
          : null
  if (fault !== null) return showTalk(x, conversation, { text, fault: x.t('Not sent: {reason}', { reason: fault }) }, 422)
  try {
    await x.engine.send({
      to: { id: String(conversation.contact_id) },
      number: conversation.number,
      what: { message: { type: 'text', text } },
      by: x.user,
      idempotency: { key: `composer\n${conversation.id}\n${x.user.id}\n${token}`, fingerprint: hashOf(text) },
    })
  } catch (error) {
    if (!(error instanceof WaError) || error.status >= 500) throw error
    return showTalk(x, conversation, { text, fault: x.t('Not sent: {reason}', { reason: x.t.said(error.message) }) }, error.status)
  }
  return isPartial(x) ? showTalk(x, await conversationOf(x), NOTHING) : seeOther(x, `/conversations/${conversation.id}`)
}

async function change(x: Exchange): Promise<void> {
  const conversation = await conversationOf(x)
  const form = await readForm(x.req)
  const mode = fieldOf(form, 'mode')
  if (mode !== 'bot' && mode !== 'person') throw new WaError('WA_REQUEST_INVALID', `Who is in charge is "bot" or "person", not "${mode.slice(0, 20)}".`)
  await x.engine.setMode(String(conversation.id), mode, x.user)
  return isPartial(x) ? showTalk(x, await conversationOf(x), NOTHING) : seeOther(x, `/conversations/${conversation.id}`)
}

async function read(x: Exchange): Promise<void> {
  const conversation = await conversationOf(x)
  if (conversation.unread > 0) {
    const at = Math.max(x.engine.now(), conversation.changed_at + 1)
    // Lists show that it is read; a thread only loses this form, which it takes away itself.
    if (await markRead(x.engine.db.write, conversation, at)) knowAlready(x.engine, conversation.id, conversation.changed_at, at)
  }
  if (!isPartial(x)) return seeOther(x, `/conversations/${conversation.id}`)
  x.res.writeHead(200, { ...OURS, 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', 'Content-Length': 0 }).end()
}

/** One message with its whole story: what left or came, and every state it went through. */
async function inspect(x: Exchange): Promise<void> {
  const conversation = await conversationOf(x)
  const { db } = x.engine
  const message = await messageById(db.read, idOf(x, 'message'))
  if (!message || message.conversation_id !== conversation.id) throw new WaError('WA_NOT_FOUND', 'There is no such message in this conversation.')
  const [history, events, contact] = await Promise.all([
    historyOf(db.read, message.id),
    listEvents(db.read, { conversationId: conversation.id, messageId: message.id }, { limit: 20 }),
    findContact(db.read, { id: conversation.contact_id }),
  ])
  return page(x, 'conversations/message', {
    title: x.t('Message {id}', { id: String(message.id) }),
    talk: { id: conversation.id, person: personOf(contact ?? undefined, x) },
    message: {
      id: message.id,
      direction: message.direction,
      type: message.type,
      providerId: message.provider_id,
      menu: message.menu_key === null ? null : x.t('{menu} · version {version}', { menu: message.menu_key, version: message.menu_version ?? '?' }),
      time: momentOf(message.created_at, x),
      payload: pretty(message.payload),
      variables: message.variables === null ? null : pretty(message.variables),
      ticks: message.status === null ? null : ticksOf(message.status, message.error, x.t),
    },
    history: history.map((row) => ({
      status: x.t(STATUS_WORDS[row.status as Status] ?? row.status),
      time: momentOf(row.at, x),
      detail: row.detail === null ? null : x.t.said(row.detail),
      by: row.caused_by,
    })),
    events: events.items.map((event) => ({
      id: event.id,
      type: event.type,
      state: x.t(STATE_WORDS[event.state]),
      error: event.error,
      raw: event.raw === null ? null : prettyText(event.raw),
    })),
  })
}

const pretty = (value: unknown): string => JSON.stringify(value, null, 2)

/** JSON for reading; what is no JSON as it came. */
function prettyText(text: string): string {
  try {
    return pretty(JSON.parse(text))
  } catch {
    return text
  }
}
