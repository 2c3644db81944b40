import express from 'express'
import { waInteractive } from '../../lib/index'

// A host with no options at all, as its environment makes it. Says its port, and whatever it logs, to its parent.
const app = express().use(waInteractive())
app.get('/host', (_req, res) => {
  res.send('the host is here')
})
const server = app.listen(0, '0.0.0.0', () => {
  process.send?.({ port: (server.address() as { port: number }).port })
})
