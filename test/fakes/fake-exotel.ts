import { type Act, type FakeServer, fakeServer, type Recorded } from './fake-server'

/** One message that the fake took, whether or not the sender was told. */
export interface Taken {
  id: string
  to: string
  ref: string | null
  content: unknown
}
export interface FakeExotel extends FakeServer {
  taken: Taken[]
}

/** Exotel's message API on loopback: checks the credentials, takes messages and answers in its shapes. */
export async function fakeExotel(key = 'key', token = 'token'): Promise<FakeExotel> {
  const taken: Taken[] = []
  const authorization = `Basic ${Buffer.from(`${key}:${token}`).toString('base64')}`
  const server = await fakeServer((request) => {
    if (request.headers.authorization !== authorization) return refused(401, 1010, 'Authorization failed')
    const message = messageIn(request)
    if (message === null) return refused(400, 1001, 'at least one channel is mandatory')
    const id = `ExSid${String(taken.length + 1).padStart(4, '0')}`
    taken.push({ id, to: message.to, ref: message.custom_data ?? null, content: message.content })
    return accepted(id)
  })
  return { ...server, taken }
}

interface Message {
  to: string
  custom_data?: string
  content: unknown
}
const messageIn = ({ body }: Recorded): Message | null => (body as { whatsapp?: { messages?: Message[] } } | null)?.whatsapp?.messages?.[0] ?? null

type Answer = Exclude<Act, string>
const answer = (status: number, items: unknown[], failed = 0): Answer => ({
  status,
  body: {
    request_id: '0f3a2b77c1',
    method: 'POST',
    http_code: status,
    metadata: { failed, total: items.length, success: items.length - failed },
    response: { whatsapp: { messages: items } },
  },
})

export const item = (sid: string | null): unknown => ({ code: 202, error_data: null, status: 'success', data: sid === null ? null : { sid } })
export const failedItem = (code: number, itemStatus = 400, description = 'to is invalid'): unknown => ({
  code: itemStatus,
  error_data: { code, message: 'Invalid parameter', description },
  status: 'failure',
  data: null,
})

export const accepted = (sid: string | null): Answer => answer(202, [item(sid)])
/** HTTP 202, and yet the item of the message failed. */
export const acceptedWithFailedItem = (code: number, itemStatus?: number): Answer => answer(202, [failedItem(code, itemStatus)], 1)
/** HTTP 207 with these items. */
export const mixed = (...items: unknown[]): Answer => answer(207, items, 1)
/** An error of the whole request. */
export const refused = (status: number, code: number, message = 'refused'): Answer => ({
  status,
  body: { http_code: status, response: { error_data: { code, message, description: message } } },
})
export const tooManyRequests = (retryAfter?: string): Answer => ({
  status: 429,
  body: { http_code: 429 },
  ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
})

/** The body of a delivery report, for our webhook. */
export const dlrBody = (report: { sid: string; to: string; code: number; name: string; ref?: string | null; timestamp: string }): string =>
  JSON.stringify({
    whatsapp: {
      messages: [
        {
          callback_type: 'dlr',
          sid: report.sid,
          to: report.to,
          exo_status_code: report.code,
          exo_detailed_status: report.name,
          timestamp: report.timestamp,
          ...(report.ref ? { custom_data: report.ref } : {}),
        },
      ],
    },
  })

/** The body of an inbound message, for our webhook. */
export const inboundBody = (message: { sid: string; from: string; content: unknown; timestamp: string; name?: string }): string =>
  JSON.stringify({
    whatsapp: {
      messages: [
        {
          callback_type: 'icm',
          sid: message.sid,
          from: message.from,
          to: '+918000000001',
          profile_name: message.name ?? 'Asha',
          timestamp: message.timestamp,
          content: message.content,
        },
      ],
    },
  })
