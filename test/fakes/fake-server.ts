import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A request as it arrived. */
export interface Recorded {
  method: string
  url: string
  headers: IncomingMessage['headers']
  /** The JSON of the body, or its text when it is none. */
  body: unknown
}
/**
 * What a fake provider does with a request.
 * `drop`: takes it and closes the connection without a word. `hang`: takes it and never answers. `truncate`: takes it and stops half-way
 * through the answer. `reset`: closes the connection before it has read anything. An answer may wait for something (`after`).
 */
export type Act = { status: number; body: unknown; headers?: Record<string, string>; after?: Promise<void> } | 'drop' | 'hang' | 'truncate' | 'reset'

export interface FakeServer {
  /** `http://127.0.0.1:<port>` */
  url: string
  /** Everything that was read completely, in order. */
  requests: Recorded[]
  /** What the next requests meet, in order; then `usual` again. */
  next(...acts: Act[]): void
  /** What every request meets when nothing is queued; without it, it is accepted. */
  usual(act: Act | null): void
  /** Resolves when the n-th request has been read. */
  received(n: number): Promise<Recorded>
  /** Connections that were ever made. */
  connections(): number
  close(): Promise<void>
}

/** A real HTTP server on loopback that records and does as it is told. `accept` answers what is not told, and is called for `drop`, `hang` and `truncate` too. */
export async function fakeServer(accept: (request: Recorded) => Exclude<Act, string>): Promise<FakeServer> {
  const requests: Recorded[] = []
  const queued: Act[] = []
  const waiting: { n: number; tell: (request: Recorded) => void }[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let standing: Act | null = null

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const act = queued.shift() ?? standing
    if (act === 'reset') return void req.socket.destroy()
    const request = await record(req)
    requests.push(request)
    for (const { n, tell } of waiting) if (n === requests.length) tell(request)
    if (act === 'hang' || act === 'drop') {
      accept(request)
      if (act === 'drop') req.socket.destroy()
      return
    }
    if (act === 'truncate') {
      const text = JSON.stringify(accept(request).body)
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length })
      res.write(text.slice(0, text.length / 2), () => req.socket.destroy())
      return
    }
    const { status, body, headers, after } = act ?? accept(request)
    await after
    res.writeHead(status, { 'content-type': 'application/json', ...headers })
    res.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

  const server = createServer((req, res) => void serve(req, res).catch(() => req.socket.destroy()))
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    next: (...acts) => void queued.push(...acts),
    usual: (act) => {
      standing = act
    },
    received(n) {
      const there = requests[n - 1]
      return there === undefined ? new Promise((tell) => waiting.push({ n, tell })) : Promise.resolve(there)
    },
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function record(req: IncomingMessage): Promise<Recorded> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return { method: req.method ?? '', url: req.url ?? '', headers: req.headers, body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
