import http from 'node:http'
import { inboundBody } from '../../fakes/fake-exotel'
import { pause } from './random'

export interface Load {
  /** Words that were answered with 200, by customer, in the order in which that customer said them. */
  acked: ReadonlyMap<string, readonly string[]>
  /** Answers other than 200. */
  refused: ReadonlyMap<number, number>
  /** Every customer ends with the word they are at. */
  stop(): Promise<void>
}

export const CUSTOMERS = 15
const phoneOf = (customer: number): string => `9198000001${String(customer).padStart(2, '0')}`

/** Customers who each say one word after the other and repeat it until it is taken; one of ten is delivered twice, at once or later. */
export function startLoad(random: () => number, anyPort: () => number | null): Load {
  const acked = new Map<string, string[]>()
  const refused = new Map<number, number>()
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
  let going = true

  const untilTaken = async (body: string): Promise<void> => {
    for (;;) {
      const status = await postWebhook(anyPort, body, agent)
      if (status === 200) return
      if (status !== null) refused.set(status, (refused.get(status) ?? 0) + 1)
      await pause(20 + random() * 60)
    }
  }
  const customer = async (number: number): Promise<void> => {
    const from = phoneOf(number)
    const words: string[] = []
    acked.set(from, words)
    let earlier: string | null = null
    for (let n = 1; going; n++) {
      const text = `c${number} m${n}`
      const body = inboundBody({ sid: `in-${number}-${n}`, from, timestamp: new Date().toISOString(), content: { type: 'text', text: { body: text } } })
      const twice = random()
      await Promise.all([untilTaken(body), ...(twice < 0.05 ? [untilTaken(body)] : []), ...(twice > 0.95 && earlier !== null ? [untilTaken(earlier)] : [])])
      words.push(text)
      earlier = body
      await pause(80 + random() * 240)
    }
  }
  const customers = Array.from({ length: CUSTOMERS }, (_, number) => customer(number))
  return {
    acked,
    refused,
    async stop() {
      going = false
      await Promise.all(customers)
      agent.destroy()
    },
  }
}

/** The status of the answer; null when there was none. */
export async function postWebhook(anyPort: () => number | null, body: string, agent?: http.Agent): Promise<number | null> {
  const port = anyPort()
  if (port === null) return null
  return new Promise((resolve) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/wa/webhook?token=a-long-webhook-token',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        timeout: 15_000,
        ...(agent ? { agent } : {}),
      },
      (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? null))
        response.on('error', () => resolve(null))
        response.on('aborted', () => resolve(null))
      },
    )
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(null))
    request.end(body)
  })
}
