import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { serveQuestions } from './child'

/** A server of the bench: listens on a free port and answers questions about itself. */
export function host(app: Express, answers: Parameters<typeof serveQuestions>[0] = {}): void {
  const server = app.listen(0, '127.0.0.1')
  // A connection rests while the other servers have their turn.
  server.keepAliveTimeout = 0
  const port = new Promise<number>((resolve) => server.once('listening', () => resolve((server.address() as AddressInfo).port)))
  serveQuestions({ port: () => port, ...answers })
}
