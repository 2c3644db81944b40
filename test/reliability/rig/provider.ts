import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { accepted, dlrBody, tooManyRequests } from '../../fakes/fake-exotel'
import { pause } from './random'

/** One message that the provider took. */
export interface Taken {
  ref: string
  to: string
  text: string
}
export interface RigProvider extends AsyncDisposable {
  url: string
  /** In the order in which they came, whether or not the sender was told. */
  taken: Taken[]
  /** What the next requests meet, in order, before chance decides again. */
  next(...moods: Mood[]): void
  /** Resolves when every delivery report that was promised has been answered with 200. */
  reported(): Promise<void>
  /** From now on nobody waits for an answer that will never come: the line is cut instead. */
  hangUp(): void
  close(): Promise<void>
}

/** What a request meets: whether the message is taken, and what the sender hears of it. */
const MOODS = {
  'told to slow down': { takes: false, hears: tooManyRequests('0') },
  'refused as out of service': { takes: false, hears: { status: 503, body: {} } },
  'failed before it was taken': { takes: false, hears: { status: 500, body: {} } },
  'failed after it was taken': { takes: true, hears: { status: 500, body: {} } },
  'broken off before it was taken': { takes: false, hears: 'the line is cut' },
  'broken off after it was taken': { takes: true, hears: 'the line is cut' },
  'never answered, never taken': { takes: false, hears: 'nothing' },
  'taken and never answered': { takes: true, hears: 'nothing' },
  'answered late': { takes: true, hears: 'its id, late' },
  taken: { takes: true, hears: 'its id' },
} as const
export type Mood = keyof typeof MOODS

/** Of a hundred requests so many meet it; the others are taken. */
const CHANCES: readonly (readonly [Mood, number])[] = [
  ['told to slow down', 5],
  ['refused as out of service', 2],
  ['failed before it was taken', 1],
  ['failed after it was taken', 3],
  ['broken off before it was taken', 1],
  ['broken off after it was taken', 2],
  ['never answered, never taken', 0.5],
  ['taken and never answered', 0.5],
  ['answered late', 2],
]

function moodOf(roll: number): Mood {
  let left = roll * 100
  for (const [mood, chance] of CHANCES) {
    if (left < chance) return mood
    left -= chance
  }
  return 'taken'
}

/** An Exotel that takes its time, fails, falls silent, and reports six of ten deliveries through `report`, which tries until it succeeds. */
export async function rigProvider(random: () => number, report: (body: string) => Promise<void>): Promise<RigProvider> {
  const taken: Taken[] = []
  const next: Mood[] = []
  const reports = new Set<Promise<void>>()
  const waiting = new Set<Socket>()
  let hangsUp = false

  const take = (message: WireMessage): string => {
    taken.push({ ref: message.custom_data, to: message.to, text: message.content.text?.body ?? message.content.interactive?.body.text ?? '' })
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
    const { takes, hears } = MOODS[next.shift() ?? moodOf(random())]
    const wait = 5 + random() * 40
    const sid = takes ? take(message) : ''
    if (hears === 'nothing' && !hangsUp) return void waiting.add(req.socket)
    if (takes) await pause(hears === 'its id, late' ? wait * 20 : wait)
    if (hears === 'the line is cut' || hears === 'nothing') return void req.socket.destroy()
    answer(res, typeof hears === 'string' ? accepted(sid) : hears)
  }

  const server = createServer((req, res) => void serve(req, res).catch(() => req.socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    next: (...moods) => next.push(...moods),
    async reported() {
      while (reports.size > 0) await Promise.all(reports)
    },
    hangUp() {
      hangsUp = true
      for (const socket of waiting) socket.destroy()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface WireMessage {
  to: string
  custom_data: string
  content: { text?: { body: string }; interactive?: { body: { text: string } } }
}
async function messageIn(req: IncomingMessage): Promise<WireMessage> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const body = JSON.parse(Buffer.concat(chunks).toString()) as { whatsapp: { messages: WireMessage[] } }
  const [message] = body.whatsapp.messages
  if (!message) throw new Error('a request without a message')
  return message
}

function answer(res: ServerResponse, { status, body, headers }: Exclude<ReturnType<typeof accepted>, string>): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
