import type { SendRequest } from '../../engine'
import { type Fault, WaError } from '../../errors'
import type { InboundPayload } from '../../flows/facts'
import { shown } from '../../model/fault'
import { BESIDE, LADDER, type SentMessage, type Status } from '../../model/message'
import { phoneOf } from '../../model/phone'
import { messageOf } from '../../model/send-check'
import { historyOf } from '../../store/history'
import { canonical } from '../../store/menus'
import { listOutbound, type MessageRow, messageById } from '../../store/messages'
import { hashOf } from '../../store/rows'
import type { Exchange } from '../exchange'
import { sendJson } from '../problem'
import { idOf, notFound } from './asked'
import type { ApiRoute, Asked } from './route'
import { LoggedMessage, MessageDetail, Send, Sent, Status as StatusSchema } from './schemas/message'
import { at, J, numberFilter, type Paging, pageOf, paging, shape } from './schemas/shape'

export const routes: readonly ApiRoute[] = [
  {
    method: 'POST',
    path: '/api/messages',
    may: 'send',
    id: 'sendMessage',
    summary: 'Send a menu or a message',
    about:
      'Answered when the message is committed to the outbox; it leaves right after, once, whatever happens to the process. ' +
      'With an Idempotency-Key the same key and body are the same message, and answered alike, for as long as the message is kept: for ever, unless `retention.messagesDays` is set. Keys belong to the API key (by its name) that sent them.',
    headers: { 'Idempotency-Key': J.string().max(255).description('The same key and body: one message. The same key with another body: 422.') },
    body: {
      schema: Send,
      example: { to: '+919876543210', menu: 'track-link', variables: { order: 'ORD-12345' } },
      explain: [
        { at: 'to', code: 'WA_PHONE_INVALID', faults: recipientFaults },
        { at: 'message', code: 'WA_MESSAGE_INVALID', faults: messageFaults },
      ],
    },
    answer: { status: 202, about: 'It will be sent.', schema: Sent, headers: { Location: 'Where to ask what became of it.' } },
    refuses: [
      'WA_MENU_UNKNOWN',
      'WA_VARIABLE_MISSING',
      'WA_VARIABLE_UNKNOWN',
      'WA_MENU_LIMIT',
      'WA_MESSAGE_INVALID',
      'WA_PHONE_INVALID',
      'WA_CONTACT_UNKNOWN',
      'WA_NUMBER_UNKNOWN',
      'WA_WINDOW_CLOSED',
      'WA_OPTED_OUT',
      'WA_IDEMPOTENCY_MISMATCH',
      'WA_RECIPIENT_LIMIT',
    ],
    handle: send,
  },
  {
    method: 'GET',
    path: '/api/messages',
    may: 'read',
    id: 'listMessages',
    summary: 'Messages that were sent, of all conversations',
    query: shape({}, { status: StatusSchema.description('Only those that stand here, such as `failed` or `uncertain`.'), ...numberFilter, ...paging }),
    answer: { status: 200, about: 'A page of messages.', schema: pageOf(LoggedMessage) },
    handle: list,
  },
  {
    method: 'GET',
    path: '/api/messages/:id',
    may: 'read',
    id: 'getMessage',
    summary: 'One message with its history',
    answer: { status: 200, about: 'The message.', schema: MessageDetail },
    refuses: ['WA_NOT_FOUND'],
    handle: show,
  },
  decision(
    'retry',
    'retryMessage',
    'Send it again',
    'Possible while it is failed, uncertain, expired or canceled, or waits for its next try, which is then made now. An uncertain message may have arrived: then the customer gets it twice.',
  ),
  decision('arrived', 'believeMessage', 'Believe that it arrived', 'Possible while it is uncertain. It counts as accepted, and nothing is sent.'),
  decision('cancel', 'cancelMessage', 'Do not send it', 'Possible while it is queued, uncertain or failed.'),
]

function decision(verb: 'retry' | 'arrived' | 'cancel', id: string, summary: string, about: string): ApiRoute {
  return {
    method: 'POST',
    path: `/api/messages/:id/${verb}`,
    may: 'send',
    id,
    summary,
    about: `${about} Otherwise 409.`,
    answer: { status: 200, about: 'Decided.', schema: Sent },
    refuses: ['WA_NOT_FOUND', 'WA_STATE'],
    async handle(x) {
      sendJson(x.res, 200, await x.engine.decideMessage(String(idOf(x, 'message')), verb, x.user))
    },
  }
}

type SendBody = { to: string | { phone: string } | { bsuid: string } | { externalId: string } | { id: string }; number?: string } & (
  | { menu: string; variables?: Record<string, unknown> }
  | { message: unknown }
)

async function send(x: Exchange, { body, headers }: Asked): Promise<void> {
  const request = body as SendBody
  const key = headers['Idempotency-Key']
  const sent = await x.engine.send({
    to: typeof request.to === 'string' ? { phone: request.to } : request.to,
    what: 'message' in request ? { message: messageOf(request.message) } : { menu: request.menu, variables: request.variables ?? {} },
    number: request.number,
    idempotency: key === undefined ? undefined : idempotencyOf(x, key, request),
  })
  // Always the answer of the first time, however far the message has come since: same key and body, same answer.
  const status: Status = 'queued'
  sendJson(x.res, 202, { id: sent.id, status }, { Location: `${x.base}/api/messages/${sent.id}` })
}

/** A key belongs to whoever sent it, by the name of the API key: rotating the secret must not make a repeated message a new one. */
function idempotencyOf(x: Exchange, key: string, body: SendBody): SendRequest['idempotency'] {
  return { key: `http\n${JSON.stringify([x.user.id, key])}`, fingerprint: hashOf(canonical(body)) }
}

function recipientFaults(to: unknown, x: Exchange): Fault[] {
  const phone = typeof to === 'string' ? to : typeof to === 'object' && to !== null && Object.hasOwn(to, 'phone') ? (to as { phone: unknown }).phone : undefined
  if (typeof phone === 'string')
    return faultsIn(() => phoneOf(phone, x.engine.defaultCountry)).map((fault) => ({ ...fault, path: typeof to === 'string' ? 'to' : 'to.phone' }))
  if (typeof to === 'object' && to !== null && !Array.isArray(to)) return []
  const fix = 'Give a phone number as "+E.164", or one of { phone }, { bsuid }, { externalId }, { id }.'
  return [{ path: 'to', message: `to is ${shown(to)}; it says who gets the message. ${fix}`, actual: shown(to), fix }]
}

function messageFaults(message: unknown): Fault[] {
  return faultsIn(() => messageOf(message)).map((fault) => ({ ...fault, path: fault.path === '' ? 'message' : `message.${fault.path}` }))
}

function faultsIn(check: () => unknown): readonly Fault[] {
  try {
    check()
    return []
  } catch (error) {
    if (error instanceof WaError && error.status < 500) return error.faults
    throw error
  }
}

async function list(x: Exchange, { query }: Asked): Promise<void> {
  const { status, number, ...page } = query as unknown as Paging & { status?: Status; number?: string }
  const found = await listOutbound(x.engine.db.read, status ? [status] : [...LADDER, ...BESIDE], {
    ...page,
    numbers: number === undefined ? undefined : [number],
  })
  sendJson(x.res, 200, { items: found.items.map(logged), next: found.next })
}

async function show(x: Exchange): Promise<void> {
  const id = idOf(x, 'message')
  const { read } = x.engine.db
  const message = await messageById(read, id)
  if (message === null) throw notFound('message', String(id))
  const history = await historyOf(read, id)
  sendJson(x.res, 200, {
    ...logged(message),
    conversationId: String(message.conversation_id),
    number: message.number,
    attempts: message.attempts,
    history: history.map((row) => ({ status: row.status, at: at(row.at), detail: row.detail, by: row.caused_by })),
  })
}

/** A message of the log as the contract has it. */
export function logged(message: MessageRow) {
  const reply = message.direction === 'in' ? (message.payload as InboundPayload | null)?.reply : undefined
  return {
    id: String(message.id),
    direction: message.direction,
    type: message.direction === 'out' ? ((message.payload as SentMessage | null)?.type ?? message.type) : message.type,
    text: message.text,
    ...(reply
      ? { reply: { id: reply.id, title: reply.title, ...(reply.description === undefined ? {} : { description: reply.description }), via: reply.via } }
      : {}),
    ...(message.menu_key === null ? {} : { menu: { key: message.menu_key, version: message.menu_version ?? 0 } }),
    status: message.status,
    ...(message.error ? { error: { code: message.error.code, title: message.error.title, advice: message.error.advice } } : {}),
    providerId: message.provider_id,
    at: at(message.at),
  }
}
