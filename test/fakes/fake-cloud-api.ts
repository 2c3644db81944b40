import { createHmac } from 'node:crypto'
import { type Act, type FakeServer, fakeServer, type Recorded } from './fake-server'

/** One message that the fake took, whether or not the sender was told. */
export interface Taken {
  id: string
  to: string
  ref: string | null
  content: Record<string, unknown>
}
export interface FakeCloudApi extends FakeServer {
  taken: Taken[]
}

/** Meta's message endpoint on loopback: checks the token, takes messages and answers in its shapes. */
export async function fakeCloudApi(accessToken = 'token'): Promise<FakeCloudApi> {
  const taken: Taken[] = []
  const server = await fakeServer((request) => {
    if (request.headers.authorization !== `Bearer ${accessToken}`) return failed(401, 190)
    const message = messageIn(request)
    const to = message.to ?? message.recipient
    if (typeof to !== 'string') return failed(400, 131008)
    const id = `wamid.TESTOUT${String(taken.length + 1).padStart(4, '0')}`
    taken.push({ id, to, ref: typeof message.biz_opaque_callback_data === 'string' ? message.biz_opaque_callback_data : null, content: message })
    return accepted(id, to)
  })
  return { ...server, taken }
}

const messageIn = ({ body }: Recorded): Record<string, unknown> => (typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {})

type Answer = Exclude<Act, string>
export const accepted = (id: string, to = '919800000001', waId = to): Answer => ({
  status: 200,
  body: { messaging_product: 'whatsapp', contacts: [{ input: to, wa_id: waId }], messages: [{ id, message_status: 'accepted' }] },
})
/** The error body of a failed send. */
export const failed = (status: number, code: number, details?: string): Answer => ({
  status,
  body: {
    error: {
      message: `(#${code}) Error`,
      type: 'OAuthException',
      code,
      ...(details === undefined ? {} : { error_data: { messaging_product: 'whatsapp', details } }),
      fbtrace_id: 'TestTrace1',
    },
  },
})

/** `X-Hub-Signature-256` of these bytes. */
export const signatureOf = (body: string | Buffer, appSecret: string): string => `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`

const METADATA = { display_phone_number: '918000000001', phone_number_id: '100000000000001' }
const bodyWith = (value: object): string =>
  JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '500000000000001', changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', metadata: METADATA, ...value } }] }],
  })

/** The body of statuses, for our webhook. */
export const statusBody = (
  ...statuses: { id: string; status: string; recipient_id?: string; timestamp: string; biz_opaque_callback_data?: string; errors?: unknown[] }[]
): string => bodyWith({ statuses })

/** The body of inbound messages, for our webhook. */
export const messageBody = (...messages: { id: string; from: string; timestamp: string; type: string; [key: string]: unknown }[]): string =>
  bodyWith({ messages })
