// Two business numbers behind two providers. Compiled, never run.
import express from 'express'
import { buttons, cloudApi, exotel, waInteractive } from 'wa-interactive'

const hello = buttons('hello', { body: 'Hi', buttons: [{ id: 'a', title: 'A' }] })
const wa = waInteractive({
  menus: [hello],
  numbers: { support: exotel({ accountSid: 'x' }), sales: cloudApi({ phoneNumberId: '1', appSecret: ['new', 'old'] }) },
  worker: false,
  migrate: false,
})
express().use(wa)
wa.on('text', { number: 'sales' }, ({ event, say }) => say(event.number))
export async function main(): Promise<void> {
  await wa.send('+91', hello, {}, { from: 'sales' })
  await wa.conversations.get('+91', { number: 'support' })
  // @ts-expect-error a number that is not
  await wa.conversations.get('+91', { number: 'suport' })
}
