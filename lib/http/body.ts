import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { WaError } from '../errors'
import type { Request } from './exchange'

/** Meta sends up to 3 MB (protocol 3.7); one more for headroom. */
export const WEBHOOK_LIMIT = 4 * 1024 * 1024
/** JSON of the API and forms of the dashboard. */
export const BODY_LIMIT = 1024 * 1024

/** For a host that parses JSON before us: `app.use(express.json({ verify: wa.captureRawBody }))` keeps the bytes that were signed. */
export function captureRawBody(req: IncomingMessage, _res: ServerResponse, bytes: Buffer): void {
  const holder = req as IncomingMessage & { rawBody?: Buffer }
  holder.rawBody = bytes
}

/**
 * The bytes of a body, as they were sent. In this order: those the host kept (`rawBody`, or express.raw's `body`), else the stream.
 * When the stream was consumed and nobody kept them they are gone: signing a re-serialised body would accept what was never signed.
 */
export async function readRaw(req: Request, limit: number): Promise<Buffer> {
  const kept = req.rawBody ?? (Buffer.isBuffer(req.body) ? req.body : undefined)
  if (Buffer.isBuffer(kept) || typeof kept === 'string') return within(Buffer.from(kept as Buffer), limit)
  if (!hasBody(req) && isEmpty(req.body)) return Buffer.alloc(0)
  if (isConsumed(req)) throw rawBodyGone()
  return readStream(req, limit)
}

/**
 * Read by somebody before us. Some hosts (functions, adapters) hand over a parsed `body` and a stream that never held anything.
 * A `body` alone proves nothing: Express 4's parsers set `{}` on every request, also of a type that they do not read.
 */
const isConsumed = (req: Request): boolean => req.readableEnded || req.readableDidRead || (req.body !== undefined && req.complete && req.readableLength === 0)

const isEmpty = (body: unknown): boolean => body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0)

/** HTTP/1 says in the head whether a body follows; HTTP/2 need not. */
const hasBody = ({ headers, httpVersionMajor }: Request): boolean =>
  httpVersionMajor > 1 || headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

export const rawBodyGone = (): WaError =>
  new WaError(
    'WA_RAW_BODY_GONE',
    'The webhook body was already parsed, so its signature cannot be checked. Mount wa.webhook above express.json(), under the same path as the rest, or keep the bytes: app.use(express.json({ verify: wa.captureRawBody })).',
    [{ path: 'body', message: 'consumed before us', fix: 'app.use(wa.webhook) above express.json()' }],
  )

function readStream(req: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = Number(req.headers['content-length'] ?? 0)
  if (announced > limit) return Promise.reject(tooLarge(announced, limit))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let over = false
    const brokeOff = (error: Error): void => {
      if (over) return
      over = true
      reject(new WaError('WA_BODY_INVALID', `The body broke off: ${error.message}.`, [], { cause: error }))
    }
    req.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (over) return
      if (size <= limit) {
        chunks.push(chunk)
        return
      }
      over = true
      chunks.length = 0
      reject(tooLarge(size, limit))
    })
    req.on('end', () => {
      if (over) return
      over = true
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size))
    })
    req.on('error', brokeOff)
    req.on('close', () => {
      if (!over) brokeOff(new Error('the client went away'))
    })
  })
}

function within(bytes: Buffer, limit: number): Buffer {
  if (bytes.length > limit) throw tooLarge(bytes.length, limit)
  return bytes
}

const tooLarge = (actual: number, limit: number): WaError =>
  new WaError('WA_BODY_TOO_LARGE', `The body has ${actual} bytes; at most ${limit} are read.`, [{ path: '', message: 'too large', actual, limit }])

/** A JSON body of the API. Also when the host's express.json() was there first. */
export async function readJson(req: Request): Promise<unknown> {
  const contentType = req.headers['content-type'] ?? ''
  const type = contentType.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new WaError('WA_BODY_TYPE', `${type ? `The content type is "${type}"` : 'The request names no content type'}; this route reads application/json.`, [
      { path: 'Content-Type', message: 'unsupported', actual: type, limit: 'application/json' },
    ])
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(contentType)?.[1]
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new WaError('WA_BODY_TYPE', `The body is written in "${charset}"; JSON is UTF-8.`, [
      { path: 'Content-Type', message: 'unsupported charset', actual: charset, limit: 'utf-8' },
    ])
  }
  if (req.headers['content-encoding'] && req.headers['content-encoding'] !== 'identity' && !isConsumed(req)) {
    throw new WaError('WA_BODY_TYPE', `The body is encoded as "${req.headers['content-encoding']}"; send it plain.`, [
      { path: 'Content-Encoding', message: 'unsupported' },
    ])
  }
  if (req.rawBody === undefined && !Buffer.isBuffer(req.body) && isConsumed(req)) return req.body
  const bytes = await readRaw(req, BODY_LIMIT)
  // Read all the same, a customer would get \uFFFD where somebody wrote é.
  if (!isUtf8(bytes)) {
    const fix = 'Send it in UTF-8.'
    throw new WaError('WA_BODY_INVALID', `The body is not UTF-8, which JSON is written in. ${fix}`, [{ path: '', message: 'not UTF-8', fix }])
  }
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new WaError(
      'WA_BODY_INVALID',
      `The body is not JSON: ${(error as Error).message}.`,
      [{ path: '', message: 'not JSON', fix: 'Send a JSON object.' }],
      { cause: error },
    )
  }
}

/** Depth and number of fields of a form are bounded: an editor with ten rows needs about a hundred, an imported draft several. */
const FORM = { depth: 6, parameterLimit: 1000, arrayLimit: 100, allowPrototypes: false, plainObjects: true } as const

/** A form of the dashboard, with nested names (`sections[0][rows][2][id]`). Also when the host's parser was there first, extended or not. */
export async function readForm(req: Request): Promise<Record<string, unknown>> {
  const parsed =
    req.rawBody === undefined && !Buffer.isBuffer(req.body) && isConsumed(req) ? (req.body ?? {}) : (await readRaw(req, BODY_LIMIT)).toString('utf8')
  // Loaded by the first form: a host that shows no dashboard does not pay for it.
  const qs = require('qs') as typeof import('qs')
  return qs.parse(parsed as string, FORM) as Record<string, unknown>
}
