// The process that is killed: a tiny host that mounts the built library. Prints its port when it takes requests, and the end of each listener.
import { createServer } from 'node:http'
import { exotel, waInteractive } from 'wa-interactive'

const { RIG_DATABASE, RIG_PROVIDER, RIG_PER_SECOND = '1000' } = process.env
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
    perSecond: Number(RIG_PER_SECOND),
  }),
  perRecipientHour: 100_000,
  dashboard: false,
  api: false,
  logger: { debug() {}, info() {}, warn() {}, error: (given, message) => process.stderr.write(`${message} ${JSON.stringify(given)}\n`) },
})

const telling = (listener, listen) => async (given) => {
  const said = await listen(given)
  process.stdout.write(`ENDED ${JSON.stringify({ event: given.event.id, listener, contact: given.contact.id })}\n`)
  return said
}

// Every word of a customer is answered by exactly one message, which ends with it.
wa.on(
  'text',
  { name: 'beside' },
  telling('beside', () => {}),
)
wa.on(
  'unmatched',
  telling('unmatched', async ({ text, event, say, ask }) => {
    const n = numberIn(text)
    if (text.startsWith('poison')) process.exit(7)
    await pause((n * 37) % 90)
    if (n % 7 === 3) return ask(`asked: ${text}`, 'more')
    await say(`said: ${text}`)
    if ([2, 6].includes(n % 9) && event.attempt === 1) throw new Error('once')
    await pause((n * 17) % 30)
  }),
)
wa.onAnswer(
  'more',
  telling('more', ({ text, say }) => say(`answered: ${text}`)),
)

await wa.start()
const server = createServer((req, res) => wa(req, res))
server.listen(0, '127.0.0.1', () => process.stdout.write(`PORT ${server.address().port}\n`))
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  void wa.close().then(() => process.exit(0))
})
