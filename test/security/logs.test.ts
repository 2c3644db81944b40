import assert from 'node:assert/strict'
import { test } from 'node:test'
import knex from 'knex'
import { waInteractive } from '../../lib/index'
import { type Logger, scrub, scrubbing, stderrLogger } from '../../lib/log'
import { testOptions } from '../../lib/testing'
import { inboundBody } from '../fakes/fake-exotel'
import { engines } from '../support/databases'
import { engineOf, providerFor, wireHost } from '../support/wire-host'

/** What is written, and what of it a log shows. */
const TEXTS: [says: string, text: string, shown: string][] = [
  ['a number with its plus', 'to +919800000001 now', 'to +91…01 now'],
  ['a number without it', 'from 919800000001', 'from 91…01'],
  ['a short number with a plus', '+1234567', '+12…67'],
  ['a number written for people', 'call +91 98000-00001 or (+91) 98000 00001', 'call +91…01 or (+91…01'],
  [
    'a number beside other signs',
    'Key (phone)=(+919800000001) exists, wa_id=919800000001;tel:+919800000001',
    'Key (phone)=(+91…01) exists, wa_id=91…01;tel:+91…01',
  ],
  ['a number after an underscore', 'wa_919800000001', 'wa_91…01'],
  ['two numbers', '919800000001,919800000002', '91…01,91…02'],
  ['a national number of ten digits', '9800000001', '98…01'],
  ['an id of this package', 'event 4711, message 123456789', 'event 4711, message 123456789'],
  ['a number of an order', 'ORD-12345678', 'ORD-12345678'],
  ['digits inside of an id', 'sim.a1234567890b and wamid.HBgM9198000000017ABC', 'sim.a1234567890b and wamid.HBgM9198000000017ABC'],
  ['more digits than a number has', '12345678901234567890', '12345678901234567890'],
  ['a token of the address', 'GET /wa/webhook?token=a-long-webhook-token&x=1', 'GET /wa/webhook?token=…&x=1'],
  ['a word for Meta', '?hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=1', '?hub.mode=subscribe&hub.verify_token=…&hub.challenge=1'],
  ['credentials of a header', 'Authorization: Bearer EAAGm0PX4 and Basic a2V5OnRva2Vu', 'Authorization: Bearer … and Basic …'],
  ['nothing to hide', 'the database does not answer', 'the database does not answer'],
]
for (const [says, text, shown] of TEXTS) test(`35 a log shows of ${says} what helps and no more`, () => assert.equal(scrub(text), shown))

const captured = (): { lines: string[]; log: Logger } => {
  const lines: string[] = []
  return { lines, log: scrubbing(stderrLogger((line) => void lines.push(line))) }
}

test('35 a line is one line: what would begin another, colour it or turn it around is escaped', () => {
  const { lines, log } = captured()

  log.warn(
    { name: 'a\r\n{"level":"error"}', ansi: '\u001b[31mred\u001b[0m', c1: '\u009b31m', del: '\u007f', separators: '\u2028\u2029', bidi: '\u202Egpj.exe\u2066' },
    'hello\nworld',
  )

  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^[\x20-\x7e]+\n$/)
  assert.deepEqual(JSON.parse(lines[0] ?? '').name, 'wa-interactive', 'a field cannot take the place of ours')
})

test('35 numbers and secrets are masked wherever they stand: in objects, lists, errors and names', () => {
  const { lines, log } = captured()
  const deep = { a: [{ b: { to: '+919800000001' } }], error: new Error('no +919800000001'), '+919800000001': 'name', at: new Date(0) }
  const circle: Record<string, unknown> = {}
  circle.self = circle

  log.error(deep, 'to +919800000001')
  log.info(circle, 'round')

  assert.doesNotMatch(lines.join(''), /9800000001/)
  assert.match(lines[0] ?? '', /"no \+91…01"/)
  assert.match(lines[0] ?? '', /1970-01-01T00:00:00/)
})

test('35 the host’s own logger is handed no whole number either', async () => {
  const { control: _c, provider: _p, ...options } = testOptions()
  const lines: string[] = []
  const at = (o: object, msg: string) => void lines.push(JSON.stringify([o, msg]))
  await using wa = waInteractive({ ...options, provider: providerFor('exotel', 'http://127.0.0.1:9'), logger: { debug: at, info: at, warn: at, error: at } })
  wa.on('text', () => {
    throw new Error('cannot serve +919800000001')
  })
  await wa.start()

  await engineOf(wa).knock('default', {
    method: 'POST',
    headers: {},
    query: new URLSearchParams('token=a-long-webhook-token'),
    body: Buffer.from('{"from":"+919800000001","type":"text","text":{"body":"hi"}}'),
  })
  await engineOf(wa).settle()

  assert.ok(
    lines.some((line) => line.includes('cannot serve +91…01')),
    lines.join('\n'),
  )
  assert.doesNotMatch(lines.join(''), /9800000001/)
})

for (const engine of engines()) {
  test(`35 ${engine.name}: an error of the database names no value, also when the pool is the host’s own`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    const client = { sqlite: 'sqlite3', postgres: 'pg', mysql: 'mysql2' }[engine.name]
    const own = knex({
      client,
      connection: engine.name === 'sqlite' ? { filename: database.url.replace(/^sqlite:/, '') } : database.url,
      useNullAsDefault: true,
      pool: { min: 0, max: 4 },
    })
    for (const given of [database.url, own] as const) {
      const lines: string[] = []
      const at = (o: object, msg: string) => void lines.push(JSON.stringify([o, msg]))
      await using host = await wireHost('exotel', { database: given, logger: { debug: at, info: at, warn: at, error: at } })
      await host.knex.schema.renameTable('wa_events', 'wa_gone')

      await host
        .post(
          inboundBody({
            sid: 'ExIn1',
            from: '+919800000001',
            timestamp: '2026-11-20T10:15:30+05:30',
            content: { type: 'text', text: { body: 'my secret words' } },
          }),
        )
        .expect(503)
      await host.knex.schema.renameTable('wa_gone', 'wa_events')

      assert.ok(
        lines.some((line) => line.includes('could not be stored')),
        lines.join('\n'),
      )
      assert.doesNotMatch(lines.join(''), /my secret words|9800000001/)
    }
    await own.destroy()
  })
}
