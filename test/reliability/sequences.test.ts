import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RunningEngine } from '../../lib/build-engine'
import { buttons, type Provider as PublicProvider, simulator, waInteractive } from '../../lib/index'
import type { IncomingStatus } from '../../lib/model/event'
import type { SentMessage } from '../../lib/model/message'
import { wordsOf } from '../../lib/model/message'
import type { Knock, Parcel, Provider } from '../../lib/providers/provider'
import { knockOf, says, statusKnock, taps } from '../../lib/providers/simulated'
import type { Mishap, Simulator } from '../../lib/providers/simulator'
import { listEvents } from '../../lib/store/events'
import { saveDraft } from '../../lib/store/menus'
import { listOutbound } from '../../lib/store/messages'
import { ENGINE } from '../../lib/wa'
import { engines, type TestEngine } from '../support/databases'
import { lookInto, openWork } from './rig/database'
import { checkInvariants } from './rig/invariants'
import type { Taken } from './rig/provider'
import { seedOf } from './rig/random'

/** What may happen, in any order. Nothing waits for what the step before has caused. */
type Step =
  | { does: 'says'; who: number; kind: 'plain' | 'fails once' | 'fails twice' }
  | { does: 'taps'; who: number }
  | { does: 'double'; nth: number }
  | { does: 'out of order'; who: number }
  | { does: 'status'; nth: number; status: 'sent' | 'delivered' | 'read' }
  | { does: 'mishap'; mishap: Mishap }
  | { does: 'restart' }
  | { does: 'rest' }
  | { does: 'edit menu' }
  | { does: 'decide'; nth: number }
  | { does: 'clock'; minutes: number }

const who = fc.integer({ min: 0, max: 2 })
const nth = fc.nat(30)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('says' as const),
      who,
      kind: fc.constantFrom('plain' as const, 'plain' as const, 'fails once' as const, 'fails twice' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('taps' as const), who }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('double' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('out of order' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('status' as const), nth, status: fc.constantFrom('sent' as const, 'delivered' as const, 'read' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('mishap' as const), mishap: fc.constantFrom<Mishap>('timeout', 'refused', 130429, 131056, 131026) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('rest' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('edit menu' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('decide' as const), nth }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('clock' as const), minutes: fc.integer({ min: -30, max: 30 }) }) },
)

const STAFF = { id: 'u1', name: 'Meera' }
const menu = buttons('sure', {
  body: 'Sure?',
  buttons: [
    { id: 'yes', title: 'Yes' },
    { id: 'no', title: 'No' },
  ],
})
const [sqlite] = engines() as [TestEngine]

test('whatever happens in whatever order, every word is answered once, in order, and nothing leaves twice', {
  timeout: process.env.WA_TEST_SEQUENCES ? 10_000_000 : 170_000,
}, async (t) => {
  const seed = seedOf()
  const isLong = process.env.WA_TEST_SEQUENCES !== undefined
  const numRuns = Number(process.env.WA_TEST_SEQUENCES) || 30
  const began = performance.now()
  t.diagnostic(`seed ${seed}`)
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      if (!isLong && performance.now() - began > 25_000) return
      runs++
      assert.deepEqual(await play(steps), [])
    }),
    { seed, numRuns },
  )
  t.diagnostic(`${runs} sequences`)
  assert.ok(runs > 3)
})

/** Plays the steps, lets everything come to rest, and answers what is wrong then. */
async function play(steps: readonly Step[]): Promise<string[]> {
  const database = await sqlite.open()
  const inner = simulator() as Simulator & Provider
  const taken: Taken[] = []
  const provider = Object.assign(Object.create(inner) as Provider, {
    async send(parcel: Parcel, signal: AbortSignal) {
      const result = await inner.send(parcel, signal)
      if (result.outcome === 'accepted') taken.push({ ref: parcel.ref, to: parcel.to.phone ?? '', text: wordsOf(parcel.message as SentMessage) })
      return result
    },
  }) as unknown as PublicProvider
  let ahead = 0
  const wa = waInteractive({ menus: [menu], provider, database: database.url, logger: false, autoStart: false, now: () => new Date(Date.now() + ahead) })
  const engine = (wa as unknown as { [ENGINE]: RunningEngine })[ENGINE]
  const heard = new Map<string, string[]>()
  wa.on('unmatched', async ({ text, event, contact, say, ask }) => {
    const word = text ?? ''
    await say(`said: ${word}`)
    if (event.attempt <= (word.startsWith('fails twice') ? 2 : word.startsWith('fails once') ? 1 : 0)) throw new Error('as it was told')
    if (Number(/\d+$/.exec(word)?.[0]) % 3 === 0) await ask(menu, 'sure')
    heard.set(contact.phone ?? '', [...(heard.get(contact.phone ?? '') ?? []), word])
  })
  wa.onAnswer('sure', async ({ text, answer, contact, say }) => {
    if (answer.reply) return say('Thank you.')
    await say(`answered: ${text}`)
    heard.set(contact.phone ?? '', [...(heard.get(contact.phone ?? '') ?? []), text])
    return undefined
  })
  await wa.start()

  const acked = new Map<string, string[]>()
  const delivered: Knock[] = []
  const sentAgain = new Set<string>()
  const phoneOf = (customer: number): string => `+91980000000${customer}`
  const deliver = async (knock: Knock): Promise<void> => {
    for (let tries = 0; tries < 20; tries++) if ((await engine.knock('default', knock)).status === 200) return
    throw new Error('the door does not open')
  }
  let words = 0
  const word = async (customer: number, kind: string, at: number): Promise<void> => {
    const from = phoneOf(customer)
    const text = `${kind} m${++words}`
    const knock = knockOf({ from: { phone: from }, at, id: `in-${words}`, content: says(text), replyTo: null })
    await deliver(knock)
    delivered.push(knock)
    acked.set(from, [...(acked.get(from) ?? []), text])
  }
  const outbound = async () =>
    (await listOutbound(engine.db.write, ['queued', 'sending', 'accepted', 'sent', 'delivered', 'read', 'uncertain', 'failed', 'expired'], { limit: 200 }))
      .items

  const take = async (step: Step): Promise<unknown> => {
    switch (step.does) {
      case 'says':
        return word(step.who, step.kind, engine.now())
      case 'out of order':
        await word(step.who, 'plain', engine.now() + 2000)
        return word(step.who, 'plain', engine.now() - 2000)
      case 'taps': {
        const offer = (await outbound()).find((message) => message.type === 'button' && message.provider_id !== null)
        if (!offer) return
        const id = `tap-${++words}`
        return deliver(
          knockOf({
            from: { phone: phoneOf(step.who) },
            at: engine.now(),
            id,
            content: taps({ id: 'yes', title: 'Yes' }, 'button'),
            replyTo: offer.provider_id,
          }),
        )
      }
      case 'double': {
        const earlier = delivered[step.nth % Math.max(1, delivered.length)]
        return earlier && Promise.all([deliver(earlier), deliver(earlier)])
      }
      case 'status': {
        const known = (await outbound()).filter((message) => message.provider_id !== null)
        const message = known[step.nth % Math.max(1, known.length)]
        const about = { id: message?.provider_id ?? '', status: step.status as IncomingStatus['status'], to: { phone: phoneOf(0) }, at: engine.now() }
        return message && deliver(statusKnock(about))
      }
      case 'mishap':
        return inner.failNext(step.mishap)
      case 'restart':
        return engine.restart()
      case 'rest':
        return engine.settle()
      case 'edit menu':
        await saveDraft(engine.db, { key: 'sure', type: 'button', body: `Sure? ${++words}`, buttons: [{ id: 'yes', title: 'Yes' }] }, STAFF, null, engine.now())
        return engine.publish('sure', STAFF, {})
      case 'decide':
        return decide(step.nth)
      case 'clock':
        ahead += step.minutes * 60_000
        return
    }
  }
  /** A person's click. What moved on meanwhile is refused, which is right. */
  const decide = async (n: number): Promise<void> => {
    const messages = (await outbound()).filter((message) => ['uncertain', 'failed', 'expired'].includes(message.status ?? ''))
    const message = messages[n % Math.max(1, messages.length)]
    if (message?.ref) sentAgain.add(message.ref)
    if (message) await engine.decideMessage(String(message.id), 'retry', STAFF).catch(refused)
    const events = (await listEvents(engine.db.write, { states: ['retrying', 'needs_attention', 'unhandled'] }, { limit: 50 })).items
    const event = events[n % Math.max(1, events.length)]
    if (event) await engine.decideEvent(String(event.id), 'retry', STAFF).catch(refused)
  }

  const db = lookInto(database.url)
  try {
    for (const one of steps) await take(one)
    for (let round = 0; round < 60; round++) {
      await engine.settle()
      if ((await openWork(db)) === 0) break
      ahead += 6 * 60_000
    }
    await wa.close()
    return await checkInvariants(db, { acked, taken, heard, sentAgain })
  } finally {
    await wa.close()
    await db.destroy()
    await database.drop()
  }
}

function refused(error: unknown): void {
  if ((error as { code?: string }).code !== 'WA_STATE') throw error
}
