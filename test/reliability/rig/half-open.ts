import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

export interface HalfOpenProxy {
  /** The database's address, through the proxy. */
  url: string
  /** From now on no byte passes, and nobody is told: neither end is closed, new connections are taken and not answered. */
  swallow(): void
  /** New connections work again; the old ones stay dead. */
  serveNew(): void
  close(): Promise<void>
}

/** A TCP proxy that can forget its connections, as firewalls and failovers do. */
export async function halfOpenProxy(database: string): Promise<HalfOpenProxy> {
  const target = new URL(database)
  const sockets = new Set<Socket>()
  const forgotten = new Set<Socket>()
  let swallowing = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      if (swallowing) forgotten.add(socket)
      socket.on('error', () => {})
    }
    const pass = (from: Socket, to: Socket): void => {
      from.on('data', (bytes) => {
        if (!forgotten.has(from)) to.write(bytes)
      })
      from.on('close', () => {
        if (!forgotten.has(from)) to.destroy()
      })
    }
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(database)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    swallow() {
      swallowing = true
      for (const socket of sockets) forgotten.add(socket)
    },
    serveNew() {
      swallowing = false
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
