// Appointments: rows from data, a talk in several steps. Compiled, never run.
import { buttons, flow, list, waInteractive } from 'wa-interactive'
import { freeSlots } from './fake-host'

const slots = list('slots', {
  body: 'Free on {{day}}:',
  button: 'See slots',
  sections: [
    { title: 'Free', each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}', description: 'Dr. {{doctor}}' } },
    { title: 'Else', rows: [{ id: 'other_day', title: 'Another day' }] },
  ],
})
const ok = buttons('ok', {
  body: 'Booked {{time}}.',
  buttons: [
    { id: 'fine', title: 'Fine' },
    { id: 'change', title: 'Change' },
  ],
})
const booking = flow(
  'booking',
  {
    start: ({ ask }) => ask('Which day?', 'day'),
    day: async ({ text, ask, data }) => {
      data.day = text
      const free = await freeSlots(text)
      return ask(slots, 'pick', { day: text, slots: free })
    },
    pick: {
      other_day: ({ ask }) => ask('Which day?', 'day'),
      'slot:': ({ ask, data, answer }) => {
        data.slot = answer.reply?.id ?? ''
        return ask(ok, { fine: 'bye', change: 'start' }, { time: data.slot })
      },
    },
    bye: ({ end }) => end('See you!'),
  },
  { data: { day: '', slot: '' } },
)
const wa = waInteractive({ menus: [slots, ok], flows: [booking] })
wa.onReply('slot:17', () => {})
export async function main(): Promise<void> {
  const reminder = await wa.send('+91', ok, { time: '9' }, { idempotencyKey: 'remind:1' })
  await wa.messages.cancel(reminder.id)
  await wa.contacts.set('+91', { externalId: 'user-42', language: 'hi' })
}

// @ts-expect-error unknown step
flow('y1', { start: ({ ask }) => ask('?', 'nope') })
// @ts-expect-error id missing from the map
flow('y2', { start: ({ ask }) => ask(ok, { fine: 'start' }, { time: 1 }) })
// @ts-expect-error row variable missing
flow('y3', { start: ({ ask }) => ask(slots, 'start', { day: 'x', slots: [{ id: '1', time: '2' }] }) })
