import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Response } from 'supertest'
import { inboundBody } from '../fakes/fake-exotel'
import { engines, type TestEngine } from '../support/databases'
import { engineOf, wireHost } from '../support/wire-host'
import { lookInto } from './rig/database'

/** Both providers hang up after so long without an answer. */
const PROVIDER_WAITS_MS = 10_000
const all = engines()
const [sqlite, ...servers] = all as [TestEngine, ...TestEngine[]]

for (const engine of all) {
  test(`${engine.name}: while the database is held the door asks for another call before the provider hangs up, and what comes again is heard once`, {
    skip: engine.skip,
    timeout: 60_000,
  }, async () => {
    const database = await engine.open()
    await using host = await wireHost('exotel', { database: database.url })
    const words = ['one', 'two'].map((body) =>
      inboundBody({ sid: `in-${body}`, from: '919800000001', timestamp: new Date().toISOString(), content: { type: 'text', text: { body } } }),
    )
    /** As a provider knocks: rejects when nobody has answered in its time. */
    const knock = async (body: string): Promise<Response> => host.post(body).timeout(PROVIDER_WAITS_MS)
    const letGo = await hold(engine, database.url)

    const refused = await Promise.all(words.map(knock))
    await letGo()
    const taken = await Promise.all(words.map(knock))
    await engineOf(host.wa).settle()

    for (const { status, headers } of refused) assert.deepEqual([status, headers['retry-after']], [503, '30'])
    for (const { status } of taken) assert.equal(status, 200)
    const heard = host.heard.flatMap(({ as, given }) => (as === 'text' ? [String(given.text)] : []))
    assert.deepEqual(heard.sort(), ['one', 'two'])
  })
}

test('sqlite: code that calls while the file is held is told who may hold it, and its next call does well', { timeout: 60_000 }, async () => {
  const database = await sqlite.open()
  await using host = await wireHost('exotel', { database: database.url })
  const letGo = await hold(sqlite, database.url)

  await assert.rejects(host.wa.send('+919800000001', { text: 'hi' }), {
    code: 'WA_DATABASE',
    message: /Another program has held the database file.*Try again when it has let go/,
  })
  await letGo()
  await host.wa.send('+919800000001', { text: 'hi' })
  await host.wa.idle()

  assert.deepEqual(await host.knex('wa_messages').pluck('text'), ['hi'])
})

for (const engine of servers)
  test(`${engine.name}: code that calls while the server is away is told so`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    await using host = await wireHost('exotel', { database: database.url, worker: false })
    await host.engine.db.write.destroy()

    for (const call of [
      () => host.wa.send('+919800000001', { text: 'hi' }),
      () => host.wa.contacts.get('+919800000001'),
      () => host.wa.conversations.get('+919800000001'),
      () => host.wa.messages.retry('1'),
      () => host.wa.events.replay('1'),
    ])
      await assert.rejects(call(), { code: 'WA_DATABASE', message: /does not answer.*Try again in a moment/ })
  })

/** Nobody else writes an event until what comes back is called: it fails when the lock was lost before. */
async function hold(engine: TestEngine, url: string): Promise<() => Promise<void>> {
  if (engine.name === 'sqlite') {
    const holder = fork(join(__dirname, '..', 'support', 'hold-lock.cjs'), [url.slice('sqlite:'.length)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    await once(holder, 'message')
    return async () => {
      holder.send('let go')
      await once(holder, 'exit')
    }
  }
  const other = lookInto(url)
  const trx = await other.transaction()
  await trx.raw(engine.name === 'postgres' ? 'lock table wa_events in access exclusive mode' : 'lock tables wa_events write')
  return async () => {
    if (engine.name === 'mysql') await trx.raw('unlock tables')
    await trx.commit()
    await other.destroy()
  }
}
