import express from 'express'
import type { Knex } from 'knex'
import request from 'supertest'
import type { RunningEngine } from '../../lib/build-engine'
import { EVENT_NAMES } from '../../lib/flows/listeners'
import { cloudApi, exotel, type WaOptions, waInteractive } from '../../lib/index'
import type { Provider } from '../../lib/providers/provider'
import { testOptions } from '../../lib/testing'
import { ENGINE, type Wa } from '../../lib/wa'
import { type FakeCloudApi, fakeCloudApi, signatureOf } from '../fakes/fake-cloud-api'
import { type FakeExotel, fakeExotel } from '../fakes/fake-exotel'

export const TOKEN = 'a-long-webhook-token'
export const SECRET = 'test-app-secret'
export const PHONE_NUMBER_ID = '100000000000001'

export type Wire = 'exotel' | 'cloud-api'
export interface Heard {
  /** Name under which a listener heard it. */
  as: string
  given: Record<string, unknown>
}
export interface WireHost<F> {
  wa: Wa
  app: express.Express
  /** The provider's side of the line. */
  fake: F
  /** All that listeners of every kind were given, in order. */
  heard: Heard[]
  /** What the provider would send to our webhook: authentic bytes. */
  post(body: string | Buffer, path?: string): request.Test
  /** The same, and everything it causes. */
  comes(body: unknown): Promise<void>
  knex: Knex
  engine: RunningEngine
  [Symbol.asyncDispose](): Promise<void>
}
export type Fakes = { exotel: FakeExotel; 'cloud-api': FakeCloudApi }

export const engineOf = (wa: unknown): RunningEngine => (wa as { [ENGINE]: RunningEngine })[ENGINE]

/** The provider that speaks this wire to a fake. */
export function providerFor(wire: Wire, url: string): Provider {
  const made =
    wire === 'exotel'
      ? exotel({ accountSid: 'sid', apiKey: 'key', apiToken: 'token', from: '+918000000001', baseUrl: url, webhookToken: TOKEN, perSecond: 1000 })
      : cloudApi({ phoneNumberId: PHONE_NUMBER_ID, accessToken: 'token', appSecret: SECRET, verifyToken: 'verify-me', baseUrl: url, perSecond: 1000 })
  return made as Provider
}

/** The names under which something is heard as what it is, without those that hear several kinds. */
const SEVERAL = ['reply', 'message', 'unmatched']
export const ownNames = (heard: readonly Heard[]): string[] => heard.map(({ as }) => as).filter((name) => !SEVERAL.includes(name))

/** A real Express app with everything behind it, on a database of its own, against a fake provider on loopback: real HTTP in, real HTTP out. */
export async function wireHost<W extends Wire>(wire: W, options: Partial<WaOptions> = {}): Promise<WireHost<Fakes[W]>> {
  const fake = (wire === 'exotel' ? await fakeExotel() : await fakeCloudApi()) as Fakes[W]
  const { control: _control, provider: _simulator, ...usual } = testOptions()
  const wa = waInteractive({ ...usual, provider: providerFor(wire, fake.url), ...options }) as unknown as Wa
  const heard: Heard[] = []
  for (const name of EVENT_NAMES) wa.on(name as 'message', { whilePerson: true }, (given) => void heard.push({ as: name, given: { ...given } }))
  await wa.start()
  const app = express().use(wa)
  const post = (body: string | Buffer, path = '/wa/webhook'): request.Test => {
    const address = wire === 'exotel' && !path.includes('?') ? `${path}?token=${TOKEN}` : path
    const asked = request(app).post(address).set('Content-Type', 'application/json')
    if (wire === 'cloud-api') asked.set('X-Hub-Signature-256', signatureOf(body, SECRET))
    // A Buffer would be sent as JSON of itself.
    return asked.serialize(String).send(body as string)
  }
  return {
    wa,
    app,
    fake,
    heard,
    post,
    async comes(body) {
      await post(typeof body === 'string' ? body : JSON.stringify(body)).expect(200)
      await engineOf(wa).settle()
    },
    engine: engineOf(wa),
    get knex() {
      return engineOf(wa).db.write
    },
    async [Symbol.asyncDispose]() {
      await wa.close()
      await fake.close()
    },
  }
}
