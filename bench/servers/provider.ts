import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveQuestions } from '../kit/child'

/** Stands in for the provider: takes every message after `delay` ms and answers in its shape. Counts what it took. */
let delay = 0
let taken = 0
const server = http.createServer((req, res) => {
  req.resume().on('end', () => {
    const id = `wamid.HBgMOTE5ODAwMDAwMDAxFQIAERgSBENCH${String(++taken).padStart(12, '0')}AA==`
    const body = JSON.stringify({ messaging_product: 'whatsapp', contacts: [], messages: [{ id, message_status: 'accepted' }] })
    const answer = (): void => void res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
    if (delay === 0) answer()
    else setTimeout(answer, delay)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1')
const port = new Promise<number>((resolve) => server.once('listening', () => resolve((server.address() as AddressInfo).port)))
serveQuestions({
  port: () => port,
  taken: () => taken,
  delay: ({ ms }: { ms: number }) => {
    delay = ms
  },
})
