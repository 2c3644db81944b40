import assert from 'node:assert/strict'
import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import type { Logger } from '../../lib/log'
import { engines, type TestEngine } from '../support/databases'
import { hostOn, until } from './rig/engine'

const [sqlite] = engines() as [TestEngine]
const ASHA = '+919800000001'
const fileOf = (url: string): string => url.slice('sqlite:'.length)

test('a file with pages that the disk has lost is said so at start with the way out; the door asks for another call, and nothing is written to it', async () => {
  const database = await sqlite.open()
  const first = await hostOn(database.url)
  await first.wa.start()
  for (let n = 0; n < 200; n++) await first.hears(ASHA, `word ${n} ${'x'.repeat(500)}`, `in-${n}`)
  await first.engine.settle()
  await first.wa.close()
  const file = fileOf(database.url)
  const { size } = statSync(file)
  const disk = openSync(file, 'r+')
  for (const part of [0.3, 0.5, 0.7]) writeSync(disk, Buffer.alloc(4096, 0xdb), 0, 4096, Math.floor((size * part) / 4096) * 4096)
  closeSync(disk)

  const second = await hostOn(database.url)
  await assert.rejects(second.wa.start(), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'WA_DATABASE')
    assert.match(error.message, /is damaged .*put a backup in its place.*\.recover/)
    return true
  })

  assert.equal(await second.hears(ASHA, 'hello'), 503)
  assert.equal(statSync(file).size, size)
  await second.wa.close()
})

test('a file that is none of sqlite is named as that', async () => {
  const database = await sqlite.open()
  writeFileSync(fileOf(database.url), 'these are my notes. '.repeat(1000))
  const { wa } = await hostOn(database.url)

  await assert.rejects(wa.start(), /is no database of sqlite, or a damaged one \(SQLITE_NOTADB\).*put a backup in its place/)
  await wa.close()
})

test('two hosts of one process on one file: said once, and each word is heard once', async () => {
  const database = await sqlite.open()
  const warned: string[] = []
  const logger: Logger = { debug() {}, info() {}, error() {}, warn: (_fields, words) => void warned.push(words) }
  const hosts = [await hostOn(database.url, { logger }), await hostOn(database.url, { logger })]
  const heard: string[] = []
  for (const { wa } of hosts) wa.on('text', ({ text }) => heard.push(text))
  for (const { wa } of hosts) await wa.start()
  for (let n = 0; n < 10; n++) await hosts[n % 2]?.hears(`+91980000001${n}`, `word ${n}`)
  await until(() => heard.length === 10)
  for (const { wa } of hosts) await wa.close()

  assert.equal(new Set(heard).size, 10)
  assert.deepEqual(warned.filter((words) => /another waInteractive\(\)/.test(words)).length, 1)
  const again = await hostOn(database.url, { logger })
  await again.wa.start()
  await again.wa.close()
  assert.equal(warned.length, 1, 'closed ones are none')
})

test('code decides on events and messages as a person does', async () => {
  const database = await sqlite.open()
  const { wa, engine, clock, hears } = await hostOn(database.url)
  let broken = true
  const heard: string[] = []
  wa.on('text', ({ text }) => {
    if (broken) throw new Error('the CRM is away')
    heard.push(text)
  })
  await wa.start()
  await hears(ASHA, 'hello')
  for (let n = 0; n < 9; n++) {
    await engine.settle()
    clock.ahead += 86_400_000
    await hears('+919800000002', `wakes it ${n}`)
  }
  await engine.settle()
  const [event] = (await engine.db.read('wa_events').orderBy('id').limit(1)) as { id: number; state: string }[]
  assert.equal(event?.state, 'needs_attention')
  const id = String(event?.id)
  broken = false

  assert.equal(await wa.events.replay('999999'), false)
  assert.equal(await wa.events.retry('no number'), false)
  assert.equal(await wa.events.retry(id), true)
  await engine.settle()
  assert.ok(heard.includes('hello'))
  assert.equal(await wa.events.discard(id), false, 'it is done')
  assert.equal(await wa.events.replay(id), true)
  await engine.settle()
  assert.equal(heard.filter((text) => text === 'hello').length, 2)

  await hears(ASHA, 'here again')
  const sent = await wa.send(ASHA, { text: 'hi' })
  await engine.settle()
  assert.equal(await wa.messages.retry(sent.id), false, 'it has arrived')
  await engine.db
    .write('wa_messages')
    .where({ id: Number(sent.id) })
    .update({ status: 'uncertain' })
  assert.equal(await wa.messages.retry(sent.id), true)
  await wa.close()
})
