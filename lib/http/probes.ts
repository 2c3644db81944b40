import type { ServerResponse } from 'node:http'
import type { Engine } from '../engine'
import { reasonOf, WaError } from '../errors'
import { seldom } from '../log'
import type { EventState } from '../model/event'
import type { Status } from '../model/message'
import { countEvents } from '../store/events'
import { countOutbound } from '../store/messages'
import type { Request } from './exchange'
import { type Access, whichKey } from './guard'
import type { Place } from './mount'
import { logged, send, sendJson, sendProblem } from './problem'

const PROBES = ['/healthz', '/readyz', '/metrics']
export const isProbe = (path: string): boolean => PROBES.includes(path)

/** `/healthz` never touches the database; `/readyz` asks our tables one question; `/metrics` needs an API key. */
export function createProbes(engine: Engine, access: Access): (req: Request, res: ServerResponse, place: Place) => Promise<boolean> {
  // Whoever asks every second must not fill the log.
  const sayUnready = seldom(engine.log, engine.now)
  return async (req, res, { path }) => {
    try {
      if (req.method !== 'GET' && req.method !== 'HEAD') {
        res.setHeader('Allow', 'GET, HEAD')
        throw new WaError('WA_METHOD', `${path} answers GET, not ${req.method}.`)
      }
      if (path === '/healthz') sendJson(res, 200, { status: 'ok', state: engine.state })
      else if (path === '/readyz') sendJson(res, 200, await readiness(engine))
      else {
        whichKey(req, access)
        send(res, 200, 'text/plain; version=0.0.4; charset=utf-8', await metrics(engine))
      }
    } catch (error) {
      if (path !== '/readyz') logged(error, engine.log, path)
      else if (error instanceof WaError && error.cause !== undefined)
        sayUnready('readyz', 'error', { error: reasonOf(error.cause) }, 'not ready: the tables cannot be read')
      sendProblem(res, error)
    }
    return true
  }
}

/** A server that answers may have lost our tables: a schema that was dropped, a backup that is half-way in. */
async function readiness(engine: Engine): Promise<{ status: 'ready' }> {
  if (engine.state !== 'ready') throw new WaError('WA_CLOSED', `wa-interactive is ${engine.state}.`)
  try {
    await engine.db.read('wa_events').select('id').limit(1)
  } catch (error) {
    throw new WaError('WA_DATABASE', 'The database does not answer.', [], { cause: error })
  }
  return { status: 'ready' }
}

/** Nobody reads a queue further than this; counting on would cost more than it tells. */
const COUNTED = 10_000
const EVENT_STATES: readonly EventState[] = ['waiting', 'running', 'retrying', 'needs_attention', 'unhandled', 'unrecognised']
const MESSAGE_STATES: readonly Status[] = ['queued', 'sending', 'uncertain', 'failed']

/** Prometheus text, version 0.0.4. */
async function metrics(engine: Engine): Promise<string> {
  const { read } = engine.db
  const events = await Promise.all(EVENT_STATES.map(async (state) => `wa_events{state="${state}"} ${await countEvents(read, [state], COUNTED)}`))
  const messages = await Promise.all(MESSAGE_STATES.map(async (status) => `wa_messages{status="${status}"} ${await countOutbound(read, [status], COUNTED)}`))
  const held = await Promise.all([...engine.lines.keys()].map(async (number) => `wa_number_held{number="${number}"} ${(await engine.whyHeld(number)) ? 1 : 0}`))
  const { lastHeard, refused } = engine.door
  const now = engine.now()
  return [
    ...family('wa_up', 'gauge', '1 while this instance takes work.', [`wa_up ${engine.state === 'ready' ? 1 : 0}`]),
    ...family('wa_events', 'gauge', `Events of the inbox by state, counted up to ${COUNTED}.`, events),
    ...family('wa_messages', 'gauge', `Messages of the outbox by status, counted up to ${COUNTED}.`, messages),
    ...family(
      'wa_webhook_refused_total',
      'counter',
      'Webhook calls refused since this instance started: wrong signature or token, none set, body too large or broken.',
      [`wa_webhook_refused_total ${refused}`],
    ),
    ...(lastHeard === null
      ? []
      : family('wa_webhook_silence_seconds', 'gauge', 'Time since the last authentic webhook call.', [
          `wa_webhook_silence_seconds ${Math.max(0, (now - lastHeard) / 1000)}`,
        ])),
    ...family('wa_number_held', 'gauge', '1 while nothing leaves from this business number.', held),
    '',
  ].join('\n')
}

const family = (name: string, type: 'gauge' | 'counter', help: string, samples: readonly string[]): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
  ...samples,
]
