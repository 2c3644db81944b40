import { connect, type Socket } from 'node:net'

/** One keep-alive connection with one request on its way at most. */
export interface Line {
  /** Resolves with the status of the answer, once its last byte is here. */
  ask(request: Buffer): Promise<number>
  close(): void
}

export async function openLine(port: number): Promise<Line> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let settle: { resolve: (status: number) => void; reject: (error: Error) => void } | null = null
  let got: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    got = got.length === 0 ? chunk : Buffer.concat([got, chunk])
    const whole = wholeAnswer(got)
    if (whole === null) return
    got = Buffer.alloc(0)
    const { resolve } = settle ?? { resolve: () => {} }
    settle = null
    resolve(whole)
  })
  const broken = (error?: Error): void => {
    settle?.reject(error ?? new Error('the server closed the connection'))
    settle = null
  }
  socket.on('error', broken).on('close', () => broken())
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the server closed the connection'))
        settle = { resolve, reject }
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

/** The status of an answer that is complete, by its Content-Length; null while bytes are missing. */
function wholeAnswer(bytes: Buffer): number | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const head = bytes.toString('latin1', 0, end)
  const length = /content-length: (\d+)/i.exec(head)
  if (!length && !/ (204|304) /.test(head.slice(0, 16))) throw new Error(`an answer without Content-Length: ${head.slice(0, 200)}`)
  return bytes.length >= end + 4 + Number(length?.[1] ?? 0) ? Number(head.slice(9, 12)) : null
}
