import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { inboundBody } from '../fakes/fake-exotel'
import { engines, type TestEngine } from '../support/databases'
import { lookInto, openWork } from './rig/database'
import { listeners, orderDesk } from './rig/hosts'
import { startInstance } from './rig/instances'
import { checkInvariants } from './rig/invariants'
import { postWebhook } from './rig/load'
import { rigProvider } from './rig/provider'
import { pause } from './rig/random'
import { build, runOn } from './rig/run'

/** A rig that finds nothing proves nothing: these libraries break a promise on purpose, and it must see which. */
const [sqlite] = engines() as [TestEngine]
const control = (name: string): string => join(__dirname, 'controls', `${name}.mjs`)

before(build)

test('the check sees a library that answers before the row is committed', { timeout: 120_000 }, async (t) => {
  const { breaches } = await runOn(t, sqlite, { host: orderDesk, instances: 1, kills: 6, preload: control('ack-first') })

  assert.ok(
    breaches.some((breach) => breach.startsWith('I1')),
    `found only: ${breaches.join('; ')}`,
  )
})

test('the check sees a library that sends again after a crash', { timeout: 120_000 }, async (t) => {
  const { breaches } = await runOn(t, sqlite, { host: orderDesk, instances: 1, kills: 12, preload: control('send-again') })

  assert.ok(
    breaches.some((breach) => breach.startsWith('I3')),
    `found only: ${breaches.join('; ')}`,
  )
})

test('the check sees a library that runs again what had come to its end', { timeout: 120_000 }, async (t) => {
  // Only what fails and is tried again within one life of the process counts: of four lives there may be none.
  const { breaches } = await runOn(t, sqlite, { host: listeners, instances: 1, kills: 12, preload: control('forget-done') })

  assert.ok(
    breaches.some((breach) => breach.startsWith('I5 listener beside')),
    `found only: ${breaches.join('; ')}`,
  )
})

test('the check sees it in the tables of a host that tells nobody of its listeners', { timeout: 120_000 }, async (t) => {
  const { breaches } = await runOn(t, sqlite, { host: orderDesk, instances: 1, kills: 4, preload: control('forget-done') })

  assert.ok(
    breaches.some((breach) => /^I5 listener .* of event \d+ (is|came)/.test(breach)),
    `found only: ${breaches.join('; ')}`,
  )
})

test('what a killed process had in its hands is taken up within 90 s by the clock, with nobody helping', { timeout: 150_000 }, async () => {
  const database = await sqlite.open()
  const db = lookInto(database.url)
  const provider = await rigProvider(
    () => 0.99,
    async () => {},
  )
  const first = startInstance(listeners, database.url, provider.url)
  try {
    await first.ready
    // Its listener takes 84 ms: the process dies while it runs.
    const body = inboundBody({ sid: 'in-1', from: '919800000101', timestamp: new Date().toISOString(), content: { type: 'text', text: { body: 'c0 m12' } } })
    assert.equal(await postWebhook(() => first.port, body), 200)
    while (Number((await db('wa_events').where({ state: 'running' }).count({ n: '*' }))[0]?.n) === 0) await pause(2)
    await first.kill('SIGKILL')
    const killedAt = performance.now()
    const second = startInstance(listeners, database.url, provider.url)
    await second.ready

    while ((await openWork(db)) > 0 && performance.now() - killedAt < 90_000) await pause(200)

    await second.kill('SIGTERM')
    const completed = [...first.completed(), ...second.completed()]
    assert.deepEqual(await checkInvariants(db, { acked: new Map([['919800000101', ['c0 m12']]]), taken: provider.taken, completed }), [])
    assert.equal(provider.taken.length, 1)
  } finally {
    await first.kill('SIGKILL')
    await provider.close()
    await db.destroy()
    await database.drop()
  }
})
