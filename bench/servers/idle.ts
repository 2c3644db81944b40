import express from 'express'
import { host } from '../kit/host'
import { library, part } from '../package'

const { ENGINE } = part<typeof import('../../lib/wa')>('wa.js')
type Running = import('../../lib/build-engine').RunningEngine

/** The package mounted first, and routes of the host behind it. BENCH_MOUNT=0 leaves it out. */
const app = express()
let queries = 0
const wa =
  process.env.BENCH_MOUNT === '0' ? null : library.waInteractive({ provider: library.simulator(), database: process.env.BENCH_DATABASE ?? '', logger: false })
if (wa) app.use(wa)
app.get('/orders/:id', (req, res) => {
  res.send(`order ${req.params.id}`)
})
host(app, {
  async ready() {
    if (!wa) return
    await wa.start()
    const { db } = (wa as unknown as Record<symbol, Running>)[ENGINE] as Running
    const count = (): void => void queries++
    db.write.on('query', count)
    if (db.read !== db.write) db.read.on('query', count)
  },
  queries: () => queries,
  end: () => wa?.close(),
})
