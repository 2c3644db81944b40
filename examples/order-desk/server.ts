import express from 'express'
import { orderDesk } from './desk'

const port = Number(process.env.PORT || 3000)
if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`PORT is "${process.env.PORT}"; it must be a number from 0 to 65535.`)

const wa = build()
wa.observe('*', (given) => {
  const { event, reply, text, message } = given as {
    event: { type: string; number: string }
    reply?: { id: string } | null
    text?: string | null
    message?: { status: string }
  }
  console.log(`${event.type.padEnd(14)} ${message ? message.status : reply ? reply.id : (text ?? '')}`)
})

const app = express()
app.get('/', (_req, res) => {
  res.type('html').send('<!doctype html><title>Order desk</title><p>The shop. <a href="/wa">WhatsApp dashboard</a></p>')
})
app.use(wa)

wa.start().then(listen, (error: Error) => fail(error.message))

/** Options and environment that contradict each other are told in a sentence, not in a stack. */
function build(): ReturnType<typeof orderDesk> {
  try {
    return orderDesk()
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

function listen(): void {
  const server = app.listen(port)
  server.on('listening', () => {
    const address = server.address()
    const at = `http://localhost:${typeof address === 'object' && address ? address.port : port}`
    console.log(`\n  Dashboard  ${at}/wa\n  Phone      ${at}/wa/phone\n  API        ${at}/wa/api/openapi.json\n`)
  })
  server.on('error', (error: NodeJS.ErrnoException) =>
    fail(error.code === 'EADDRINUSE' ? `Port ${port} is taken. Choose another: PORT=3001 npm start` : error.message),
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close()
      server.closeIdleConnections()
      wa.close().then(
        () => process.exit(0),
        (error: Error) => fail(error.message),
      )
    })
  }
}

function fail(sentence: string): never {
  console.error(`\n  ${sentence}\n`)
  process.exit(1)
}
