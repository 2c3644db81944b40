import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeChore } from '../../lib/store/chores'
import { eventById, listEvents } from '../../lib/store/events'
import { prune } from '../../lib/store/retention'
import { engines, type TestEngine } from '../support/databases'
import { lookInto } from './rig/database'
import { hostOn, until } from './rig/engine'

const all = engines()
const [sqlite] = all as [TestEngine]
const ASHA = '+919800000001'
const numbered = (n: number): string => `+91980000${String(n).padStart(4, '0')}`
const DAY_MS = 86_400_000
const NEVER = new AbortController().signal

test('closing while twenty listeners run ends each or gives it back, before it has ended, and the next start takes up what was given back', async () => {
  const database = await sqlite.open()
  const first = await hostOn(database.url, { worker: { concurrency: 20 } })
  const refused: string[] = []
  let running = 0
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  first.wa.on('text', async ({ text, say }) => {
    running++
    if (Number(text) < 10) return void (await new Promise((wake) => setTimeout(wake, 100)))
    await held
    await say('too late').catch((error: { code: string }) => refused.push(error.code))
  })
  await first.wa.start()
  for (let n = 0; n < 20; n++) await first.hears(numbered(n), String(n))
  await until(() => running === 20)
  await Promise.all([first.wa.close({ timeoutMs: 500 }), first.wa.close({ timeoutMs: 500 })])
  const left = lookInto(database.url)
  assert.deepEqual(await left('wa_events').where({ state: 'running' }).orWhereNotNull('lease_until'), [])
  assert.equal((await left('wa_events').where({ state: 'waiting' })).length, 10)
  await left.destroy()
  release()
  await until(() => refused.length === 10)
  assert.deepEqual([...new Set(refused)], ['WA_ABORTED'])
  await assert.rejects(first.wa.send(ASHA, { text: 'after the end' }), { code: 'WA_CLOSED' })

  const second = await hostOn(database.url)
  const heard: [string, number][] = []
  second.wa.on('text', ({ text, event }) => heard.push([text, event.attempt]))
  await second.wa.start()
  await until(() => heard.length === 10)

  assert.deepEqual(
    heard.sort(([a], [b]) => Number(a) - Number(b)),
    Array.from({ length: 10 }, (_, n) => [String(n + 10), 1]),
  )
  await second.engine.settle()
  await second.wa.close()
})

for (const engine of all) {
  test(`${engine.name}: two instances that get each webhook four times at once keep and hear each once`, { skip: engine.skip, timeout: 90_000 }, async () => {
    const database = await engine.open()
    const instances = [await hostOn(database.url), await hostOn(database.url)]
    const heard: string[] = []
    for (const { wa } of instances) {
      wa.on('text', async ({ text, say }) => {
        await say(`said: ${text}`)
        heard.push(text)
      })
      await wa.start()
    }
    const words = Array.from({ length: 40 }, (_, n) => `m${n}`)
    await Promise.all(
      words.flatMap((text, n) =>
        Array.from({ length: 8 }, (_, copy) => until(async () => (await instances[copy % 2]?.hears(numbered(n % 12), text, `in-${n}`)) === 200)),
      ),
    )
    const [one] = instances
    await until(async () => (await one?.engine.db.write('wa_events').whereIn('state', ['waiting', 'running', 'retrying']))?.length === 0, 60_000)
    for (const { engine: each } of instances) await each.settle()

    assert.deepEqual([...heard].sort(), [...words].sort())
    assert.equal((await one?.engine.db.write('wa_messages').where({ direction: 'out' }))?.length, 40)
    for (const { wa } of instances) await wa.close()
  })

  test(`${engine.name}: what is too old goes in small batches; what is open stays, and a late double of what went is still known`, {
    skip: engine.skip,
  }, async () => {
    const database = await engine.open()
    const { wa, engine: running, clock, hears } = await hostOn(database.url)
    wa.on('text', ({ say, text }) => say(`said: ${text}`))
    await wa.start()
    for (let n = 0; n < 5; n++) await hears(ASHA, `old ${n}`, `in-${n}`)
    await running.settle()
    const { db } = running
    const [stuck] = (await listEvents(db.write, { types: ['text'] }, { limit: 1 })).items
    await db.write('wa_events').where({ id: stuck?.id }).update({ state: 'needs_attention' })
    clock.ahead += 10 * DAY_MS
    await hears(ASHA, 'new', 'in-new')
    await running.settle()

    await prune(db, { messagesDays: 7, rawDays: null, auditDays: null }, running.now(), NEVER)
    const texts = (await db.write('wa_messages').orderBy('id')).map(({ text }) => text)
    assert.deepEqual(texts, ['old 4', 'new', 'said: new'])
    assert.equal((await eventById(db.write, stuck?.id ?? 0))?.state, 'needs_attention')
    assert.equal(await hears(ASHA, 'old 0', 'in-0'), 200)
    await running.settle()
    assert.equal((await db.write('wa_messages')).length, 3, 'the hash is known')

    clock.ahead += 31 * DAY_MS
    await prune(db, { messagesDays: 7, rawDays: null, auditDays: null }, running.now(), NEVER)
    assert.deepEqual(
      (await db.write('wa_events').where({ type: 'text' })).map(({ state }) => state),
      ['needs_attention'],
    )
    await wa.close()
  })

  test(`${engine.name}: of six instances one takes a chore, and again when the hour is over`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    const { wa, engine: running } = await hostOn(database.url)
    await wa.start()
    const now = running.now()
    const takes = (at: number) => Promise.all(Array.from({ length: 6 }, () => takeChore(running.db, 'x', 3_600_000, at)))

    assert.equal((await takes(now)).filter(Boolean).length, 1)
    assert.equal((await takes(now + 3_599_999)).filter(Boolean).length, 0)
    assert.equal((await takes(now + 3_600_000)).filter(Boolean).length, 1)
    await wa.close()
  })
}

test('raw bodies and audit lines go after their days, by the host itself when it starts', async () => {
  const database = await sqlite.open()
  const { wa, engine, clock, hears } = await hostOn(database.url, { retention: { rawDays: 1, auditDays: 2 } })
  await wa.start()
  await hears(ASHA, 'hello')
  await engine.settle()
  await engine.setMode('1', 'person', { id: 'u1', name: 'Meera' })
  await engine.settle()
  clock.ahead += 3 * DAY_MS
  await engine.restart()
  await until(async () => (await engine.db.write('wa_audit')).length === 0)

  const events = await engine.db.write('wa_events').orderBy('id')
  assert.deepEqual([events[0]?.raw, (await engine.db.write('wa_messages'))[0]?.text], [null, 'hello'])
  await wa.close()
})

test('a retention that is no number of days is refused by name', async () => {
  await assert.rejects(hostOn('sqlite::memory:', { retention: { messagesDays: 0 } }), { code: 'WA_OPTION_INVALID' })
  await assert.rejects(hostOn('sqlite::memory:', { retention: { days: 3 } as never }), /retention\.days.*messagesDays/)
})

test('a clock that jumps back two hours while a listener runs starts nothing twice', async () => {
  const database = await sqlite.open()
  const a = await hostOn(database.url)
  const b = await hostOn(database.url)
  let calls = 0
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  for (const { wa } of [a, b]) {
    wa.on('text', async () => {
      calls++
      await held
    })
  }
  await a.wa.start()
  await a.hears(ASHA, 'go')
  await until(() => calls === 1)
  a.clock.ahead = -7_200_000
  b.clock.ahead = 7_200_000
  await b.wa.start()
  await b.hears('+919800000002', 'also')
  await until(() => calls === 2)
  release()
  await a.engine.settle()
  await b.engine.settle()

  assert.equal(calls, 2)
  await a.wa.close()
  await b.wa.close()
})
