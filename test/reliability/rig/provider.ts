import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { accepted, dlrBody, tooManyRequests } from '../../fakes/fake-exotel'
import { pause } from './random'

/** One message that the provider took. */
export interface Taken {
  ref: string
  to: string
  text: string
}
export interface RigProvider {
  url: string
  /** In the order in which they came, whether or not the sender was told. */
  taken: Taken[]
  /** Resolves when every delivery report that was promised has been answered with 200. */
  reported(): Promise<void>
  close(): Promise<void>
}

/** What becomes of a request: 5 % are told to slow down, 3 % are refused, 3 % fail and 2 % break off after they were taken. */
const verdict = (roll: number): 'slow down' | 'refused' | 'failed' | 'broke off' | 'taken' =>
  roll < 0.05 ? 'slow down' : roll < 0.08 ? 'refused' : roll < 0.11 ? 'failed' : roll < 0.13 ? 'broke off' : 'taken'

/** An Exotel that takes its time, fails now and then, and reports six of ten deliveries through `report`, which tries until it succeeds. */
export async function rigProvider(random: () => number, report: (body: string) => Promise<void>): Promise<RigProvider> {
  const taken: Taken[] = []
  const reports = new Set<Promise<void>>()

  const take = (message: WireMessage): string => {
    taken.push({ ref: message.custom_data, to: message.to, text: message.content.text?.body ?? '' })
    const sid = `sid-${taken.length}`
    if (random() < 0.6) {
      const body = dlrBody({ sid, to: message.to, code: 30002, name: 'EX_MESSAGE_DELIVERED', ref: message.custom_data, timestamp: new Date().toISOString() })
      const done: Promise<void> = pause(random() * 80)
        .then(() => report(body))
        .finally(() => reports.delete(done))
      reports.add(done)
    }
    return sid
  }
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const message = await messageIn(req)
    const what = verdict(random())
    const wait = 5 + random() * 40
    if (what === 'slow down') return answer(res, tooManyRequests('0'))
    if (what === 'refused') return answer(res, { status: 503, body: {} })
    const sid = take(message)
    await pause(wait)
    if (what === 'failed') return answer(res, { status: 500, body: {} })
    if (what === 'broke off') return void req.socket.destroy()
    answer(res, accepted(sid))
  }

  const server = createServer((req, res) => void serve(req, res).catch(() => req.socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    async reported() {
      while (reports.size > 0) await Promise.all(reports)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface WireMessage {
  to: string
  custom_data: string
  content: { text?: { body: string } }
}
async function messageIn(req: IncomingMessage): Promise<WireMessage> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const body = JSON.parse(Buffer.concat(chunks).toString()) as { whatsapp: { messages: WireMessage[] } }
  const [message] = body.whatsapp.messages
  if (!message) throw new Error('a request without a message')
  return message
}

type Answer = Extract<ReturnType<typeof accepted>, object>
function answer(res: ServerResponse, { status, body, headers }: Answer): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
