import type { TestContext } from 'node:test'
import express from 'express'
import request from 'supertest'
import { buttons, list, type WaOptions, waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'
import { later } from '../support/later'

export const helpCenter = list('help-center', {
  header: { type: 'text', text: 'Help Center' },
  body: 'How can we *help*?',
  footer: 'Reply AGENT to talk to a human',
  button: 'Select Topic',
  sections: [
    {
      title: 'Orders',
      rows: [
        { id: 'track_order', title: 'Track My Order', description: 'Get real-time delivery status' },
        { id: 'cancel_order', title: 'Cancel Order' },
      ],
    },
    { title: 'People', rows: [{ id: 'agent', title: 'Talk to a human' }] },
  ],
})
export const more = buttons('more', {
  body: 'Need anything else?',
  buttons: [
    { id: 'yes', title: 'Yes, please' },
    { id: 'no', title: 'No, thanks' },
  ],
})

/** A shop's host with a real engine, database and simulator. The role of whoever asks stands in the header `x-role`; admin without it, nobody is signed out; their id in `x-user`. */
export async function host(t: TestContext, given: Pick<WaOptions, 'menus' | 'dashboard' | 'database' | 'defaultCountry'> = {}) {
  const { control, ...options } = testOptions()
  const role = (req: { headers: Record<string, string> }) => req.headers['x-role'] ?? 'admin'
  const wa = waInteractive({
    ...options,
    ...given,
    menus: [helpCenter, more, ...(given.menus ?? [])],
    authorize: (req) => (role(req) === 'nobody' ? null : { id: req.headers['x-user'] ?? 'u1', name: 'Ravi', role: role(req) as 'admin' }),
  })
  wa.onReply('track_order', ({ ask }) => ask('Please enter your order number.', 'order_number'))
  wa.onAnswer('order_number', ({ text, say }) => say(`Looking for ${text}.`))
  wa.onReply('agent', ({ handOver }) => handOver({ note: 'asked for a human' }))
  wa.onReply('cancel_order', ({ say }) => say('Cancelled.'))
  wa.onReply('yes', ({ say }) => say(helpCenter))
  wa.onReply('no', ({ say }) => say('Have a great day.'))
  wa.on('unmatched', ({ say }) => say(helpCenter))
  const app = express().use(wa)
  await wa.start()
  later(t, () => wa.close())

  const get = (path: string, who = 'admin', headers: Record<string, string> = {}) =>
    request(app)
      .get(`/wa${path}`)
      .set({ 'x-role': who, ...headers })
  /** A form of one of our pages, as a browser without JavaScript sends it. */
  const post = (path: string, fields: Record<string, string> = {}, who = 'admin') =>
    request(app).post(`/wa${path}`).set({ 'x-role': who, 'sec-fetch-site': 'same-origin' }).type('form').send(fields)
  const phone = (options: Parameters<typeof testPhone>[1] = {}) => testPhone(wa, options)
  /** A customer says hi, so many times, and what answers them meets trouble. */
  const troubles = async (trouble: Parameters<typeof control.provider.failNext>[0], times = 1, customer = phone()) => {
    for (let time = 0; time < times; time++) {
      control.provider.failNext(trouble)
      await customer.says('hi')
    }
    return customer
  }
  return { wa, app, get, post, troubles, phone, control }
}

/** The value of a hidden field. */
export const hidden = (html: string, name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
/** What a page says, without its tags; entities stay. */
export const wordsOf = (html: string): string =>
  html
    .replaceAll('<wbr>', '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
