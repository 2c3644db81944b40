import express from 'express'
import { buttons, type Provider, WaError, waInteractive } from 'wa-interactive'
import { testOptions, testPhone } from 'wa-interactive/testing'

const confirm = buttons('confirm', {
  body: 'Cancel {{order}}?',
  buttons: [
    { id: 'yes', title: 'Yes' },
    { id: 'no', title: 'No' },
  ],
})
const { control, ...options } = testOptions()
const wa = waInteractive({ menus: [confirm], ...options })
const provider: Provider = options.provider as Provider

wa.onReply('yes', ({ reply, say }) => say(`You chose ${reply.title} (${provider.name})`))
// @ts-expect-error: no menu has this option
wa.onReply('yess', () => {})
// @ts-expect-error: {{order}} is missing
wa.send('+919876543210', confirm)
wa.send('+919876543210', confirm, { order: 'ORD-1' }).catch((error: unknown) => error instanceof WaError && error.code)

const phone = testPhone(wa)
// @ts-expect-error: an Express app is no prefix
express().use(wa).use(7)
express()
  .use('/support', wa)
  .use(express.json({ verify: wa.captureRawBody }))

export { control, phone }
