import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AuditFilter, auditAfter, listAudit } from '../../lib/store/audit'
import { openDatabase } from '../../lib/store/database'
import { migrate } from '../../lib/store/migrate'
import { engines } from '../support/databases'
import { later } from '../support/later'
import { engineOf } from '../support/wire-host'
import { host, wordsOf } from './host'

/** An hour of 1 March 2026 and of the day after, in UTC. */
const FIRST = Date.parse('2026-03-01T10:00:00Z')
const DAY = 86_400_000

const ROWS = [
  { user_id: 'u7', user_name: 'Ravi Kumar', action: 'menu.published', subject: 'menu:help-center', before: null, after: '{"version":2}', at: FIRST },
  { user_id: 'u8', user_name: 'Meera 100%', action: 'menu.draft', subject: 'menu:help', before: '"old"', after: '"=new"', at: FIRST + DAY },
  { user_id: 'u8', user_name: 'Meera 100%', action: 'messages.retry', subject: 'outbox', before: null, after: null, at: FIRST + 2 * DAY },
]

async function audited(t: Parameters<typeof host>[0]) {
  const desk = await host(t)
  const db = engineOf(desk.wa).db.write
  await db('wa_audit').delete()
  await db('wa_audit').insert(ROWS)
  const subjects = async (query: string): Promise<string[]> =>
    [...(await desk.get(`/audit${query}`).expect(200)).text.matchAll(/<code>([^<]+)<\/code>(?:<\/a>)?<time/g)].map((match) => match[1] as string)
  return { ...desk, subjects }
}

test('the audit is narrowed in its address: by who, what, about what, and days', async (t) => {
  const { subjects, get } = await audited(t)

  assert.deepEqual(await subjects(''), ['outbox', 'menu:help', 'menu:help-center'])
  assert.deepEqual(await subjects('?who=ravi'), ['menu:help-center'])
  assert.deepEqual(await subjects('?who=u8'), ['outbox', 'menu:help'])
  assert.deepEqual(await subjects('?who=100%25'), ['outbox', 'menu:help'])
  assert.deepEqual(await subjects('?who=_'), [])
  assert.deepEqual(await subjects('?what=menu.draft'), ['menu:help'])
  assert.deepEqual(await subjects('?of=menu:help'), ['menu:help'])
  assert.deepEqual(await subjects('?of=help'), ['menu:help'])
  assert.deepEqual(await subjects('?of=outbox'), ['outbox'])
  assert.deepEqual(await subjects('?from=2026-03-02'), ['outbox', 'menu:help'])
  assert.deepEqual(await subjects('?from=2026-03-02&to=2026-03-02'), ['menu:help'])
  assert.deepEqual(await subjects('?from=yesterday'), ['outbox', 'menu:help', 'menu:help-center'])
  const { text } = await get('/audit?who=meera&what=menu.draft&from=2026-03-01').expect(200)
  assert.match(text, /<input name="who" value="meera"/)
  assert.match(text, /<option value="menu.draft" selected>/)
  // Each filter is taken off alone.
  assert.match(text, /href="\/wa\/audit\?what=menu.draft&amp;from=2026-03-01" aria-current="true">meera/)
  assert.match(wordsOf((await get('/audit?who=nobody')).text), /Nobody did such a thing/)
})

test('what the filters leave is exported in both formats, oldest first, and the export is written down', async (t) => {
  const { get, post } = await audited(t)

  const csv = await post('/audit/export?who=meera', { format: 'csv' }).expect(200)
  const json = await post('/audit/export?of=menu:help-center', { format: 'json' }).expect(200)

  assert.match(csv.headers['content-disposition'] ?? '', /attachment; filename="audit-[0-9-]+\.csv"/)
  assert.deepEqual(
    csv.text
      .trim()
      .split('\r\n')
      .map((line) => line.split(',').slice(1).join(',')),
    [
      'at,who,userId,action,subject,before,after',
      "2026-03-02T10:00:00.000Z,Meera 100%,u8,menu.draft,menu:help,old,'=new",
      '2026-03-03T10:00:00.000Z,Meera 100%,u8,messages.retry,outbox,,',
    ],
  )
  assert.deepEqual(
    (json.body as object[]).map((line) => ({ ...line, id: 0 })),
    [
      {
        id: 0,
        at: '2026-03-01T10:00:00.000Z',
        who: 'Ravi Kumar',
        userId: 'u7',
        action: 'menu.published',
        subject: 'menu:help-center',
        before: null,
        after: { version: 2 },
      },
    ],
  )
  assert.match(
    wordsOf((await get('/audit?what=audit.exported')).text),
    /Ravi exported the audit audit .*&#34;format&#34;: &#34;json&#34;, &#34;of&#34;: &#34;menu:help-center&#34;/,
  )
  assert.match((await get('/audit?who=meera')).text, /action="\/wa\/audit\/export\?who=meera"/)
})

test('an export of more rows than are read at once holds each of them once', async (t) => {
  const { post, wa } = await audited(t)
  const row = ROWS[2]
  for (let n = 0; n < 6; n++)
    await engineOf(wa)
      .db.write('wa_audit')
      .insert(Array.from({ length: 100 }, (_, nth) => ({ ...row, subject: `message:${n * 100 + nth}` })))

  const { body } = await post('/audit/export?what=messages.retry', { format: 'json' }).expect(200)

  const ids = (body as { id: number }[]).map((line) => line.id)
  assert.equal(ids.length, 601)
  assert.deepEqual(
    ids,
    [...new Set(ids)].sort((a, b) => a - b),
  )
})

test('the audit is nobody’s but of admins, and its export knows two formats', async (t) => {
  const { get, post } = await audited(t)

  for (const role of ['viewer', 'agent', 'editor']) {
    await get('/audit?who=ravi', role).expect(403)
    await post('/audit/export', { format: 'csv' }, role).expect(403)
  }
  assert.match(wordsOf((await post('/audit/export', { format: 'xlsx' }).expect(422)).text), /The format is csv or json, not &#34;xlsx&#34;/)
})

for (const engine of engines()) {
  test(`${engine.name}: signs of a pattern mean themselves, and letters are found in either case`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    later(t, () => database.drop())
    const db = await openDatabase(database.url)
    later(t, () => db.close())
    await migrate(db)
    await db.write('wa_audit').insert(ROWS)
    const found = async (filter: AuditFilter): Promise<string[]> => (await listAudit(db.read, filter, { limit: 10 })).items.map((row) => row.subject)

    assert.deepEqual(await found({ who: 'RAVI k' }), ['menu:help-center'])
    assert.deepEqual(await found({ who: '0%' }), ['outbox', 'menu:help'])
    assert.deepEqual(await found({ who: 'u_' }), [])
    assert.deepEqual(await found({ who: "!'; --" }), [])
    assert.deepEqual(await found({ subject: 'help' }), ['menu:help'])
    assert.deepEqual(await found({ action: 'menu.draft', since: FIRST + DAY, before: FIRST + DAY + 1 }), ['menu:help'])
    const [first] = await auditAfter(db.read, 0, 1, { since: FIRST })
    assert.deepEqual(
      (await auditAfter(db.read, first?.id ?? 0, 10, {})).map((row) => row.subject),
      ['menu:help', 'outbox'],
    )
  })
  test(`${engine.name}: what one person did is looked for in the indexes of people, however much others did`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    later(t, () => database.drop())
    const db = await openDatabase(database.url)
    later(t, () => db.close())
    await migrate(db)
    const row = (nth: number, who: string) => ({ ...ROWS[0], user_id: `id ${who}`, user_name: who, subject: `message:${nth}` })
    await db.write('wa_audit').insert([row(1, 'Rare One'), row(2, 'Also RARE'), row(3, 'Rare One')])
    for (let n = 0; n < 10; n++) await db.write('wa_audit').insert(Array.from({ length: 300 }, (_, nth) => row(n * 300 + nth, `Colleague ${nth % 30}`)))
    if (engine.name !== 'sqlite') await db.write.raw(engine.name === 'mysql' ? 'analyze table wa_audit' : 'analyze wa_audit')
    const asked: { sql: string; bindings: readonly string[] }[] = []
    db.read.on('query', (query) => asked.push(query))

    const first = await listAudit(db.read, { who: 'rare' }, { limit: 2 })
    const plans = await Promise.all(
      asked
        .splice(0)
        .map(({ sql, bindings }) => db.write.raw(`explain ${engine.name === 'sqlite' ? 'query plan ' : ''}${sql.replaceAll(/\$\d+/g, '?')}`, [...bindings])),
    )
    const second = await listAudit(db.read, { who: 'rare' }, { limit: 2, after: first.next ?? '' })

    assert.deepEqual(
      [first, second].map(({ items }) => items.map(({ subject }) => subject)),
      [['message:3', 'message:2'], ['message:1']],
    )
    assert.equal((await listAudit(db.read, { who: 'id Colleague 7' }, { limit: 200 })).items.length, 100)
    assert.equal((await listAudit(db.read, { who: 'colleague' }, { limit: 200 })).items.length, 200)
    const plan = JSON.stringify(plans.map((one) => (engine.name === 'postgres' ? one.rows : engine.name === 'mysql' ? one[0] : one)))
    for (const index of ['wa_audit_user_name', 'wa_audit_user']) assert.match(plan, new RegExp(`${index}\\b`))
    assert.doesNotMatch(plan, /SCAN wa_audit\b|Seq Scan on wa_audit|"type":"(ALL|index)"[^}]*wa_audit/)
  })
}
