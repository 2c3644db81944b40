import { serveQuestions } from '../kit/child'
import { library, part } from '../package'

const { ENGINE } = part<typeof import('../../lib/wa')>('wa.js')
type Running = import('../../lib/build-engine').RunningEngine

/** An instance that finds its inbox full. Its listener waits BENCH_WAIT ms, as one that asks another service. */
const wait = Number(process.env.BENCH_WAIT ?? 0)
const wa = library.waInteractive({
  provider: library.cloudApi({ phoneNumberId: '100000000000001', accessToken: 't', appSecret: 's', verifyToken: 'v' }),
  database: process.env.BENCH_DATABASE ?? '',
  logger: false,
  autoStart: false,
})
wa.on('list_reply', () => (wait === 0 ? undefined : new Promise((wake) => setTimeout(wake, wait))))
let peakMb = 0
setInterval(() => {
  peakMb = Math.max(peakMb, process.memoryUsage.rss() / 1024 / 1024)
}, 100).unref()

serveQuestions({
  begin: () => wa.start(),
  peak: () => peakMb,
  idle: () => (wa as unknown as Record<symbol, Running>)[ENGINE]?.settle(),
  end: () => wa.close({ timeoutMs: 500 }),
})
