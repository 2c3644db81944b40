import { createHmac } from 'node:crypto'

/** What the loader sends to a server. `tap`: signed webhooks, each with an id of its own. `get`: always the same page. */
export type Wanted = { kind: 'tap'; path: string; secret: string; customers: number; name: string } | { kind: 'get'; path: string }

/** Numbers of customers begin here, and all have as many digits. */
const FIRST_CUSTOMER = 919_800_000_000

/** The `nth` tap, as Meta would send it: about 900 bytes with head and signature. */
export function tapRequest(wanted: Extract<Wanted, { kind: 'tap' }>, nth: number): Buffer {
  const body = Buffer.from(tapBody(wanted.name, nth, wanted.customers))
  const signature = createHmac('sha256', wanted.secret).update(body).digest('hex')
  return Buffer.concat([
    Buffer.from(
      `POST ${wanted.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: facebookexternalua\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=${signature}\r\nContent-Length: ${body.length}\r\n\r\n`,
    ),
    body,
  ])
}

export const getRequest = (path: string): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n`)

export function tapBody(name: string, nth: number, customers: number): string {
  const phone = String(FIRST_CUSTOMER + ((nth * 7919) % customers))
  const message = {
    from: phone,
    from_user_id: `IN.Bench${phone}`,
    id: `wamid.HBgMOTE5ODAwMDAwMDAxFQIAEhggQk${name}${String(nth).padStart(10, '0')}AA==`,
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: 'interactive',
    context: { from: '918000000001', id: `wamid.HBgMOTE5ODAwMDAwMDAxFQIAERgSOUT${String(nth % 50_000).padStart(8, '0')}AA==` },
    interactive: { type: 'list_reply', list_reply: { id: 'track_order', title: 'Track My Order', description: 'Get real-time delivery status' } },
  }
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '918000000001', phone_number_id: '100000000000001' },
    contacts: [{ profile: { name: 'Asha Rao' }, wa_id: phone, user_id: `IN.Bench${phone}` }],
    messages: [message],
  }
  return JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '500000000000001', changes: [{ field: 'messages', value }] }] })
}
