import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveQuestions } from '../kit/child'
import { tapBody } from '../kit/requests'
import { library, part } from '../package'

const { ENGINE } = part<typeof import('../../lib/wa')>('wa.js')
type Running = import('../../lib/build-engine').RunningEngine

/** One tap at a time on a quiet instance: from its bytes at the door to the handler's reply at the provider, beside three commits of one small row. */
let arrived: () => void = () => {}
const provider = http.createServer((req, res) => {
  arrived()
  const body = JSON.stringify({ messages: [{ id: `wamid.OUT${Math.random()}` }] })
  req.resume().on('end', () => res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body))
})
provider.keepAliveTimeout = 60_000
const listening = new Promise<number>((resolve) => provider.listen(0, '127.0.0.1', () => resolve((provider.address() as AddressInfo).port)))

const starting = listening.then(async (port) => {
  const wa = library.waInteractive({
    provider: library.cloudApi({
      phoneNumberId: '100000000000001',
      accessToken: 't',
      appSecret: 's',
      verifyToken: 'v',
      baseUrl: `http://127.0.0.1:${port}`,
      perSecond: 1_000_000,
    }),
    database: process.env.BENCH_DATABASE ?? '',
    logger: false,
  })
  wa.on('list_reply', ({ say }) => say('Please enter your order number.'))
  await wa.start()
  return { wa, engine: (wa as unknown as Record<symbol, Running>)[ENGINE] as Running }
})

let nth = 0
serveQuestions({
  ready: async () => void (await starting),
  async round() {
    const { engine } = await starting
    const from = performance.now()
    for (let commit = 0; commit < 3; commit++) await engine.db.write.raw('update wa_lock set turn = turn + 1')
    const commits = performance.now() - from
    const body = Buffer.from(tapBody('latency', nth++, 50))
    const { createHmac } = await import('node:crypto')
    const headers = { 'x-hub-signature-256': `sha256=${createHmac('sha256', 's').update(body).digest('hex')}` }
    const left = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const at = performance.now()
    const answer = await engine.knock('default', { method: 'POST', headers, query: new URLSearchParams(), body })
    if (answer.status !== 200) throw new Error(`the door answered ${answer.status}`)
    const acked = performance.now() - at
    await left
    const replied = performance.now() - at
    await engine.settle()
    return { commits, acked, replied }
  },
  end: async () => (await starting).wa.close(),
})
