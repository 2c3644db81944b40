import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import knex from 'knex'
import { buttons } from '../../lib/index'
import { type Db, openDatabase } from '../../lib/store/database'
import { migrate } from '../../lib/store/migrate'
import { engines, type TestEngine } from '../support/databases'
import { lookInto } from './rig/database'
import { hostOn, until } from './rig/engine'
import { halfOpenProxy } from './rig/half-open'

const all = engines()
const [sqlite, ...servers] = all as [TestEngine, ...TestEngine[]]
const ASHA = '+919800000001'
const ROOT = join(__dirname, '..', '..')

test('sqlite: after a COMMIT that failed, what is answered with 200 is there after a restart', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  await wa.start()
  // The one way to make a COMMIT fail for sure: a foreign key that is checked only then.
  await engine.db.write.raw('create table parent (id integer primary key)')
  await engine.db.write.raw('create table child (parent integer references parent (id) deferrable initially deferred)')
  await assert.rejects(
    engine.db.tx((trx) => trx('child').insert({ parent: 1 })),
    /FOREIGN KEY/,
  )

  for (let n = 0; n < 10; n++) assert.equal(await hears(ASHA, `word ${n}`, `in-${n}`), 200)
  await wa.close()

  const db = lookInto(database.url)
  assert.equal((await db('wa_messages').where({ direction: 'in' })).length, 10)
  assert.equal((await db('child')).length, 0)
  await db.destroy()
})

test('sqlite in memory: a COMMIT that failed does not lose the database', async () => {
  const db = await openDatabase('sqlite::memory:')
  await migrate(db)
  await db.write.raw('create table parent (id integer primary key)')
  await db.write.raw('create table child (parent integer references parent (id) deferrable initially deferred)')

  await assert.rejects(
    db.tx((trx) => trx('child').insert({ parent: 1 })),
    /FOREIGN KEY/,
  )

  await db.tx((trx) => trx('parent').insert({ id: 1 }))
  assert.deepEqual([(await db.write('parent')).length, (await db.write('child')).length], [1, 0])
  await db.close()
})

test('sqlite: two processes that each read and then write 100 times lose nothing and see no error', async () => {
  const database = await sqlite.open()
  const db = await openDatabase(database.url)
  await migrate(db)
  await db.write.raw('create table counter (n integer)')
  await db.write('counter').insert({ n: 0 })
  const script = `
    require('tsx/cjs')
    const { openDatabase } = require('./lib/store/database.ts')
    openDatabase(process.argv[1]).then(async (db) => {
      for (let i = 0; i < 100; i++) await db.tx(async (trx) => {
        const { n } = await trx('counter').first('n')
        await trx('counter').update({ n: n + 1 })
      })
      await db.close()
    }).catch((error) => { console.error(error); process.exit(1) })`
  const run = async (): Promise<number | null> => {
    const child = spawn(process.execPath, ['-e', script, database.url], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
    const [code] = await once(child, 'exit')
    return code
  }

  assert.deepEqual(await Promise.all([run(), run()]), [0, 0])

  assert.equal((await db.write('counter').first('n')).n, 200)
  await db.close()
})

test('sqlite: a lock that somebody holds for two and a half seconds delays the 200, which waits for it', { timeout: 60_000 }, async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  await wa.start()
  const other = lookInto(database.url)
  const order: string[] = []
  await other.raw('begin immediate')
  const letGo = new Promise((wake) => setTimeout(wake, 2500)).then(async () => {
    order.push('let go')
    await other.raw('commit')
  })

  order.push(String(await hears(ASHA, 'one', 'in-1')))
  await letGo
  await engine.settle()

  assert.deepEqual(order, ['let go', '200'])
  assert.equal((await engine.db.read('wa_messages').where({ direction: 'in' })).length, 1)
  await other.destroy()
  await wa.close()
})

test('sqlite: a full disk is a 503, pages still open, and it goes on by itself when there is room', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wa-full-'))
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k', 'tmpfs', folder])
  if (mount.status !== 0) {
    rmSync(folder, { recursive: true })
    assert.notEqual(process.env.WA_TEST_REQUIRE_DATABASES, '1', 'a full disk must be tested here, and there is no right to mount one')
    process.stderr.write('\nWARNING: a full disk is not tested: no right to mount one.\n')
    return t.skip('no right to mount a small disk')
  }
  try {
    const { wa, engine, hears } = await hostOn(`sqlite:${join(folder, 'full.sqlite')}`)
    await wa.start()
    let acked = 0
    let refused = 0
    for (let n = 0; n < 300 && refused === 0; n++) {
      const status = await hears(ASHA, 'x'.repeat(20_000), `in-${n}`)
      if (status === 200) acked++
      else {
        assert.equal(status, 503)
        refused++
      }
    }
    assert.ok(refused > 0 && acked > 0, `${acked} taken, ${refused} refused`)
    assert.ok((await engine.db.read('wa_messages').limit(1)).length === 1, 'reading goes on')

    spawnSync('mount', ['-o', 'remount,size=40m', folder])
    await until(async () => (await hears(ASHA, 'room again', 'in-last')) === 200)
    await engine.settle()

    assert.deepEqual(await engine.db.write.raw('PRAGMA integrity_check'), [{ integrity_check: 'ok' }])
    assert.equal((await engine.db.read('wa_messages').where({ direction: 'in' })).length, acked + 1)
    await wa.close()
  } finally {
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  }
})

test('sqlite: a file that is no database is said so at start, and the door answers 503', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wa-corrupt-'))
  const file = join(folder, 'x.sqlite')
  writeFileSync(file, 'this is no database, whatever its name says. '.repeat(100))
  const { wa, hears } = await hostOn(`sqlite:${file}`)

  await assert.rejects(wa.start(), { code: 'WA_DATABASE' })

  assert.equal(await hears(ASHA, 'hello'), 503)
  await wa.close()
  rmSync(folder, { recursive: true })
})

test('sqlite: no byte of an erased customer stays in the files', async () => {
  const database = await sqlite.open()
  const { wa, engine, hears } = await hostOn(database.url)
  wa.on('text', async ({ say, contact, handOver, text }) => {
    await contact.set({ externalId: 'crm-secret-77', attributes: { plan: 'pro' } })
    await say(`You said: ${text}`)
    if (text.includes('fail')) throw new Error(`no such thing as ${text}`)
    await handOver({ note: 'wants the marmalade secret' })
  })
  await wa.start()
  await hears('+919812345678', 'my marmalade secret')
  await hears('+919812345678', 'let it fail with marmalade')
  await engine.settle()
  await engine.setMode('1', 'bot', { id: 'u1', name: 'Meera' }, 'marmalade is done')
  // A status of a message that is not ours names them too.
  await engine.db
    .write('wa_events')
    .insert({ dedupe: 'x'.repeat(64), number: 'default', type: 'status', state: 'done', raw: '{"to":"919812345678"}', at: 1, created_at: 1 })
  const bytes = (): string =>
    readdirSync(dirname(fileOf(database.url)))
      .map((name) => readFileSync(join(dirname(fileOf(database.url)), name), 'latin1'))
      .join('')
  assert.match(bytes(), /marmalade/)
  assert.match(bytes(), /9812345678/)

  await wa.contacts.erase('+919812345678')

  for (const word of [/marmalade/, /9812345678/, /crm-secret/]) assert.doesNotMatch(bytes(), word)
  await engine.settle()
  assert.equal(await hears('+919812345678', 'I am back'), 200)
  await wa.close()
})
const fileOf = (url: string): string => url.slice('sqlite:'.length)

for (const engine of all) {
  test(`${engine.name}: ${engine.name === 'sqlite' ? 'eight processes' : 'twenty pools'} that migrate at once all come up`, {
    skip: engine.skip,
    timeout: 120_000,
  }, async () => {
    const database = await engine.open()
    // On sqlite waiting for a lock takes a thread of the process, so there it takes processes; elsewhere connections are enough.
    if (engine.name === 'sqlite') {
      const script = `require('tsx/cjs')
        const { openDatabase } = require('./lib/store/database.ts'); const { migrate } = require('./lib/store/migrate.ts')
        openDatabase(process.argv[1]).then(async (db) => { for (let n = 0; n < 1; n++) await migrate(db); await db.close() }).catch((error) => { console.error(error); process.exit(1) })`
      const codes = await Promise.all(
        Array.from(
          { length: 8 },
          async () => (await once(spawn(process.execPath, ['-e', script, database.url], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] }), 'exit'))[0],
        ),
      )
      assert.deepEqual([...new Set(codes)], [0])
      return
    }
    const started = await Promise.all(Array.from({ length: 20 }, () => openDatabase(database.url)))
    await Promise.all(started.map((db) => migrate(db)))
    const names = (await (started[0] as Db).write('wa_migrations')).map(({ name }) => name)
    assert.deepEqual(names, [...new Set(names)])
    await Promise.all(started.map((db) => db.close()))
  })

  test(`${engine.name}: migrations that are killed at their 3rd, 9th, 17th or 26th query are finished by the next start`, {
    skip: engine.skip,
    timeout: 120_000,
  }, async () => {
    const script = `require('tsx/cjs')
      const { openDatabase } = require('./lib/store/database.ts'); const { migrate } = require('./lib/store/migrate.ts')
      openDatabase(process.argv[1]).then((db) => {
        let n = 0
        db.write.client.on('query', () => { if (++n === Number(process.argv[2])) process.kill(process.pid, 'SIGKILL') })
        return migrate(db)
      }).then(() => process.exit(0), (error) => { console.error(error); process.exit(1) })`
    for (const at of [3, 9, 17, 26]) {
      const database = await engine.open()
      const child = spawn(process.execPath, ['-e', script, database.url, String(at)], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
      const [, signal] = await once(child, 'exit')
      assert.equal(signal, 'SIGKILL', `killed at query ${at}`)

      const { wa, engine: running, hears } = await hostOn(database.url)
      await wa.start()
      assert.equal(await hears(ASHA, 'hello'), 200)
      await running.settle()
      await wa.close()
      await database.drop()
    }
  })
}

for (const engine of all) {
  test(`${engine.name}: older code beside tables that a newer version has changed starts, says so, and works`, {
    skip: engine.skip,
    timeout: 60_000,
  }, async () => {
    const database = await engine.open()
    const before = await openDatabase(database.url)
    await migrate(before)
    // All that an additive migration does: a table, columns with a default and without, an index.
    await before.write.schema.createTable('wa_campaigns', (table) => void table.bigIncrements('id'))
    for (const name of [
      'wa_contacts',
      'wa_conversations',
      'wa_messages',
      'wa_message_history',
      'wa_events',
      'wa_runs',
      'wa_menus',
      'wa_menu_versions',
      'wa_audit',
    ])
      await before.write.schema.alterTable(name, (table) => {
        table.string('newer', 40)
        table.integer('newest').notNullable().defaultTo(7)
        table.index(['newer'], `${name}_newer`)
      })
    await before.write('wa_migrations').insert({ name: '900_newer', batch: 2, migration_time: new Date() })
    await before.close()

    const warnings: unknown[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (given: unknown, words?: unknown) => void warnings.push([given, words]) }
    const help = buttons('help', { body: 'How can we help?', buttons: [{ id: 'agent', title: 'A person' }] })
    const { wa, engine: running, hears } = await hostOn(database.url, { logger, menus: [help] })
    const heard: string[] = []
    wa.on('text', async ({ text, say }) => {
      heard.push(text)
      await say(help)
    })
    await wa.start()
    assert.equal(await hears(ASHA, 'hello'), 200)
    await running.settle()

    assert.match(JSON.stringify(warnings), /900_newer.*newer than this code/)
    assert.deepEqual(heard, ['hello'])
    assert.deepEqual(
      (await running.db.read('wa_messages').orderBy('id')).map((row) => [row.direction, row.status, row.newer, row.newest]),
      [
        ['in', null, null, 7],
        ['out', 'delivered', null, 7],
      ],
    )
    await wa.contacts.erase(ASHA)
    await wa.close()
  })
}

for (const engine of servers) {
  test(`${engine.name}: a server that drops every connection costs nothing but time`, { skip: engine.skip, timeout: 60_000 }, async () => {
    const database = await engine.open()
    const { wa, engine: running, hears } = await hostOn(database.url)
    const heard: string[] = []
    wa.on('text', ({ text }) => heard.push(text))
    await wa.start()
    const other = lookInto(database.url)
    const drop = async (): Promise<void> => {
      if (engine.name === 'postgres')
        await other.raw('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()')
      else {
        const [rows] = await other.raw('select id from information_schema.processlist where db = database() and id <> connection_id()')
        for (const { id } of rows) await other.raw(`kill ${id}`).catch(() => {})
      }
    }
    for (let n = 0; n < 6; n++) {
      await Promise.all([drop(), until(async () => (await hears(ASHA, `m${n}`, `in-${n}`)) === 200)])
    }
    await until(() => heard.length >= 6)
    await running.settle()

    assert.deepEqual([...new Set(heard)], ['m0', 'm1', 'm2', 'm3', 'm4', 'm5'])
    await other.destroy()
    await wa.close()
  })

  test(`${engine.name}: forty transactions at once, each two locking the same rows in opposite order, all succeed`, {
    skip: engine.skip,
    timeout: 60_000,
  }, async () => {
    const database = await engine.open()
    const db = await openDatabase(database.url)
    await db.write.schema.createTable('pair', (t) => {
      t.integer('id').primary()
      t.integer('n')
    })
    await db.write('pair').insert(Array.from({ length: 40 }, (_, id) => ({ id, n: 0 })))
    const both = (order: number[]) =>
      db.tx(async (trx) => {
        for (const id of order) await trx('pair').where({ id }).increment('n', 1)
      })

    await Promise.all(Array.from({ length: 20 }, (_, n) => [both([2 * n, 2 * n + 1]), both([2 * n + 1, 2 * n])]).flat())

    assert.deepEqual([...new Set((await db.write('pair')).map(({ n }) => n))], [2])
    await db.close()
  })

  test(`${engine.name}: a host that lends its own pool of one connection is served by it`, { skip: engine.skip, timeout: 60_000 }, async () => {
    const database = await engine.open()
    const host = knex({ client: engine.name === 'postgres' ? 'pg' : 'mysql2', connection: database.url, pool: { min: 0, max: 1 } })
    const { wa, engine: running, hears } = await hostOn(host)
    const heard: string[] = []
    wa.on('text', async ({ text, say }) => {
      await say(`said: ${text}`)
      heard.push(text)
    })
    await wa.start()
    await Promise.all(Array.from({ length: 8 }, (_, n) => hears(`+91980000001${n}`, `m${n}`)))
    await running.settle()

    assert.equal(heard.length, 8)
    await wa.close()
    assert.equal((await host('wa_messages').where({ direction: 'out' })).length, 8, "the pool is still the host's")
    await host.destroy()
  })
}

for (const engine of servers) {
  test(`${engine.name}: a connection that is dead without a word: 503 before the provider hangs up, then everything goes on`, {
    skip: engine.skip,
    timeout: 90_000,
  }, async () => {
    const database = await engine.open()
    const proxy = await halfOpenProxy(database.url)
    const { wa, engine: running, hears } = await hostOn(proxy.url)
    const heard: string[] = []
    wa.on('text', ({ text }) => heard.push(text))
    await wa.start()
    assert.equal(await hears(ASHA, 'before', 'in-1'), 200)
    await running.settle()

    proxy.swallow()
    const order: string[] = []
    const hangsUp = setTimeout(() => order.push('the provider hangs up'), 10_000)
    order.push(String(await hears(ASHA, 'during', 'in-2')))
    clearTimeout(hangsUp)
    assert.deepEqual(order, ['503'])
    // Old connections stay dead for ever, as behind a firewall that forgot them; new ones are served.
    proxy.serveNew()
    await until(async () => (await hears(ASHA, 'during', 'in-2')) === 200, 30_000)
    await until(() => heard.includes('during'), 30_000)
    await running.settle()

    assert.deepEqual(heard, ['before', 'during'])
    await wa.close()
    await proxy.close()
  })
}
