import { randomBytes } from 'node:crypto'
import { cloudApiBody } from './cloud-api'
import { parseCloudApi } from './cloud-api-callbacks'
import { errorOf, resultOf, resultOfStatus } from './codes'
import { cloudApiRow } from './codes-cloud-api'
import { bodyOf } from './deliver'
import { parseExotel } from './exotel-callbacks'
import type { Ground, Knock, Parcel, Provider, SendResult, Verdict } from './provider'
import { clean, field, jsonOf } from './reading'
import { rateOf } from './settings'
import { statusKnock } from './simulated'

export interface SimulatorOptions {
  /** Business number to show. */
  from?: string
  /** Requests per second at most, 1000: there is nobody to spare. */
  perSecond?: number
}

/** What the next send meets: an error code of the Cloud API in the answer, no answer, or no connection. */
export type Mishap = number | 'timeout' | 'refused'

export interface Simulator extends Provider {
  /** The next send ends this way; several calls queue up. */
  failNext(mishap: Mishap): void
  /** What the next sends will meet, in order. */
  readonly pending: readonly Mishap[]
  /** Resolves when every status callback of what was sent so far has been answered. */
  settled(): Promise<void>
}

/** No account, no network: accepts what is sent and answers like WhatsApp, through our own webhook door. */
export function simulator(options: SimulatorOptions = {}): Simulator {
  const from = options.from ?? '+12025550100'
  const perSecond = rateOf(options.perSecond, 1000)
  const mishaps: Mishap[] = []
  const underway = new Set<Promise<void>>()
  let ground: Ground | null = null

  async function report(parcel: Parcel, id: string): Promise<void> {
    for (const status of ['sent', 'delivered'] as const) {
      // Not before the sender could take note of the id. (It may still come first; statuses carry the ref for that.)
      await new Promise(setImmediate)
      if (ground === null) return
      const knock = statusKnock({ id, status, to: parcel.to, at: ground.now(), ref: parcel.ref })
      const answer = await ground.knock(knock).catch(() => null)
      if (answer?.status !== 200)
        ground.log.warn({ status: answer?.status ?? null, message: id }, `The webhook did not take the status "${status}" of the simulator`)
    }
  }

  return {
    name: 'simulator',
    from,
    settings: { from, perSecond: String(perSecond) },
    missing: [],
    perSecond,
    verify,
    parse,
    wire: (parcel) => JSON.parse(cloudApiBody(parcel)) as unknown,
    async send(parcel) {
      const ready = bodyOf(() => cloudApiBody(parcel))
      if (!('body' in ready)) return ready
      const mishap = mishaps.shift()
      if (mishap !== undefined) return resultOfMishap(mishap)
      const id = `sim.${randomBytes(12).toString('hex')}`
      const done: Promise<void> = report(parcel, id).finally(() => underway.delete(done))
      underway.add(done)
      return { outcome: 'accepted', providerId: id }
    },
    start: (lent) => {
      ground = lent
    },
    close: () => {
      ground = null
    },
    failNext: (mishap) => {
      mishaps.push(mishap)
    },
    get pending() {
      return [...mishaps]
    },
    async settled() {
      while (underway.size > 0) await Promise.all(underway)
    },
  }
}

function resultOfMishap(mishap: Mishap): SendResult {
  if (mishap === 'refused') return { outcome: 'retry', reason: 'The simulator refused the connection, as it was told to.' }
  if (mishap === 'timeout') return { outcome: 'uncertain', reason: 'The simulator did not answer, as it was told to.' }
  const row = cloudApiRow(mishap)
  return row === undefined ? resultOfStatus(400, null, undefined, mishap) : resultOf(row, errorOf(mishap, row, null))
}

/** Anybody who reaches the door may play the customer; the door itself lets in this machine only, and nobody in production. */
const verify = ({ method }: Knock): Verdict =>
  method === 'GET' ? { answer: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' } } : { ok: true }

/** Speaks the wire of the Cloud API, and understands Exotel's: the callbacks of its pages can be tried with curl on a fresh host. */
function parse(body: Buffer) {
  const isCloudApi = field(jsonOf(clean(body.toString('utf8'))), 'entry') !== undefined
  return isCloudApi ? parseCloudApi(body, { provider: 'simulator', phoneNumberId: null }) : parseExotel(body, 'simulator')
}
