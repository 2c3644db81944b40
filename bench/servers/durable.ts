import express from 'express'
import { host } from '../kit/host'
import { library } from '../package'

/** An Express app with the package mounted, as its users run it. BENCH_WORKER=0: another process handles and sends. */
const wa = library.waInteractive({
  provider: library.cloudApi({ phoneNumberId: '100000000000001', accessToken: 'token', appSecret: 'bench-app-secret', verifyToken: 'verify' }),
  database: process.env.BENCH_DATABASE ?? '',
  worker: process.env.BENCH_WORKER !== '0',
  logger: false,
})
const app = express()
app.use(wa)
host(app, {
  ready: () => wa.start(),
  idle: () => wa.idle(),
  end: () => wa.close(),
})
