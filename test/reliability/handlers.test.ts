import assert from 'node:assert/strict'
import { AsyncResource } from 'node:async_hooks'
import { test } from 'node:test'
import { Retry, simulator } from '../../lib/index'
import { eventById, listEvents } from '../../lib/store/events'
import { menuByKey, saveDraft } from '../../lib/store/menus'
import { listOutbound } from '../../lib/store/messages'
import { runsOf } from '../../lib/store/runs'
import { engines, type TestEngine } from '../support/databases'
import { type engineOf, hostOn, until } from './rig/engine'

const [sqlite] = engines() as [TestEngine]
const ASHA = '+919800000001'
const RAVI = '+919800000002'
const STAFF = { id: 'u1', name: 'Meera' }
const all = { limit: 50 }
const said = async (engine: ReturnType<typeof engineOf>): Promise<(string | null)[]> =>
  (await listOutbound(engine.db.write, ['queued', 'sending', 'accepted', 'sent', 'delivered', 'read', 'uncertain'], all)).items
    .reverse()
    .map((message) => message.text)
/** As another instance would see it a minute later: the database's clock measures leases, and no test can move it. */
const lapse = (engine: ReturnType<typeof engineOf>) => engine.db.write('wa_events').whereNotNull('lease_until').decrement('lease_until', 61_000)

test('a listener that fails k times is called k + 1 times, and the event is done once', async () => {
  for (const k of [1, 2, 4]) {
    const database = await sqlite.open()
    const { wa, engine, clock, hears } = await hostOn(database.url)
    let calls = 0
    wa.on('text', () => {
      if (++calls <= k) throw new Error('not yet')
    })
    await wa.start()
    await hears(ASHA, 'go')
    for (let round = 0; round <= k; round++) {
      await engine.settle()
      clock.ahead += 700_000
    }
    await engine.settle()

    const [event] = (await listEvents(engine.db.write, { types: ['text'] }, all)).items
    assert.deepEqual([calls, event?.state], [k + 1, 'done'])
    await wa.close()
  }
})

test('an event that always fails needs a person after eight attempts; later words do not wait for it, and Retry heals it', async () => {
  const database = await sqlite.open()
  const { wa, engine, clock, hears } = await hostOn(database.url)
  let broken = true
  let calls = 0
  const heard: string[] = []
  wa.on('text', ({ text }) => {
    if (text === 'poison') calls++
    if (text === 'poison' && broken) throw new Error('no')
    heard.push(text)
  })
  await wa.start()
  await hears(ASHA, 'poison')
  for (const text of ['1', '2', '3', '4', '5']) await hears(ASHA, text)
  for (const wait of [0, 1100, 5100]) {
    clock.ahead += wait
    await engine.settle()
  }
  assert.deepEqual(heard, ['1', '2', '3', '4', '5'], 'in order, six seconds later')

  for (let hours = 0; hours < 10; hours++) {
    clock.ahead += 6 * 3_600_000
    await engine.settle()
  }
  const [trouble] = (await listEvents(engine.db.write, { states: ['needs_attention'] }, all)).items
  assert.deepEqual([calls, trouble?.error], [8, 'no'])

  broken = false
  await engine.decideEvent(String(trouble?.id), 'retry', STAFF)
  await engine.settle()
  assert.equal((await eventById(engine.db.write, trouble?.id ?? 0))?.state, 'done')
  await wa.close()
})

test('a listener that never ends loses its attempt and nobody else waits; what it says too late is refused', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url, { worker: { concurrency: 2 } })
  const late: unknown[] = []
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  wa.on('text', { timeoutMs: 40 } as never, async ({ text, say, contact, conversation, event, signal }) => {
    if (text !== 'hang' || event.attempt > 1) return void (await say(`heard ${text}`))
    await held
    assert.ok(signal.aborted)
    for (const tries of [() => say('too late'), () => contact.set({ language: 'hi' }), () => conversation.handOver()]) {
      await tries().then(
        () => late.push('done'),
        (error: { code: string }) => late.push(error.code),
      )
    }
  })
  await wa.start()
  await hears(ASHA, 'hang')
  await hears(RAVI, 'hello')
  await until(async () => (await said(engine)).includes('heard hello'))
  await until(async () => (await listEvents(engine.db.write, { states: ['retrying'] }, all)).items.length === 1)
  release()
  await until(() => late.length === 3)

  assert.deepEqual(late, ['WA_ABORTED', 'WA_ABORTED', 'WA_ABORTED'])
  assert.deepEqual(await said(engine), ['heard hello'])
  await wa.close()
})

test('a listener that takes half of its time is said once, with its name and its event, and ends well all the same', async () => {
  const database = await sqlite.open()
  const warnings: unknown[] = []
  let warned: () => void = () => {}
  const slow = new Promise<void>((resolve) => {
    warned = resolve
  })
  const warn = (given: unknown): void => {
    warnings.push(given)
    warned()
  }
  const { wa, engine, hears } = await hostOn(database.url, { logger: { debug() {}, info() {}, error() {}, warn } })
  wa.on('text', { name: 'crm', timeoutMs: 2000 }, async ({ text }) => {
    if (text === 'slow') await slow
  })
  await wa.start()
  await hears(RAVI, 'quick')
  await hears(ASHA, 'slow')
  await slow
  await engine.settle()

  const events = (await listEvents(engine.db.write, { states: ['done'] }, all)).items
  assert.equal(events.length, 2)
  assert.deepEqual(warnings, [{ event: events[0]?.id, type: 'text', listener: 'crm', ms: 1000, limitMs: 2000 }])
  await wa.close()
})

test('an attempt whose lease was lost says nothing beside the one that took over, and only one completes', async () => {
  const database = await sqlite.open()
  // One at a time: while it is blocked, it cannot take over from itself.
  const a = await hostOn(database.url, { worker: { concurrency: 1 } })
  const b = await hostOn(database.url)
  let blocked: () => void = () => {}
  const block = new Promise<void>((resolve) => {
    blocked = resolve
  })
  const outcomes: string[] = []
  a.wa.on('text', { name: 'answer' }, async ({ say }) => {
    await block
    for (const tries of [() => say('from a'), () => a.wa.send(RAVI, { text: 'from a' }), () => a.wa.send(RAVI, { text: 'a' }, { idempotencyKey: 'k' })])
      await tries().then(
        () => outcomes.push('a said it'),
        (error: { code: string }) => outcomes.push(`a: ${error.code}`),
      )
  })
  b.wa.on('text', { name: 'answer' }, async ({ say }) => {
    await say('from b')
    outcomes.push('b said it')
  })
  await a.wa.start()
  await a.hears(ASHA, 'go')
  await until(async () => (await listEvents(a.engine.db.write, { states: ['running'] }, all)).items.length === 1)
  await lapse(a.engine)
  await b.wa.start()
  await until(() => outcomes.includes('b said it'))
  await b.engine.settle()
  blocked()
  await until(() => outcomes.length === 4)
  await a.engine.settle()

  assert.deepEqual(outcomes, ['b said it', ...Array(3).fill('a: WA_ABORTED')])
  assert.deepEqual(await said(b.engine), ['from b'])
  const [event] = (await listEvents(b.engine.db.write, { types: ['text'] }, all)).items
  const [run] = await runsOf(b.engine.db.write, event?.id ?? 0)
  assert.deepEqual([event?.state, event?.attempts, run?.state, run?.attempts], ['done', 2, 'done', 1])
  await a.wa.close()
  await b.wa.close()
})

test('observers that throw, at once or later, harm nobody', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  wa.observe('*', () => {
    throw new Error('at once')
  })
  wa.observe('*', async () => {
    throw new Error('later')
  })
  wa.onError(() => {
    throw new Error('even here')
  })
  wa.on('text', () => {
    throw new Error('listener')
  })
  await wa.start()

  assert.equal(await hears(ASHA, 'go'), 200)
  await engine.settle()

  assert.equal((await listEvents(engine.db.write, { states: ['retrying'] }, all)).items.length, 1)
  await wa.close()
})

test('an event that nobody hears is recorded as unhandled, once, and can be heard later', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  await wa.start()
  await hears(ASHA, 'anybody?')
  await engine.settle()
  const [event] = (await listEvents(engine.db.write, { types: ['text'] }, all)).items
  assert.deepEqual([event?.state, event?.attempts], ['unhandled', 1])

  const heard: string[] = []
  wa.on('text', ({ text }) => heard.push(text))
  await engine.decideEvent(String(event?.id), 'replay', STAFF)
  await engine.settle()

  assert.deepEqual(heard, ['anybody?'])
  await wa.close()
})

test('what a customer says to the person in charge is done, so that no click has the bot answer it later', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  wa.on('text', ({ handOver }) => handOver())
  await wa.start()
  await hears(ASHA, 'agent')
  await engine.settle()

  await hears(ASHA, 'where is it?')
  await hears(ASHA, 'thank you')
  await engine.settle()

  const { items } = await listEvents(engine.db.write, { types: ['text'] }, all)
  assert.deepEqual(
    items.map((event) => event.state),
    ['done', 'done', 'done'],
  )
  assert.equal((await listEvents(engine.db.write, { states: ['unhandled'] }, all)).items.length, 0)
  await wa.close()
})

test('of ten clicks on Replay at once one counts; while an event runs, Retry and Replay are refused and change nothing', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  let calls = 0
  let release: () => void = () => {}
  let held: Promise<void> = Promise.resolve()
  wa.on('text', async () => {
    calls++
    await held
  })
  await wa.start()
  await hears(ASHA, 'go')
  await engine.settle()
  const [event] = (await listEvents(engine.db.write, { types: ['text'] }, all)).items
  const id = String(event?.id)

  held = new Promise<void>((resolve) => {
    release = resolve
  })
  const clicks = await Promise.allSettled(Array.from({ length: 10 }, () => engine.decideEvent(id, 'replay', STAFF)))
  await until(() => calls === 2)
  await assert.rejects(engine.decideEvent(id, 'retry', STAFF), { code: 'WA_STATE' })
  await assert.rejects(engine.decideEvent(id, 'replay', STAFF), { code: 'WA_STATE' })
  release()
  await engine.settle()

  assert.equal(clicks.filter(({ status }) => status === 'fulfilled').length, 1)
  const [run] = await runsOf(engine.db.write, event?.id ?? 0)
  assert.deepEqual([calls, run?.state, run?.attempts], [2, 'done', 1])
  await wa.close()
})

test('two changes of attributes in one listener do not undo each other', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  wa.on('text', async ({ contact }) => {
    await Promise.all([contact.set({ attributes: { plan: 'pro' } }), contact.set({ language: 'hi' })])
    await contact.set({ attributes: { since: 'today' } })
  })
  await wa.start()
  await hears(ASHA, 'go')
  await engine.settle()

  assert.deepEqual((await wa.contacts.get(ASHA))?.attributes, { plan: 'pro', since: 'today' })
  await wa.close()
})

test('a reason that no database would store as it is does not keep an event from ending', async () => {
  for (const database of engines()) {
    if (database.skip) continue
    const opened = await database.open()
    const { wa, engine, hears } = await hostOn(opened.url)
    wa.on('text', () => {
      throw new Error('NUL \u0000 and half a pair \ud800')
    })
    await wa.start()
    assert.equal(await hears(ASHA, 'a\u0000b'), 200)
    await engine.settle()

    const [event] = (await listEvents(engine.db.write, { types: ['text'] }, all)).items
    assert.equal(event?.state, 'retrying', database.name)
    await wa.close()
    await opened.drop()
  }
})

test('Retry after a month does not wake the worker ever and again', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url, { provider: simulator() })
  let calls = 0
  wa.on('text', () => {
    calls++
    throw new Retry({ afterMs: 40 * 86_400_000 })
  })
  await wa.start()
  await hears(ASHA, 'go')
  await engine.settle()
  await new Promise((wake) => setTimeout(wake, 50))
  await engine.settle()

  assert.equal(calls, 1)
  await wa.close()
})

test('a menu goes live together with the event that tells of it, or not at all', async () => {
  const database = await sqlite.open()
  const { wa, engine } = await hostOn(database.url)
  const heard: number[] = []
  wa.on('menu_published', ({ menu }) => heard.push(menu.version))
  await wa.start()
  await saveDraft(engine.db, { key: 'hello', type: 'text', body: 'Hello' }, STAFF, 'new', engine.now())
  await engine.db.write.raw(`create trigger no_events before insert on wa_events begin select raise(abort, 'no room'); end`)

  await assert.rejects(engine.publish('hello', STAFF, {}), /no room/)
  assert.equal((await menuByKey(engine.db.read, 'hello'))?.version, null)

  await engine.db.write.raw('drop trigger no_events')
  assert.equal((await engine.publish('hello', STAFF, {})).version, 1)
  await engine.settle()
  assert.deepEqual(heard, [1])
  await wa.close()
})

test('wa.send within a listener is one message however often the listener runs; beside and behind it every call is a new one', async () => {
  const database = await sqlite.open()
  const { wa, engine, clock, hears } = await hostOn(database.url)
  let behind: (() => Promise<unknown>) | undefined
  const notify = (text: string): Promise<unknown> => wa.send(RAVI, { text })
  wa.on('text', async ({ event }) => {
    await notify('somebody wrote')
    await notify('somebody wrote')
    await notify(`attempt ${event.attempt}`)
    behind ??= AsyncResource.bind(() => notify('later'))
    if (event.attempt < 3) throw new Error('the CRM is away')
  })
  wa.on('menu_published', async ({ event }) => {
    await notify('a menu went live')
    if (event.attempt < 2) throw new Error('not yet')
  })
  await wa.start()
  await hears(ASHA, 'hi')
  await saveDraft(engine.db, { key: 'hello', type: 'text', body: 'Hello' }, STAFF, 'new', engine.now())
  await engine.publish('hello', STAFF, {})
  for (let n = 0; n < 4; n++) {
    await engine.settle()
    clock.ahead += 3_600_000
    await engine.restart()
  }
  await behind?.()
  await behind?.()
  await engine.settle()

  assert.deepEqual((await said(engine)).sort(), [
    'a menu went live',
    'attempt 1',
    'attempt 2',
    'attempt 3',
    'later',
    'later',
    'somebody wrote',
    'somebody wrote',
  ])
  await wa.close()
})
