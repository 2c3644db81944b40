import http from 'node:http'
import { TOKEN } from './hosts'
import { pause } from './random'
import { phoneOf, type Talk } from './words'

export interface Load {
  /** Ids of the words that were answered with 200, by customer, in the order in which that customer said them. */
  acked: ReadonlyMap<string, readonly string[]>
  /** The words that answer a word, by its id, where the host answers by a script. */
  script: ReadonlyMap<string, string>
  /** Answers other than 200. */
  refused: ReadonlyMap<number, number>
  /** Every customer ends with the word they are at. */
  stop(): Promise<void>
}

/** Customers at the same time. Who has said enough makes room for another one. */
const CUSTOMERS = 15
const ENOUGH = 40

/** Customers who each say one word after the other and repeat it until it is taken; one of ten is delivered twice, at once or later. */
export function startLoad(random: () => number, anyPort: () => number | null, talk: Talk): Load {
  const acked = new Map<string, string[]>()
  const script = new Map<string, string>()
  const refused = new Map<number, number>()
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
  let going = true
  let customers = 0

  const untilTaken = async (body: string): Promise<void> => {
    for (;;) {
      const status = await postWebhook(anyPort, body, agent)
      if (status === 200) return
      if (status !== null) refused.set(status, (refused.get(status) ?? 0) + 1)
      await pause(20 + random() * 60)
    }
  }
  const oneCustomer = async (number: number): Promise<void> => {
    const words: string[] = []
    acked.set(phoneOf(number), words)
    const talking = talk(number, random)
    let earlier: string | null = null
    while (going && words.length < ENOUGH) {
      const { id, body, answer } = talking.next().value
      if (answer !== undefined) script.set(id, answer)
      const twice = random()
      await Promise.all([untilTaken(body), ...(twice < 0.05 ? [untilTaken(body)] : []), ...(twice > 0.95 && earlier !== null ? [untilTaken(earlier)] : [])])
      words.push(id)
      earlier = body
      await pause(80 + random() * 240)
    }
  }
  const place = async (): Promise<void> => {
    while (going) await oneCustomer(customers++)
  }
  const places = Array.from({ length: CUSTOMERS }, place)
  return {
    acked,
    script,
    refused,
    async stop() {
      going = false
      await Promise.all(places)
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
        path: `/wa/webhook?token=${TOKEN}`,
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
