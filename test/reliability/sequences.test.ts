import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WaError } from '../../lib/errors'
import { buttons, type Contact, type Provider as PublicProvider, simulator, waInteractive } from '../../lib/index'
import type { IncomingStatus } from '../../lib/model/event'
import type { SentMessage } from '../../lib/model/message'
import { wordsOf } from '../../lib/model/message'
import type { Ground, Knock, Parcel, Provider, SendResult } from '../../lib/providers/provider'
import { knockOf, says, statusKnock, taps } from '../../lib/providers/simulated'
import type { Mishap, Simulator } from '../../lib/providers/simulator'
import type { Db } from '../../lib/store/database'
import { listEvents } from '../../lib/store/events'
import { saveDraft } from '../../lib/store/menus'
import { listOutbound } from '../../lib/store/messages'
import { engines, type TestEngine } from '../support/databases'
import { lapseLeasesOf, lookInto, openWork } from './rig/database'
import { engineOf } from './rig/engine'
import { type Completion, checkInvariants } from './rig/invariants'
import type { Taken } from './rig/provider'
import { pause, seedOf } from './rig/random'

/** What may happen, in any order. Nothing waits for what the step before has caused. */
type Step =
  | { does: 'says'; who: number; kind: 'plain' | 'fails once' | 'fails twice' }
  | { does: 'taps'; who: number }
  | { does: 'double'; nth: number }
  | { does: 'out of order'; who: number }
  | { does: 'status'; nth: number; status: 'sent' | 'delivered' | 'read' }
  | { does: 'mishap'; mishap: Trouble }
  | { does: 'restart' }
  | { does: 'crash'; statements: number }
  | { does: 'rest' }
  | { does: 'edit menu' }
  | { does: 'decide'; nth: number }
  | { does: 'clock'; minutes: number }

/** The provider took it, and we are not told: it stays silent for ever, it reports later, or our process dies with the answer in its hand. */
const TAKEN = ['taken, then nothing', 'taken, then a report', 'taken, then it died'] as const
type Trouble = Mishap | (typeof TAKEN)[number]
const isTaken = (trouble: Trouble): boolean => (TAKEN as readonly Trouble[]).includes(trouble)
const NO_ANSWER: SendResult = { outcome: 'uncertain', reason: 'no answer' }

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
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('mishap' as const), mishap: fc.constantFrom<Trouble>('timeout', 'refused', 130429, 131056, 131026, ...TAKEN) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('crash' as const), statements: fc.nat(40) }) },
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
  const db = lookInto(database.url)
  const taken: Taken[] = []
  const trouble: Trouble[] = []
  const heard = new Map<string, string[]>()
  const completed: Completion[] = []
  const buried: Promise<void>[] = []
  let ahead = 0
  let over = false

  /** A process on the database: what it does after it died reaches nobody. */
  const boot = async (name: string) => {
    const life = { died: false, dropped: Promise.resolve() }
    let bury: () => void = () => {}
    const death = new Promise<void>((resolve) => {
      bury = resolve
    })
    const inner = simulator() as Simulator & Provider
    const provider = Object.assign(Object.create(inner) as Provider, {
      async send(parcel: Parcel, signal: AbortSignal): Promise<SendResult> {
        if (life.died) return new Promise(() => {})
        const met = trouble.shift()
        const takes = met === undefined || isTaken(met)
        // What it took, it took, whatever becomes of its answer.
        if (takes) taken.push({ ref: parcel.ref, to: parcel.to.phone ?? '', text: wordsOf(parcel.message as SentMessage) })
        if (met === 'taken, then nothing') return NO_ANSWER
        if (met !== undefined && !takes) inner.failNext(met as Mishap)
        const result = await inner.send(parcel, signal)
        if (met === 'taken, then it died') await die()
        return met === 'taken, then a report' ? NO_ANSWER : result
      },
      /** A provider comes again with a status that was not taken, whoever is there then. */
      start: (ground: Ground) => inner.start?.({ ...ground, knock: untilTaken }),
      close() {},
    }) as unknown as PublicProvider
    const wa = waInteractive({
      menus: [menu],
      provider,
      database: database.url,
      logger: false,
      autoStart: false,
      holdAfterMs: Number.POSITIVE_INFINITY,
      now: () => new Date(Date.now() + ahead),
    })
    const engine = engineOf(wa)
    const ended = (listener: string, { event, contact }: { event: { id: string }; contact: Contact }, word: string): void => {
      if (life.died) return
      heard.set(contact.phone ?? '', [...(heard.get(contact.phone ?? '') ?? []), word])
      completed.push({ process: name, died: false, event: event.id, listener, contact: contact.id })
    }
    wa.on('unmatched', async (given) => {
      const { text, event, say, ask } = given
      const word = text ?? ''
      await say(`said: ${word}`)
      if (event.attempt <= (word.startsWith('fails twice') ? 2 : word.startsWith('fails once') ? 1 : 0)) throw new Error('as it was told')
      if (Number(/\d+$/.exec(word)?.[0]) % 3 === 0) await ask(menu, 'sure')
      ended('unmatched', given, word)
    })
    wa.onAnswer('sure', async (given) => {
      if (given.answer.reply) return given.say('Thank you.')
      await given.say(`answered: ${given.text}`)
      ended('sure', given, given.text)
      return undefined
    })
    await wa.start()
    const die = async (): Promise<void> => {
      if (life.died) return
      life.died = true
      bury()
      life.dropped = dropConnections(engine.db)
      await life.dropped
      buried.push(wa.close({ timeoutMs: 0 }))
    }
    /** Everything that it can do alone is done, or it died of it. */
    const settle = (): Promise<void> => Promise.race([engine.settle(), death])
    return { name, wa, engine, life, die, settle }
  }
  let host = await boot('1')

  /** A SIGKILL, as near as one process can come to it: no statement after so many more, nothing is given back, and its leases run out. */
  const crash = async (statements: number): Promise<void> => {
    let left = statements
    await new Promise<void>((resolve) => {
      const count = (): void => {
        if (left-- <= 0) resolve()
      }
      host.engine.db.write.client.on('query', count)
      count()
      setTimeout(resolve, 50)
    })
    await host.die()
  }
  /** Whoever died is started again, once, whoever asks; nobody is there in between. */
  let birth: Promise<void> | null = null
  const reborn = (): Promise<void> => {
    birth ??= bear().finally(() => {
      birth = null
    })
    return birth
  }
  const bear = async (): Promise<void> => {
    if (!host.life.died) return
    // What was under way when it died is undone or done before anybody looks at what it left.
    await host.life.dropped
    for (const one of completed) if (one.process === host.name) one.died = true
    await lapseLeasesOf(db, process.pid)
    host = await boot(String(Number(host.name) + 1))
  }
  async function untilTaken(knock: Knock): Promise<{ status: number; body: string }> {
    while (!over) {
      const answer = await host.engine.knock('default', knock).catch(() => null)
      if (answer?.status === 200) return answer
      await pause(2)
    }
    return { status: 503, body: '' }
  }

  const acked = new Map<string, string[]>()
  const delivered: Knock[] = []
  const sentAgain = new Map<string, number>()
  const phoneOf = (customer: number): string => `+91980000000${customer}`
  const deliver = async (knock: Knock): Promise<void> => {
    for (let tries = 0; tries < 20; tries++) {
      await reborn()
      if ((await host.engine.knock('default', knock)).status === 200) return
    }
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
    (await listOutbound(host.engine.db.write, ['queued', 'sending', 'accepted', 'sent', 'delivered', 'read', 'uncertain', 'failed', 'expired'], { limit: 200 }))
      .items

  const take = async (step: Step): Promise<unknown> => {
    switch (step.does) {
      case 'says':
        return word(step.who, step.kind, host.engine.now())
      case 'out of order':
        await word(step.who, 'plain', host.engine.now() + 2000)
        return word(step.who, 'plain', host.engine.now() - 2000)
      case 'taps': {
        const offer = (await outbound()).find((message) => message.type === 'button' && message.provider_id !== null)
        if (!offer) return
        const id = `tap-${++words}`
        return deliver(
          knockOf({
            from: { phone: phoneOf(step.who) },
            at: host.engine.now(),
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
        const about = { id: message?.provider_id ?? '', status: step.status as IncomingStatus['status'], to: { phone: phoneOf(0) }, at: host.engine.now() }
        return message && deliver(statusKnock(about))
      }
      case 'mishap':
        return trouble.push(step.mishap)
      case 'restart':
        return host.engine.restart()
      case 'crash':
        return crash(step.statements)
      case 'rest':
        return host.settle()
      case 'edit menu':
        await saveDraft(
          host.engine.db,
          { key: 'sure', type: 'button', body: `Sure? ${++words}`, buttons: [{ id: 'yes', title: 'Yes' }] },
          STAFF,
          null,
          host.engine.now(),
        )
        return host.engine.publish('sure', STAFF, {})
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
    if (message && (await host.engine.decideMessage(String(message.id), 'retry', STAFF).then(() => true, refused)))
      sentAgain.set(message.ref ?? '', (sentAgain.get(message.ref ?? '') ?? 0) + 1)
    const events = (await listEvents(host.engine.db.write, { states: ['retrying', 'needs_attention', 'unhandled'] }, { limit: 50 })).items
    const event = events[n % Math.max(1, events.length)]
    if (event) await host.engine.decideEvent(String(event.id), 'retry', STAFF).catch(refused)
  }

  try {
    for (const one of steps) {
      await reborn()
      await take(one).catch((error: unknown) => {
        if (!host.life.died) throw error
      })
    }
    for (let round = 0; round < 60; round++) {
      await reborn()
      await host.settle()
      if (!host.life.died && (await openWork(db)) === 0) break
      ahead += 6 * 60_000
    }
    await host.wa.close()
    return await checkInvariants(db, { acked, taken, heard, completed, sentAgain })
  } finally {
    over = true
    await host.wa.close({ timeoutMs: 0 })
    await Promise.all(buried)
    await db.destroy()
    await database.drop()
  }
}

/** What becomes of a process's connections when it dies: what a transaction had done is undone, and no statement follows. */
async function dropConnections(own: Db): Promise<void> {
  const gone = new WaError('WA_CLOSED', 'the process is dead')
  for (const pool of [own.write, own.read]) {
    pool.client.acquireConnection = () => Promise.reject(gone)
    const { used, free, pendingAcquires } = pool.client.pool as Pool
    pool.client.pool.creator = () => Promise.reject(gone)
    for (const waiting of pendingAcquires) waiting.abort()
    await Promise.all([...used, ...free].map(({ resource }) => dropConnection(resource, gone)))
  }
}

type Pool = Record<'used' | 'free', { resource: SqliteConnection }[]> & { pendingAcquires: { abort(): void }[] }
type Done = (error: Error | null) => void
type SqliteConnection = Record<'run' | 'all' | 'each' | 'exec' | 'prepare', (...args: unknown[]) => unknown> & { close(done: Done): void }
async function dropConnection(connection: SqliteConnection, gone: Error): Promise<void> {
  for (const method of ['run', 'all', 'each', 'exec', 'prepare'] as const) connection[method] = (...args) => setImmediate(() => (args.at(-1) as Done)(gone))
  for (let tries = 0; tries < 100; tries++) {
    const refusal = await new Promise<Error | null>((resolve) => connection.close(resolve))
    // It closes when the statement that is under way has ended.
    if (refusal === null || /closed/.test(refusal.message)) return
    await pause(2)
  }
  throw new Error('a dead process kept its connection')
}

function refused(error: unknown): false {
  if ((error as { code?: string }).code !== 'WA_STATE') throw error
  return false
}
