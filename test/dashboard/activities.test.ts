import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import request from 'supertest'
import { buttons, flow } from '../../lib/index'
import { knockOf, says } from '../../lib/providers/simulated'
import type { Content } from '../../lib/providers/wire'
import { engines } from '../support/databases'
import { later } from '../support/later'
import { host, wordsOf } from './host'

const HOUR_MS = 3_600_000

const desk = buttons('desk', {
  body: 'What now?',
  buttons: [
    { id: 'book', title: 'Book' },
    { id: 'bye', title: 'Bye' },
  ],
})
const booking = flow('booking', {
  start: ({ ask }) => ask('Which day?', 'day', {}, { pattern: /day$/i, retry: 'Name a day.' }),
  day: ({ ask }) => ask('At what time?', 'time'),
  time: ({ end }) => end('Booked.'),
})

/** A customer who can book, and what their thread says, row by row: messages by their words, what happened in brackets, remarks behind a slash. */
async function talk(t: TestContext, on: { database?: string } = {}) {
  const made = await host(t, { menus: [desk], ...on })
  made.wa.onReply('book', ({ start }) => start(booking))
  made.wa.onReply('bye', ({ say }) => say('Bye.'))
  const asha = made.phone({ name: 'Asha' })
  const rows = async (query = '') => {
    const { text } = await made.get(`/conversations/1${query}`, 'agent').expect(200)
    return [...text.matchAll(/<p class="activity"><span>(.*?) · <time|<div class="wa-body">(.*?)<\/div>|<p class="remarks">([\s\S]*?)<\/p>/g)].flatMap(
      ([, happened, said, remarks]) => {
        if (happened) return [`[${happened}]`]
        if (said) return [said]
        const words = wordsOf(remarks ?? '').trim()
        return words === '' || words.includes('· v') ? [] : [`/ ${words}`]
      },
    )
  }
  const sends = async (what: Parameters<typeof made.wa.send>[1]) => {
    await made.wa.send('+919800000001', what)
    await made.wa.idle()
  }
  return { ...made, asha, rows, sends }
}

test('a flow shows where it began, what answered which step, what did not fit, and where it ended', async (t) => {
  const { asha, rows, sends, control } = await talk(t)
  await sends(desk)
  await asha.taps('book')
  await asha.says('soon')
  await asha.says('Monday')
  assert.deepEqual((await rows()).slice(2), [
    'Book',
    '/ book',
    '[Flow “booking” began]',
    'Which day?',
    'soon',
    '/ did not fit, so it was asked again',
    'Name a day.',
    'Monday',
    '/ answers “day” of “booking”',
    'At what time?',
  ])

  await asha.says('9')
  await control.clock.advance(1000)
  await asha.taps('bye', { on: desk })
  assert.deepEqual((await rows()).slice(12), ['9', '/ answers “time” of “booking”', 'Booked.', '[Flow “booking” ended]', 'Bye', '/ bye', 'Bye.'])
})

test('a flow that is begun once more shows both times', async (t) => {
  const { asha, rows, sends, control } = await talk(t)
  await sends(desk)
  for (let time = 0; time < 2; time++) {
    await asha.taps('book', { on: desk })
    await asha.says('Monday')
    await asha.says('9')
    await control.clock.advance(1000)
  }

  assert.deepEqual(
    (await rows()).filter((row) => row.startsWith('[Flow')),
    ['[Flow “booking” began]', '[Flow “booking” ended]', '[Flow “booking” began]', '[Flow “booking” ended]'],
  )
})

test('an answer outside a flow is named too', async (t) => {
  const { asha, rows } = await talk(t)
  await asha.says('hi')
  await asha.taps('track_order')
  await asha.says('ORD-7')

  assert.deepEqual((await rows()).slice(-3), ['ORD-7', '/ answers “order_number”', 'Looking for ORD-7.'])
})

test('the window shows where it closed and what opened it again', async (t) => {
  const { asha, rows, sends, control } = await talk(t)
  await sends(desk)
  await control.clock.advance(1000)
  await asha.taps('bye')
  assert.deepEqual((await rows()).slice(0, 3), ['What now?', '[The 24-hour window opened]', 'Bye'])

  await control.clock.advance(24 * HOUR_MS)
  assert.equal((await rows()).at(-1), '[The 24-hour window closed]')

  await control.clock.advance(HOUR_MS)
  await asha.says('hi')
  assert.deepEqual((await rows()).slice(-4), ['[The 24-hour window closed]', '[The 24-hour window opened]', 'hi', 'How can we <strong>help</strong>?'])
})

test('a jump of the clock on the phone closes the window after all that was said, and the next words open it', async (t) => {
  const { asha, rows, post } = await talk(t)
  await asha.says('hi')
  const jump = (hours: number) => post('/phone/clock', { as: '1', count: String(hours), unit: 'hours' }).expect(303)

  await jump(23)
  assert.deepEqual(await rows(), ['hi', 'How can we <strong>help</strong>?'])
  await jump(2)
  assert.deepEqual(await rows(), ['hi', 'How can we <strong>help</strong>?', '[The 24-hour window closed]'])
  await asha.says('again')
  const reopened = ['[The 24-hour window closed]', '[The 24-hour window opened]', 'again', 'How can we <strong>help</strong>?']
  assert.deepEqual((await rows()).slice(2), reopened)

  await jump(25)
  await asha.says('once more')
  assert.deepEqual((await rows()).slice(2), [...reopened, ...reopened.slice(0, 2), 'once more', 'How can we <strong>help</strong>?'])
})

test('a reaction opens no window; words that arrive a day late close it right before the next ones', async (t) => {
  const { app, asha, rows, wa, control, post } = await talk(t)
  let knocks = 0
  const knock = async (content: Content, agoMs = 0) => {
    const at = Date.now() + 26 * HOUR_MS - agoMs
    const { headers, body } = knockOf({ from: { phone: '+919800000001' }, at, id: `late.${++knocks}`, content })
    await request(app).post('/wa/webhook').set(headers).send(body.toString()).expect(200)
    await wa.idle()
  }
  await asha.says('hi')
  // The bot, which has nothing to say into a closed window, is not asked.
  await post('/conversations/1/mode', { mode: 'person' }).expect(303)
  await control.clock.advance(26 * HOUR_MS)
  await knock({ type: 'reaction', reaction: { message_id: 'nobody', emoji: '👍' } })
  const windows = async () => (await rows()).filter((row) => row.includes('window') || /sent before|still there/.test(row))
  assert.deepEqual(await windows(), ['[The 24-hour window closed]'])

  await knock(says('sent before you closed'), 25 * HOUR_MS)
  await asha.says('still there?')
  assert.deepEqual(await windows(), ['sent before you closed', '[The 24-hour window closed]', '[The 24-hour window opened]', 'still there?'])
})

for (const engine of engines()) {
  test(`${engine.name}: between two pages nothing that happened is told twice or lost`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    later(t, () => database.drop())
    await twoPages(await talk(t, { database: database.url }))
  })
}

async function twoPages({ asha, rows, sends, control, get }: Awaited<ReturnType<typeof talk>>): Promise<void> {
  await asha.says('hi')
  await control.clock.advance(25 * HOUR_MS)
  await asha.says('hi')
  await sends(desk)
  await asha.taps('book')
  for (let n = 1; n <= 36; n++) await sends({ text: `words ${n}.` })
  await control.clock.advance(1000)
  await asha.says('Monday')
  await asha.says('9')

  const [, older = ''] = /href="\/wa\/conversations\/1(\?after=\d+)"/.exec((await get('/conversations/1')).text) ?? []
  const all = [...(await rows(older)), ...(await rows())]

  assert.match(older, /after/)
  assert.deepEqual(
    all.filter((row) => row.startsWith('[')),
    ['[The 24-hour window closed]', '[The 24-hour window opened]', '[Flow “booking” began]', '[Flow “booking” ended]'],
  )
}
