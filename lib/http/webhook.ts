import type { ServerResponse } from 'node:http'
import type { Engine } from '../engine'
import { WaError } from '../errors'
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
    const body = req.method === 'POST' ? await readRaw(req, WEBHOOK_LIMIT) : Buffer.alloc(0)
    const answer = await engine.knock(line.number, { method: req.method === 'POST' ? 'POST' : 'GET', headers: headersOf(req), query: place.query, body })
    send(res, answer.status, answer.headers['Content-Type'] ?? 'text/plain; charset=utf-8', answer.body, answer.headers)
  } catch (error) {
    // The sentence that helps the developer is in the log; the caller of a webhook is a machine, or a stranger.
    const problem = problemOf(logged(error, engine.log, 'webhook'))
    const detail = error instanceof WaError ? `${problem.detail}\n` : 'error\n'
    plain(
      res,
      problem.status,
      detail,
      problem.status === 413 || problem.status === 400 ? { Connection: 'close' } : problem.status === 503 ? { 'Retry-After': '30' } : {},
    )
  }
  return true
}

const plain = (res: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void =>
  send(res, status, 'text/plain; charset=utf-8', text, headers)

const headersOf = (req: Request): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]))
