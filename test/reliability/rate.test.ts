import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { cloudApi, exotel } from '../../lib/index'
import { failed, fakeCloudApi } from '../fakes/fake-cloud-api'
import { type FakeExotel, fakeExotel } from '../fakes/fake-exotel'
import { mostWithin } from '../support/arrivals'
import { engines, type TestDatabase, type TestEngine } from '../support/databases'
import { lapseLeasesOf, lookInto } from './rig/database'
import { hostOn, until } from './rig/engine'
import { type Host, listeners } from './rig/hosts'
import { startInstance } from './rig/instances'
import { build } from './rig/run'

const all = engines()
const [sqlite] = all as [TestEngine]
const numbered = (n: number): string => `+9198000${String(n).padStart(5, '0')}`

/** An Exotel that notes by its own clock when each request came. */
async function clockedExotel(): Promise<FakeExotel & { came: number[] }> {
  const fake = await fakeExotel()
  const came: number[] = []
  const push = fake.requests.push.bind(fake.requests)
  fake.requests.push = (...requests) => {
    came.push(performance.now())
    return push(...requests)
  }
  return Object.assign(fake, { came })
}

const exotelAt = (baseUrl: string, perSecond: number) =>
  exotel({ accountSid: 'sid', apiKey: 'key', apiToken: 'token', from: '+918000000001', baseUrl, webhookToken: 'a-long-webhook-token', perSecond })

/** A host that writes messages into the outbox and lets others send them. */
async function deskOn(database: TestDatabase, baseUrl: string, perSecond: number) {
  const host = await hostOn(database.url, { provider: exotelAt(baseUrl, perSecond), worker: false })
  await host.wa.start()
  let sent = 0
  const write = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await host.wa.send(numbered(sent++), { text: 'hello' })
  }
  return { ...host, write }
}

const placesHeld = async (db: ReturnType<typeof lookInto>): Promise<string> => ((await db('wa_numbers').select('leases'))[0] as { leases: string }).leases

for (const engine of all) {
  test(`${engine.name}: three processes that start at once send together no more than the rate, also when one is killed and another comes`, {
    skip: engine.skip,
    timeout: 120_000,
  }, async (t: TestContext) => {
    build()
    const database = await engine.open()
    const fake = await clockedExotel()
    const desk = await deskOn(database, fake.url, 5)
    const db = lookInto(database.url)
    const slow: Host = { ...listeners, env: (...of) => ({ ...listeners.env(...of), RIG_PER_SECOND: '5' }) }
    const start = () => startInstance(slow, database.url, fake.url)
    const instances = [0, 1, 2].map(start)
    t.after(async () => {
      await Promise.all(instances.map((instance) => instance.kill('SIGKILL')))
      await fake.close()
      await db.destroy()
    })

    await desk.write(45)
    await fake.received(15)
    for (const victim of instances.slice(0, 2)) {
      await victim.kill('SIGKILL')
      await lapseLeasesOf(db, victim.pid)
    }
    const dead = fake.came.length
    instances.push(start())
    await until(async () => (await db('wa_messages').whereIn('status', ['queued', 'sending'])).length === 0, 60_000)
    await until(async () => (await placesHeld(db)) === '{}')

    assert.ok(fake.taken.length <= 45)
    assert.ok(fake.taken.length >= 45 - 2 * 10, `${fake.taken.length} of 45`)
    assert.equal(mostWithin(fake.came, 1000), 5)
    assert.equal(mostWithin(fake.came.slice(dead), 1000), 5, 'the places of the dead came back')
  })

  test(`${engine.name}: what one instance is told of its account all know: none asks in vain, one asks whether it is over, then all leaves`, {
    skip: engine.skip,
    timeout: 60_000,
  }, async (t: TestContext) => {
    const database = await engine.open()
    const fake = await fakeCloudApi()
    const open = () =>
      hostOn(database.url, {
        provider: cloudApi({ phoneNumberId: '100000000000001', accessToken: 'token', appSecret: 's', verifyToken: 'v', baseUrl: fake.url }),
      })
    const [a, b] = [await open(), await open()]
    t.after(async () => {
      for (const { wa } of [a, b]) await wa.close({ timeoutMs: 0 })
      await fake.close()
    })
    fake.usual(failed(401, 190))
    // How long it holds is drawn: long enough for the other one to start and to ask meanwhile.
    const drawn = t.mock.method(Math, 'random', () => 0.9)
    await a.wa.start()
    await a.wa.send(numbered(0), { text: 'hello' })
    await a.engine.settle()
    assert.equal(fake.requests.length, 1)

    await b.wa.start()
    for (let n = 1; n <= 30; n++) await b.wa.send(numbered(n), { text: 'hello' })
    await b.engine.settle()
    assert.equal(fake.requests.length, 1)
    assert.equal(await b.engine.whyHeld('default'), 'Sending is paused. Ask a developer for a new access token.')

    const later = async (): Promise<void> => {
      for (const { clock } of [a, b]) clock.ahead += 300_000
      await Promise.all([a, b].map(({ engine: each }) => each.settle()))
    }
    await later()
    assert.equal(fake.requests.length, 2)
    assert.notEqual(await a.engine.whyHeld('default'), null)

    fake.usual(null)
    drawn.mock.restore()
    // Who was claimed while the one that asks was still under way goes a second later.
    for (let round = 0; round < 5 && fake.taken.length < 31; round++) await later()
    assert.equal(fake.taken.length, 31)
    assert.equal(fake.requests.length, 33)
    assert.deepEqual([await a.engine.whyHeld('default'), await b.engine.whyHeld('default')], [null, null])
  })
}

for (const [perSecond, count, within] of [
  [1, 4, 1000],
  [0.5, 3, 2000],
  [2.5, 7, 1000],
] as const) {
  test(`three instances share ${perSecond} a second`, { timeout: 60_000 }, async (t: TestContext) => {
    const database = await sqlite.open()
    const fake = await clockedExotel()
    const desk = await deskOn(database, fake.url, perSecond)
    await desk.write(count)
    const hosts = await Promise.all([0, 1, 2].map(() => hostOn(database.url, { provider: exotelAt(fake.url, perSecond) })))
    t.after(async () => {
      for (const { wa } of hosts) await wa.close({ timeoutMs: 0 })
      await fake.close()
    })
    await Promise.all(hosts.map(({ wa }) => wa.start()))
    await fake.received(count)

    assert.equal(mostWithin(fake.came, within), Math.max(1, Math.floor(perSecond)))
  })
}

test('places that one instance does not need are another’s at once, and all are given back when all is said', async (t: TestContext) => {
  const database = await sqlite.open()
  const fake = await clockedExotel()
  const hosts = await Promise.all([0, 1].map(() => hostOn(database.url, { provider: exotelAt(fake.url, 5) })))
  const [a, b] = hosts as [(typeof hosts)[0], (typeof hosts)[0]]
  t.after(async () => {
    for (const { wa } of hosts) await wa.close({ timeoutMs: 0 })
    await fake.close()
  })
  for (const { wa } of hosts) await wa.start()
  const places = (): number[] => hosts.map(({ engine: each }) => each.pace.places.get('default')?.held ?? 0)

  await a.wa.send(numbered(0), { text: 'one' })
  await a.engine.settle()
  const first = places()
  await b.wa.send(numbered(1), { text: 'two' })
  await b.engine.settle()

  assert.deepEqual([first, places(), fake.taken.length], [[1, 0], [1, 1], 2])
  const db = b.engine.db.write
  await until(async () => (await placesHeld(db)) === '{}')
  assert.deepEqual(places(), [0, 0])
})

test('an instance that ends gives its places back as soon as they have rested, and the next one waits for that', async () => {
  const database = await sqlite.open()
  const fake = await clockedExotel()
  const [a, b] = await Promise.all([0, 1].map(() => hostOn(database.url, { provider: exotelAt(fake.url, 1) })))
  assert.ok(a && b)
  await a.wa.start()
  await a.wa.send(numbered(0), { text: 'one' })
  await a.engine.settle()
  await a.wa.close()
  await b.wa.start()
  const [[, left] = []] = Object.values(JSON.parse(await placesHeld(b.engine.db.write)) as Record<string, [number, number]>)
  assert.ok(left === undefined || left - Date.now() < 1100, 'a lease lasts four seconds')
  await b.wa.send(numbered(1), { text: 'two' })
  await b.engine.settle()

  assert.equal(fake.taken.length, 2)
  assert.equal(mostWithin(fake.came, 1000), 1)
  await b.wa.close()
  await fake.close()
})
