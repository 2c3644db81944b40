import assert from 'node:assert/strict'
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { simulator } from '../../lib/index'
import type { Logger } from '../../lib/log'
import { knockOf, says } from '../../lib/providers/simulated'
import { openDatabase } from '../../lib/store/database'
import { inTime, tookTooLong } from '../../lib/store/deadline'
import { engines, type TestEngine } from '../support/databases'
import { lookInto } from './rig/database'
import { hostOn, until } from './rig/engine'

const all = engines()
const [sqlite, ...servers] = all as [TestEngine, ...TestEngine[]]
const ASHA = '+919800000001'
const HOUR_MS = 3_600_000
const ROOT = join(__dirname, '..', '..')

/** A host that answers every word, with what its log warned of. */
async function desk(url: string, options: Parameters<typeof hostOn>[1] = {}, ahead = 0) {
  const warned: Record<string, unknown>[] = []
  const logger: Logger = { debug() {}, info() {}, error() {}, warn: (fields, words) => void warned.push({ ...fields, words }) }
  const host = await hostOn(url, { provider: simulator(), logger, ...options })
  host.clock.ahead = ahead
  host.wa.on('text', ({ say, text }) => say(`said: ${text}`))
  return { ...host, warned }
}
const outgoing = async (url: string): Promise<string[]> => {
  const db = lookInto(url)
  const rows = (await db('wa_messages').where({ direction: 'out' }).orderBy('id').select('text', 'status')) as { text: string; status: string }[]
  await db.destroy()
  return rows.map(({ text, status }) => `${text}: ${status}`)
}

test('sqlite: a backup by VACUUM INTO holds all that was committed; restored an hour later it sends and handles nothing again without a click', async () => {
  const database = await sqlite.open()
  const folder = mkdtempSync(join(tmpdir(), 'wa-backup-'))
  const backup = join(folder, 'backup.sqlite')
  const busy = await desk(database.url, { worker: false })
  await busy.wa.start()
  await busy.hears(ASHA, 'not yet handled', 'in-1')
  for (const text of ['one', 'two']) await busy.wa.send(ASHA, { text })

  // While the host runs, with the tool that the README names.
  execFileSync(process.execPath, ['-e', VACUUM, database.url.slice('sqlite:'.length), backup], { cwd: ROOT })
  await busy.wa.close()
  const original = await desk(database.url)
  await original.wa.start()
  await original.engine.settle()
  assert.deepEqual((await outgoing(database.url)).map(sentOrNot), ['one: left', 'two: left', 'said: not yet handled: left'])
  await original.wa.close()

  // The disk is lost; the backup takes its place.
  const file = database.url.slice('sqlite:'.length)
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  copyFileSync(backup, file)
  const restored = await desk(database.url, {}, HOUR_MS)
  await restored.wa.start()
  await restored.engine.settle()

  assert.deepEqual(await outgoing(database.url), ['one: uncertain', 'two: uncertain'])
  assert.deepEqual(
    (await restored.engine.db.read('wa_events')).map(({ state }) => state),
    ['needs_attention'],
  )
  assert.deepEqual(
    restored.warned.map(({ messages, events }) => [messages, events]),
    [[2, 1]],
  )
  // What comes from now on is handled by itself, and what was held on a click.
  const meera = { id: 'u1', name: 'Meera' }
  assert.equal(await restored.hears('+919800000002', 'hello'), 200)
  const [first] = (await restored.engine.db.read('wa_messages').where({ text: 'one' })) as { id: number }[]
  await restored.engine.decideMessage(String(first?.id), 'retry', meera)
  await restored.engine.decideEvent('1', 'retry', meera)
  await restored.engine.settle()
  assert.deepEqual((await outgoing(database.url)).map(sentOrNot), ['one: left', 'two: uncertain', 'said: hello: left', 'said: not yet handled: left'])
  await restored.wa.close()
  rmSync(folder, { recursive: true })
})
const sentOrNot = (line: string): string => line.replace(/: (accepted|sent|delivered|read)$/, ': left')
const VACUUM = `const sqlite3 = require('sqlite3'); const [, from, to] = process.argv
  new sqlite3.Database(from).exec("VACUUM INTO '" + to + "'", (error) => { if (error) throw error })`

for (const engine of all) {
  test(`${engine.name}: after a silence of an hour two instances that start at once hold what waits, once; after ten minutes it just goes on`, {
    skip: engine.skip,
  }, async () => {
    const database = await engine.open()
    const before = await desk(database.url, { worker: false })
    await before.wa.start()
    await before.hears(ASHA, 'waits')
    await before.wa.send(ASHA, { text: 'waits too' })
    await before.wa.close()

    const two = [await desk(database.url, {}, HOUR_MS), await desk(database.url, {}, HOUR_MS)]
    await Promise.all(two.map(({ wa }) => wa.start()))
    for (const each of two) await each.engine.settle()
    assert.deepEqual(await outgoing(database.url), ['waits too: uncertain'])
    assert.equal(two.flatMap(({ warned }) => warned.filter(({ messages }) => messages === 1)).length, 1)
    assert.equal((await two[0]?.engine.db.read('wa_message_history').where({ status: 'uncertain' }))?.length, 1)
    for (const { wa } of two) await wa.close()

    const other = await engine.open()
    const shortly = await desk(other.url, { worker: false })
    await shortly.wa.start()
    await shortly.wa.send(ASHA, { text: 'goes on' })
    await shortly.wa.close()
    const again = await desk(other.url, {}, 600_000)
    await again.wa.start()
    await again.engine.settle()
    assert.deepEqual((await outgoing(other.url)).map(sentOrNot), ['goes on: left'])
    await again.wa.close()
  })
}

test('sqlite: questions without end hold up no webhook, are given up, and pages go on', { timeout: 60_000 }, async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  await wa.start()
  const endless = 'with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n'
  let ended = 0
  const asked = [1, 2, 3].map(() =>
    engine.db.read
      .raw(endless)
      .catch((error: { code: string }) => error.code)
      .finally(() => ended++),
  )
  for (let n = 0; n < 20; n++) assert.equal(await hears(ASHA, `word ${n}`, `in-${n}`), 200)
  assert.equal(ended, 0, 'the words did not wait for the questions')

  assert.deepEqual(await Promise.all(asked), ['SQLITE_INTERRUPT', 'SQLITE_INTERRUPT', 'SQLITE_INTERRUPT'])
  await engine.settle()
  assert.equal((await engine.db.read('wa_messages').where({ direction: 'in' })).length, 20)
  await wa.close()
})

for (const engine of servers) {
  test(`${engine.name}: a question of a page is given up after two seconds, by the server too`, { skip: engine.skip, timeout: 60_000 }, async () => {
    const database = await engine.open()
    const db = await openDatabase(database.url)
    const sleep = engine.name === 'postgres' ? 'pg_sleep(60)' : 'sleep(60)'

    const error = await inTime(db.read, db.read.select(db.read.raw(sleep))).then(
      () => null,
      (thrown: unknown) => thrown,
    )

    assert.ok(tookTooLong(error), String(error))
    const look = lookInto(database.url)
    const running =
      engine.name === 'postgres'
        ? "select 1 from pg_stat_activity where state = 'active' and query like 'select pg_sleep%' and datname = current_database()"
        : "select 1 from information_schema.processlist where info like 'select sleep%' and db = database()"
    await until(async () => {
      const found = await look.raw(running)
      return (engine.name === 'postgres' ? found.rows : found[0]).length === 0
    })
    await look.destroy()
    await db.close()
  })
}

test('sqlite: while another process holds the file, the host reads its own files and pages open; three connections at most', {
  timeout: 60_000,
}, async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  await wa.start()
  const file = database.url.slice('sqlite:'.length)
  const other = fork(join(ROOT, 'test', 'support', 'hold-lock.cjs'), [file])
  await once(other, 'message')
  const words = Array.from({ length: 40 }, (_, n) => hears(ASHA, `word ${n}`, `in-${n}`))
  let answered = 0
  for (const word of words) void word.then(() => answered++)

  // sqlite3 waits for a lock in one of Node's four threads, and files are read in the same ones.
  await Promise.all(Array.from({ length: 20 }, () => readFile(__filename)))
  await Promise.all(Array.from({ length: 20 }, () => engine.db.read('wa_messages').limit(1)))
  assert.equal(answered, 0, 'nothing had to wait until the writers gave up')
  assert.ok(connectionsTo(file) <= 3, `${connectionsTo(file)} connections`)

  other.send('let go')
  assert.deepEqual([...new Set(await Promise.all(words))], [200])
  await engine.settle()
  await wa.close()
})
test('sqlite: while the database is held only so much waits for it in memory; what is refused at once may come again', { timeout: 60_000 }, async () => {
  const database = await sqlite.open()
  const { wa, engine } = await hostOn(database.url)
  await wa.start()
  const other = fork(join(ROOT, 'test', 'support', 'hold-lock.cjs'), [database.url.slice('sqlite:'.length)])
  await once(other, 'message')
  /** Large on the wire, and soon stored: what is to be seen is how much waits. */
  const arrives = async (id: string): Promise<number> => {
    const knock = knockOf({ from: { phone: ASHA }, at: engine.now(), id, content: says('hello'), replyTo: null })
    return (await engine.knock('default', { ...knock, body: Buffer.concat([knock.body, Buffer.alloc(4_000_000, ' ')]) })).status
  }

  const large = Array.from({ length: 20 }, (_, n) => arrives(`in-${n}`))
  const firstRefused = await Promise.race(large)
  other.send('let go')
  const statuses = await Promise.all(large)

  assert.equal(firstRefused, 503, 'nothing could be taken yet')
  assert.deepEqual([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 503).length], [16, 4])
  assert.equal(await arrives('in-19'), 200)
  await engine.settle()
  assert.equal((await engine.db.read('wa_messages').where({ direction: 'in' })).length, 17)
  await wa.close()
})

/** Open handles of this process on that file; where the system does not tell, none. */
const connectionsTo = (file: string): number => {
  if (!existsSync('/proc/self/fd')) return 0
  return readdirSync('/proc/self/fd').filter((handle) => {
    try {
      return readlinkSync(`/proc/self/fd/${handle}`) === file
    } catch {
      return false
    }
  }).length
}
