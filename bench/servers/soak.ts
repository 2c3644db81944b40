import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import express from 'express'
import { host } from '../kit/host'
import { library, part } from '../package'

const { ENGINE } = part<typeof import('../../lib/wa')>('wa.js')
type Running = import('../../lib/build-engine').RunningEngine

/** A host under everyday load: it answers taps, hears statuses, draws pages, and tells what it holds in memory. */
const wa = library.waInteractive({
  provider: library.cloudApi({
    phoneNumberId: '100000000000001',
    accessToken: 'token',
    appSecret: 'bench-app-secret',
    verifyToken: 'verify',
    baseUrl: process.env.BENCH_PROVIDER ?? '',
  }),
  database: process.env.BENCH_DATABASE ?? '',
  logger: false,
})
wa.on('list_reply', ({ say }) => say('Please enter your order number.'))
wa.on('status', () => {})
const app = express()
app.use(wa)

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const engine = (): Running => (wa as unknown as Record<symbol, Running>)[ENGINE] as Running

host(app, {
  ready: () => wa.start(),
  /** Megabytes, rubbish collected first: what is left is held. */
  memory() {
    collect()
    const { rss, heapUsed } = process.memoryUsage()
    return { rss: rss / 1024 / 1024, heap: heapUsed / 1024 / 1024 }
  },
  /** Ids of the provider that no status has come for yet. */
  sent: async ({ limit }: { limit: number }) =>
    (await engine().db.read('wa_messages').where({ status: 'accepted' }).orderBy('id', 'desc').limit(limit).pluck('provider_id')) as string[],
  settle: () => engine().settle(),
  async count() {
    const { read } = engine().db
    const number = async (table: string, where: object): Promise<number> =>
      Number(((await read(table).where(where).count({ n: '*' }).first()) as { n: number }).n)
    return {
      handled: await number('wa_events', { type: 'list_reply', state: 'done' }),
      delivered: await number('wa_messages', { status: 'delivered' }),
      replies: await number('wa_messages', { direction: 'out' }),
      open: await read('wa_events')
        .whereNotIn('state', ['done', 'unhandled'])
        .count({ n: '*' })
        .first()
        .then((row) => Number((row as { n: number }).n)),
    }
  },
  end: () => wa.close(),
})
