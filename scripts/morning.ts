import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { orderDesk } from '../examples/order-desk/desk'
import { testOptions, testPhone } from '../lib/testing'

/** Every page of the dashboard, below the mount. */
export const PAGES = [
  '/',
  '/menus',
  '/menus/help-center',
  '/menus/help-center/versions',
  '/menus/help-center/history',
  '/menus/help-center/archive',
  '/menus/_new',
  '/menus/_import',
  '/conversations',
  '/conversations/1',
  '/conversations/1/customer',
  '/conversations/1/messages/2',
  '/outbox',
  '/outbox/all/retry?state=failed',
  '/events',
  '/events/all/discard?state=unhandled',
  '/phone?as=1',
  '/settings',
  '/audit',
  '/language',
]

/** The example host after a morning at the order desk, on a free port of this machine. */
export async function morning(): Promise<{ origin: string; close(): Promise<void> }> {
  const { control, ...options } = testOptions()
  const wa = orderDesk(options)
  await wa.start()
  await talk(wa, control)
  const server = createServer(express().use(wa)).listen(0, '127.0.0.1')
  await new Promise((ready) => server.once('listening', ready))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wa`,
    async close() {
      server.close()
      server.closeAllConnections()
      await wa.close()
    },
  }
}

async function talk(wa: ReturnType<typeof orderDesk>, control: ReturnType<typeof testOptions>['control']): Promise<void> {
  const asha = testPhone(wa, { phone: '+919800000001', name: 'Asha Rao' })
  const ravi = testPhone(wa, { phone: '+919800000002', name: 'Ravi Kumar' })
  const meera = testPhone(wa, { phone: '+919800000003', name: 'Meera Iyer' })
  await ravi.says('Hello')
  await ravi.taps('payment_issue')
  await ravi.says('It says declined, but my bank shows the amount.')
  await meera.says('Hi, is anybody there?')
  await meera.taps('cancel_order')
  await asha.says('Hello')
  await asha.taps('track_order')
  await asha.says('ORD-12345')
  for (const text of ['Your order ORD-99120 has arrived at the shop.', 'Your order ORD-99121 has arrived at the shop.']) {
    control.provider.failNext(131026)
    await wa.send('+919800000004', { text })
    await wa.idle()
  }
}
