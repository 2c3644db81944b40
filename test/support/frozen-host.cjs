// A host in a process whose Object.prototype is frozen before the library is loaded: whoever would write to it throws. It mounts the built library.
// Of what it needs only joi does not load then: it gives objects a `valueOf` of their own by assignment, which a frozen prototype forbids too.
require('joi')
Object.freeze(Object.prototype)
const express = require('express')
const { cloudApi, exotel, flow, list, simulator, waInteractive } = require('wa-interactive')

const names = () => [Object, Array, Function].map((one) => Reflect.ownKeys(one.prototype).map(String).join())
const before = names()
const { HOST_SECRET: appSecret, HOST_TOKEN: webhookToken } = process.env
const nowhere = 'http://127.0.0.1:9'

const help = list('help', {
  body: 'Hello {{name}}',
  button: 'Open',
  variables: { name: { default: 'you' } },
  sections: [{ rows: [{ id: 'cancel', title: 'Cancel' }] }],
})
const cancelling = flow(
  'cancelling',
  { start: ({ ask }) => ask('Which order?', 'which'), which: ({ text, data, end }) => end(`Cancelled ${Object.assign(data, { order: text }).order}.`) },
  { data: { order: '' } },
)
const wa = waInteractive({
  menus: [help],
  flows: [cancelling],
  database: 'sqlite:frozen.sqlite',
  numbers: {
    phone: simulator(),
    meta: cloudApi({ phoneNumberId: '100000000000001', accessToken: 'token', appSecret, verifyToken: 'verify-me', baseUrl: nowhere }),
    exotel: exotel({ accountSid: 'sid', apiKey: 'key', apiToken: 'token', from: '+918000000001', webhookToken, baseUrl: nowhere }),
  },
})
let heard = 0
wa.on('message', { whilePerson: true }, () => void heard++)
wa.on('text', ({ text, say }) => (text === 'menu' ? say(help, { name: 'Asha' }) : undefined))
wa.onReply('cancel', ({ start }) => start(cancelling))

const app = express().use(wa)
wa.start().then(() => {
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.on('message', async (asked) => {
    if (asked === 'rest') {
      await wa.idle()
      process.send({ heard, isFrozen: Object.isFrozen(Object.prototype), same: JSON.stringify(names()) === JSON.stringify(before) })
      return
    }
    server.close()
    server.closeAllConnections()
    await wa.close()
    process.disconnect()
  })
})
