import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Knex } from 'knex'
import { buttons, defineReply, flow } from '../../lib/index'
import { statusBody } from '../fakes/fake-cloud-api'
import { lookInto } from '../reliability/rig/database'
import { engines } from '../support/databases'
import { wireHost } from '../support/wire-host'

const DIGITS = '919876501234'
const BSUID = 'IN.Zebedee1'
const now = () => String(Math.floor(Date.now() / 1000))
const value = (of: object) => ({ entry: [{ changes: [{ field: 'messages', value: of }] }] })
const from = (id: string, content: object) =>
  value({
    contacts: [{ wa_id: DIGITS, user_id: BSUID, profile: { name: 'Zebedee Quux', username: 'zebedee.q' } }],
    messages: [{ from: DIGITS, from_user_id: BSUID, id, timestamp: now(), ...content }],
  })
const text = (id: string, body: string) => from(id, { type: 'text', text: { body } })

/** Everything that could be known of one customer; each stands in some table before. */
const TRACES = {
  phone: DIGITS,
  'the national part of it': '9876501234',
  'user id': BSUID,
  name: 'Zebedee',
  username: 'zebedee.q',
  'id of the host': 'crm-4711',
  words: 'marmalade',
  'words of a file': 'quincejelly',
  place: 'Lane of Quinces',
  answer: 'plumtart',
  'what we said': 'keep VAR-9182?',
  variable: 'VAR-9182',
  'data of a flow': 'FLOW-5521',
  'data in a reply id': 'RATED-7733',
  note: 'handle with care',
  error: 'cannot serve that one',
  'id of a message': 'wamid.HBgTHEIRS',
  'detail of a failure': 'phone of that one is off',
}
const encoded = (trace: string): string[] => [
  trace,
  Buffer.from(trace).toString('base64').replace(/=+$/, '').slice(0, -1),
  Buffer.from(trace).toString('hex'),
  encodeURIComponent(trace),
  JSON.stringify(trace).slice(1, -1),
]

for (const engine of engines()) {
  test(`37 ${engine.name}: in no table stands anything of a customer who was erased, and of others everything`, {
    skip: engine.skip,
    timeout: 60_000,
  }, async () => {
    const database = await engine.open()
    const confirm = buttons('confirm', { body: 'Dear customer of ours, keep {{order}}?', buttons: [{ id: 'keep', title: 'Keep it' }] })
    const rate = defineReply('rate', { order: 'string' })
    const asking = flow('asking', { start: ({ ask }) => ask('Which one?', 'which'), which: ({ end }) => end() }, { data: { all: '' } })
    const host = await wireHost('cloud-api', { database: database.url, menus: [confirm], flows: [asking] })
    const { wa, knex } = host
    wa.on('text', { name: 'tells', attempts: 1 }, async ({ text, say, start, contact }) => {
      if (text.includes('confirm')) await say(confirm, { order: 'VAR-9182' })
      if (text.includes('set')) await contact.set({ externalId: 'crm-4711', attributes: { since: 'marmalade' } })
      if (text.includes('fails')) throw new Error(`cannot serve that one, +${DIGITS}`)
      if (text.includes('flow')) await start(asking, { all: 'FLOW-5521' })
    })
    wa.onReply(rate, () => undefined)
    await host.comes(text('wamid.HBgTHEIRS1', 'marmalade: set and confirm'))
    await host.comes(text('wamid.HBgTHEIRS2', 'marmalade fails'))
    await host.comes(from('wamid.HBgTHEIRS3', { type: 'image', image: { id: 'file-1', mime_type: 'image/jpeg', caption: 'quincejelly' } }))
    await host.comes(from('wamid.HBgTHEIRS4', { type: 'location', location: { latitude: 12.5, longitude: 77.25, name: 'Lane of Quinces' } }))
    await host.comes(
      from('wamid.HBgTHEIRS5', {
        type: 'interactive',
        interactive: { type: 'button_reply', button_reply: { id: 'rate:RATED-7733', title: 'plumtart' } },
      }),
    )
    await host.comes(
      statusBody({
        id: host.fake.taken[0]?.id ?? '',
        status: 'failed',
        timestamp: now(),
        recipient_id: DIGITS,
        errors: [{ code: 131026, title: 'x', error_data: { details: 'phone of that one is off' } }],
      }),
    )
    await host.comes(statusBody({ id: 'wamid.HBgTHEIRS9', status: 'read', timestamp: now(), recipient_id: DIGITS }))
    const contact = await wa.contacts.get(`+${DIGITS}`)
    const conversation = await knex('wa_conversations')
      .where({ contact_id: Number(contact?.id) })
      .first('id')
    await host.engine.setMode(String(conversation.id), 'person', { id: 'u1', name: 'Meera' }, 'handle with care')
    await host.engine.setMode(String(conversation.id), 'bot', { id: 'u1', name: 'Meera' }, '')
    await host.comes(text('wamid.HBgTHEIRS6', 'flow of marmalade'))
    await wa.send(`+${DIGITS}`, { text: 'marmalade for you' }, { meta: { order: 'VAR-9182' } })
    // Somebody else, of whom all is to stay.
    await host.comes(
      value({
        contacts: [{ wa_id: '919811112222', profile: { name: 'Asha' } }],
        messages: [{ from: '919811112222', id: 'wamid.ASHA', timestamp: now(), type: 'text', text: { body: 'gooseberries' } }],
      }),
    )
    await wa.idle()

    const look = lookInto(database.url)
    const before = await dump(look, engine.name)
    for (const [what, trace] of Object.entries(TRACES)) assert.ok(before.includes(trace), `${what} (${trace}) was stored before`)

    await wa.contacts.erase(`+${DIGITS}`)
    await host.engine.settle()

    const after = await dump(look, engine.name)
    for (const [what, trace] of Object.entries(TRACES))
      for (const form of encoded(trace))
        assert.equal(
          after.toLowerCase().includes(form.toLowerCase()),
          false,
          `${what}: ${after.slice(Math.max(0, after.indexOf(form) - 300), after.indexOf(form) + 100)}`,
        )
    for (const kept of ['gooseberries', 'Asha', '919811112222']) assert.ok(after.includes(kept), kept)
    if (engine.name === 'sqlite') {
      assert.deepEqual(await look.raw(`select rowid from wa_words where wa_words match '"marmalade"'`), [])
      assert.equal((await look.raw(`select rowid from wa_words where wa_words match '"gooseberries"'`)).length, 1)
      const file = database.url.slice('sqlite:'.length)
      const bytes = () => [file, `${file}-wal`, `${file}-journal`].map((name) => (existsSync(name) ? readFileSync(name).toString('latin1') : '')).join('')
      // Also while the host runs: the log was written back and cut.
      for (const [what, trace] of Object.entries(TRACES)) for (const form of encoded(trace)) assert.equal(bytes().includes(form), false, `${what}, in the file`)
      // The index cuts words into pieces with common beginnings: a piece would be enough.
      for (const piece of ['armalad', 'uincejell', 'ebedee']) assert.equal(bytes().includes(piece), false, piece)
      assert.ok(bytes().includes('gooseberries'))
    }
    await look.destroy()
    await host[Symbol.asyncDispose]()
  })
}

/** Every cell of every table that there is, also of those that an engine keeps for itself beside ours. Bytes as they are, and as hex. */
async function dump(db: Knex, engine: string): Promise<string> {
  const names: string[] =
    engine === 'sqlite'
      ? await db('sqlite_master').where({ type: 'table' }).pluck('name')
      : await db('information_schema.tables')
          .whereRaw(`table_schema = ${engine === 'postgres' ? 'current_schema()' : 'database()'}`)
          .pluck('table_name')
  assert.ok(names.length >= 12 && (engine !== 'sqlite' || names.includes('wa_words_data')), names.join())
  const texts: string[] = []
  for (const name of names)
    for (const row of (await db(name)) as object[])
      texts.push(`${name} ${JSON.stringify(row, (_key, cell) => (cell?.type === 'Buffer' ? Buffer.from(cell.data).toString('latin1') : cell))}`)
  return texts.join('\n')
}
