// The process that is killed: a tiny host that mounts the built library. Prints its port when it takes requests.
import { createServer } from 'node:http'
import { exotel, waInteractive } from 'wa-interactive'

const { RIG_DATABASE, RIG_PROVIDER } = process.env
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms))
const numberIn = (text) => Number(/\d+$/.exec(text)?.[0] ?? 0)

const wa = waInteractive({
  database: RIG_DATABASE,
  provider: exotel({
    accountSid: 'sid',
    apiKey: 'key',
    apiToken: 'token',
    from: '+918000000001',
    baseUrl: RIG_PROVIDER,
    webhookToken: 'a-long-webhook-token',
    perSecond: 1000,
  }),
  perRecipientHour: 100_000,
  dashboard: false,
  api: false,
  logger: { debug() {}, info() {}, warn() {}, error: (given, message) => process.stderr.write(`${message} ${JSON.stringify(given)}\n`) },
})

// Every word of a customer is answered by exactly one message, which ends with it.
wa.on('text', { name: 'beside' }, () => {})
wa.on('unmatched', async ({ text, event, say, ask }) => {
  const n = numberIn(text)
  if (text.startsWith('poison')) process.exit(7)
  await pause((n * 37) % 90)
  if (n % 7 === 3) return ask(`asked: ${text}`, 'more')
  await say(`said: ${text}`)
  if (n % 9 === 4 && event.attempt === 1) throw new Error('once')
  await pause((n * 17) % 30)
})
wa.onAnswer('more', async ({ text, say }) => {
  await say(`answered: ${text}`)
})

await wa.start()
const server = createServer((req, res) => wa(req, res))
server.listen(0, '127.0.0.1', () => process.stdout.write(`PORT ${server.address().port}\n`))
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  void wa.close().then(() => process.exit(0))
})
