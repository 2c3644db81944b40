import type { ServerResponse } from 'node:http'
import type { Engine } from '../engine'
import { type WaCode, WaError } from '../errors'
import { readRaw, WEBHOOK_LIMIT } from './body'
import type { Request } from './exchange'
import { requireLocal } from './guard'
import type { Place } from './mount'
import { logged, problemOf, send } from './problem'

/** `/webhook`, and with several business numbers `/webhook/:number`. */
const WEBHOOK = /^\/webhook(?:\/([A-Za-z0-9][A-Za-z0-9_-]{0,63}))?\/?$/

export const isWebhook = (path: string): boolean => path === '/webhook' || path.startsWith('/webhook/')

/** Reads the bytes and hands them to the door. Answers whether the request was ours. */
export async function handleWebhook(req: Request, res: ServerResponse, engine: Engine, place: Place, production: boolean): Promise<boolean> {
  const number = WEBHOOK.exec(place.path)?.[1] ?? (engine.lines.size === 1 ? [...engine.lines.keys()][0] : undefined)
  const line = number === undefined ? undefined : engine.lines.get(number)
  if (!line) {
    plain(res, 404, engine.lines.size > 1 ? 'This host has several numbers; each has its own address: /webhook/<number>.\n' : 'There is no such number here.\n')
    return true
  }
  if (req.method !== 'GET' && req.method !== 'POST' && req.method !== 'HEAD') {
    plain(res, 405, 'GET or POST.\n', { Allow: 'GET, POST' })
    return true
  }
  try {
    if (line.provider.name === 'simulator') {
      if (production) {
        plain(res, 404, 'There is no webhook here: the simulator does not run in production. Configure a provider.\n')
        return true
      }
      requireLocal(req, 'The webhook of the simulator')
    }
    // Node joins repeated headers; `set-cookie` alone is a list, and no provider reads it.
    const headers = req.headers as Readonly<Record<string, string | undefined>>
    const head = { method: req.method === 'POST' ? ('POST' as const) : ('GET' as const), headers, query: place.query }
    const isRead = head.method === 'POST' && (line.provider.needsBody?.(head) ?? true)
    const body = isRead ? await readRaw(req, WEBHOOK_LIMIT) : Buffer.alloc(0)
    const answer = await engine.knock(line.number, { ...head, body })
    send(res, answer.status, answer.headers['Content-Type'] ?? 'text/plain; charset=utf-8', answer.body, answer.headers)
  } catch (error) {
    turnAway(res, engine, line.number, error)
  }
  return true
}

/** The caller of a webhook is a machine, or a stranger: it gets a status, and a sentence only of those that name no secret, file or host. */
function turnAway(res: ServerResponse, engine: Engine, number: string, error: unknown): void {
  const known = error instanceof WaError && TOLD.has(error.code)
  const { status, detail } = problemOf(known ? error : logged(error, engine.log, 'webhook'))
  if (known) engine.refused(number, status, detail, error.code === 'WA_RAW_BODY_GONE')
  plain(res, status, known ? `${detail}\n` : 'error\n', HEADERS[status])
}
const TOLD: ReadonlySet<WaCode> = new Set<WaCode>(['WA_RAW_BODY_GONE', 'WA_BODY_TOO_LARGE', 'WA_BODY_INVALID', 'WA_NOT_CONFIGURED'])
const HEADERS: Readonly<Record<number, Record<string, string>>> = { 400: { Connection: 'close' }, 413: { Connection: 'close' }, 503: { 'Retry-After': '30' } }

const plain = (res: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void =>
  send(res, status, 'text/plain; charset=utf-8', text, headers)
