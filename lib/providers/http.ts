import http from 'node:http'
import https from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { whenAborted } from './aborted'

/** Time for connecting, sending and the whole answer, ms. The outbox's lease is 60 s; both providers answer within seconds. */
export const SEND_TIMEOUT_MS = 20_000
/** Bytes of an answer that are read at most. Real ones are a few hundred. */
export const MAX_ANSWER = 1024 * 1024
/** Idle connections are closed by us, ms: earlier than any usual server does (Node's own closes after 5 s), so that a request rarely meets a closing one. */
const IDLE_MS = 4_000

/** Where requests go and what stands above each of them: all that is the same for every message, made once. */
export interface Target {
  secure: boolean
  host: string
  options: Pick<http.RequestOptions, 'hostname' | 'port' | 'path'>
  /** Names and values in turn: node:http writes such a list down as it is, without an object of headers for each request. */
  headers: readonly string[]
}
export function targetOf(url: string, headers: Readonly<Record<string, string>> = {}): Target {
  const to = new URL(url)
  const { hostname, port, path } = urlToHttpOptions(to)
  return {
    secure: to.protocol === 'https:',
    host: to.host,
    options: { hostname, port, path },
    headers: ['host', to.host, ...Object.entries(headers).flat(), 'accept', 'application/json', 'content-type', 'application/json'],
  }
}

export interface Post {
  to: Target
  /** JSON. */
  body: string
  agent: http.Agent
  signal: AbortSignal
  timeoutMs?: number
}
export interface Answer {
  answered: true
  status: number
  body: string
  /** From the `Retry-After` header. */
  retryAfterMs: number | undefined
}
/** No answer, or half of one. `left` is false when the request surely never reached the other side. */
export interface NoAnswer {
  answered: false
  left: boolean
  reason: string
}

/** One keep-alive agent for one provider. Sockets are bounded by what leaves per second, not here. */
export function agentFor(baseUrl: string): http.Agent {
  const options = { keepAlive: true, maxSockets: 256, maxFreeSockets: 64, timeout: IDLE_MS }
  return baseUrl.startsWith('https:') ? new https.Agent(options) : new http.Agent(options)
}

/**
 * POSTs JSON over node:http, a third of the CPU of fetch. Follows no redirect. Never rejects.
 *
 * Only a failure before the connection stood (refused, DNS, TLS, no route) proves that nothing left. A kept-alive connection that is
 * reset before the first byte of an answer proves nothing: the server may have closed it while idle, or may have taken the request
 * and died before answering. Nobody can tell the two apart from here, and a second message to a customer is worse than a
 * question to a person, so it counts as "it may have left". Our idle connections are closed early to make this rare.
 */
export function postJson({ to, body, agent, signal, timeoutMs = SEND_TIMEOUT_MS }: Post): Promise<Answer | NoAnswer> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ answered: false, left: false, reason: 'The attempt was given up before the request left.' })
    let left = false
    let ended = false

    let request: http.ClientRequest
    try {
      request = (to.secure ? https : http).request({
        ...to.options,
        method: 'POST',
        agent,
        headers: [...to.headers, 'content-length', String(Buffer.byteLength(body))],
      })
    } catch (error) {
      // A credential with a line break in it, for one. The code alone: the message would quote the header.
      return resolve({ answered: false, left: false, reason: `The request could not be made: ${(error as NodeJS.ErrnoException).code}.` })
    }
    const end = (result: Answer | NoAnswer): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      forget()
      resolve(result)
      if (!result.answered) request.destroy()
    }
    const fail = (reason: string): void => end({ answered: false, left, reason })
    const timer = setTimeout(() => fail(`${to.host} did not answer within ${timeoutMs / 1000} s.`), timeoutMs)
    const forget = whenAborted(signal, () => fail('The attempt was given up.'))

    request.on('socket', (socket) => {
      // A connection that is not being set up any more is one that served an earlier request.
      if (!socket.connecting) left = true
      else socket.once(to.secure ? 'secureConnect' : 'connect', () => (left = true))
    })
    request.on('error', (error) =>
      fail(left ? `The connection to ${to.host} broke before the answer was complete.` : `${to.host} could not be reached: ${causeOf(error)}.`),
    )
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_ANSWER) fail(`The answer of ${to.host} is longer than ${MAX_ANSWER} bytes.`)
        else chunks.push(chunk)
      })
      const brokeOff = (): void => fail(`The answer of ${to.host} broke off.`)
      response.on('error', brokeOff)
      response.on('close', brokeOff)
      response.on('end', () => {
        if (!response.complete) return brokeOff()
        end({
          answered: true,
          status: response.statusCode ?? 0,
          body: (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8'),
          retryAfterMs: retryAfter(response.headers['retry-after']),
        })
      })
    })
    // As text: head and body leave as one string then.
    request.end(body)
  })
}

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses connections',
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'its name could not be looked up (DNS)',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'the network is down',
  ETIMEDOUT: 'no connection within the time',
}

/** Codes, not messages: those name addresses. */
function causeOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown cause'
  return CAUSES[code] ?? (/SSL|TLS|CERT|EPROTO|SIGNATURE|ISSUER|ALTNAME/.test(code) ? `no secure connection (${code})` : code)
}

/** Seconds or an HTTP date, as ms from now; at most a day. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : /GMT$/.test(header) ? Date.parse(header) - Date.now() : Number.NaN
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), 86_400_000)
}
