import type { ServerResponse } from 'node:http'
import { CODES, type Fault, type WaCode, WaError } from '../errors'
import type { Logger } from '../log'
import { isUnreachable } from '../store/database'
import { tookTooLong } from '../store/deadline'

/** `application/problem+json` (RFC 9457), the only way the API says no. */
export interface Problem {
  type: string
  title: string
  status: number
  code: WaCode
  detail: string
  errors: readonly Fault[]
}

export function problemOf(error: unknown): Problem {
  const known = knownOf(error)
  return {
    type: `urn:wa-interactive:${known.code}`,
    title: CODES[known.code].title,
    status: known.status,
    code: known.code,
    detail: known.message,
    errors: known.faults,
  }
}

function knownOf(error: unknown): WaError {
  // Where the database is, and what it said, is for the log alone.
  if (error instanceof WaError ? error.code === 'WA_DATABASE' : isUnreachable(error))
    return new WaError('WA_DATABASE', 'The database does not answer. Try again in a moment; the reason is in the log.')
  if (error instanceof WaError) return error
  if (tookTooLong(error))
    return new WaError('WA_TOO_SLOW', 'This took longer than two seconds to look up and was given up. Ask for less: a rarer word, a shorter span.')
  return new WaError('WA_INTERNAL', 'Something went wrong on our side. It was logged; try again, and tell the developers if it stays.')
}

/** What was not meant to happen is logged with its cause and answered without it: no SQL, no stack, no secret leaves. */
export function logged(error: unknown, log: Logger, where: string): unknown {
  if (!(error instanceof WaError)) log.error({ where, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'unexpected error')
  else if (error.status >= 500) log.error({ where, code: error.code, error: error.message }, 'request failed')
  return error
}

export function sendJson(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  send(res, status, 'application/json; charset=utf-8', JSON.stringify(body), headers)
}

export function sendProblem(res: ServerResponse, error: unknown): void {
  const problem = problemOf(error)
  const headers: Record<string, string> = {}
  if (problem.status === 401) headers['WWW-Authenticate'] = 'Bearer'
  if (problem.status === 503) headers['Retry-After'] = '30'
  if (problem.status === 429) headers['Retry-After'] = '60'
  send(res, problem.status, 'application/problem+json; charset=utf-8', JSON.stringify(problem), headers)
}

export function send(res: ServerResponse, status: number, contentType: string, body: string | Buffer, headers: Record<string, string> = {}): void {
  if (res.headersSent) return
  const bytes = Buffer.byteLength(body)
  // Without a body Node writes an answer in one piece.
  if (bytes === 0) return void res.writeHead(status, { 'Content-Length': 0, ...headers }).end()
  res.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': bytes,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...headers,
  })
  if (res.req?.method === 'HEAD') return void res.end()
  // Text whose signs are all of one byte reads the same in both, and is written in a third of the time as the plainer one.
  res.end(body, bytes === body.length ? 'latin1' : 'utf8')
}
