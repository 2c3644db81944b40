import type { IncomingMessage, ServerResponse } from 'node:http'
import { buildEngine, type RunningEngine } from './build-engine'
import type { Sent as EngineSent, SendRequest } from './engine'
import { reasonOf, WaError } from './errors'
import { attemptHere, type Running } from './flows/attempt'
import { guardOf, mustGoOn, publicContact, publicConversation } from './flows/context'
import type { ListenerOptions } from './flows/listeners'
import type { Answer, Contact, ContactPatch, Context, Conversation, EventMap, IdsOf, RegMenus, Reply, Rest, SendOptions, Sent, To, VarsOf } from './flows/types'
import { refOf, whatOf } from './flows/voice'
import { captureRawBody } from './http/body'
import type { Frame } from './http/dashboard/page'
import type { Request } from './http/exchange'
import { type Place, placeOf } from './http/mount'
import { createProbes, isProbe } from './http/probes'
import { logged, sendProblem } from './http/problem'
import { handleWebhook, isWebhook } from './http/webhook'
import type { Menu } from './model/builders'
import type { Status } from './model/message'
import type { ReplyId, Shape } from './model/reply-id'
import type { Message } from './model/send-check'
import { type Settled, settleOptions, type WaOptions } from './options'
import { CODE } from './store/audit'
import { type ContactChange, ensureContact, findContact } from './store/contacts'
import { findConversation } from './store/conversations'
import { inOurWords } from './store/database'
import { eraseContact } from './store/erase'
import { canonical } from './store/menus'
import { messageById } from './store/messages'
import { hashOf } from './store/rows'

// biome-ignore lint/suspicious/noExplicitAny: a pattern of `infer` must match a menu of any ids and variables; `unknown` would match none.
type Keys<M> = (M extends Menu<infer K, any, any> ? K : never) | (keyof RegMenus & string)
type RegIds = { [K in keyof RegMenus]: RegMenus[K] extends { ids: infer I extends string } ? I : never }[keyof RegMenus]
/** Nothing known at compile time: any string will do. */
type Any<T> = [T] extends [never] ? string : T
type Match<M> = Any<(M extends unknown ? IdsOf<M> : never) | RegIds>
type Fn<E> = (context: E) => unknown
type Got<X> = X extends ReplyId<infer P, infer F> ? { reply: Reply<`${P}:${string}`>; data: Shape<F> } : X extends string ? { reply: Reply<X> } : never

/** A request handler that needs only `node:http`: Express 4 and 5, Nest, a plain server. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => void

/** What `waInteractive()` gives: a request handler, and the things code does with it. */
export interface Wa<M extends Menu = Menu, N extends string = string> extends Handler, AsyncDisposable {
  /** The parts, for hosts that mount them apart: the webhook above `express.json()`, the rest below the session. */
  readonly webhook: Handler
  readonly api: Handler
  readonly dashboard: Handler
  /** For a host's `express.json({ verify: wa.captureRawBody })`: keeps the bytes that were signed. */
  readonly captureRawBody: (req: IncomingMessage, res: ServerResponse, bytes: Buffer) => void
  /** Resolves when it runs; rejects with what keeps it from running. It also starts by itself on the next tick. */
  start(): Promise<void>
  /** Resolves when inbox and outbox are empty. */
  idle(): Promise<void>
  /** Stops taking work, lets what runs end (10 s), gives back the rest, closes what it opened. */
  close(options?: { timeoutMs?: number }): Promise<void>
  on<E extends keyof EventMap>(event: E, fn: Fn<EventMap<Match<M> & string>[E]>): this
  on<E extends keyof EventMap>(event: E, options: ListenerOptions, fn: Fn<EventMap<Match<M> & string>[E]>): this
  onReply<const X extends (Match<M> & string) | ReplyId>(match: X | readonly X[], fn: Fn<Context & Got<X>>, options?: ListenerOptions): this
  onReplyTo<X extends Menu>(
    menu: X,
    map: { [I in IdsOf<X>]?: Fn<Context & { reply: Reply<I, VarsOf<X>, X['key']> }> },
    otherwise?: Fn<Context & { reply: Reply<IdsOf<X>, VarsOf<X>> }>,
  ): this
  onAnswer(name: string, fn: Fn<Context & { answer: Answer; text: string }>, options?: ListenerOptions): this
  send<const X extends Any<Keys<M>> | Menu | Message>(to: To | Contact, what: X, ...rest: Rest<X, M>): Promise<Sent>
  /** Live, best effort, never retried: counters and logs. */
  observe(event: keyof EventMap | '*', fn: (given: unknown) => void): this
  onError(fn: (error: unknown, at: { event: { id: string; type: string }; listener: string; attempt: number; final: boolean }) => void): this
  /** `retry` and `cancel` are decisions on a message that failed, is uncertain or waits; false when it stands elsewhere. */
  readonly messages: {
    get(id: string): Promise<{ id: string; status: Status } | null>
    retry(id: string): Promise<boolean>
    cancel(id: string): Promise<boolean>
  }
  /** Decisions on an event that needs attention, is retried or was not heard; `replay` lets one that is done be heard again. False when it stands elsewhere. */
  readonly events: { retry(id: string): Promise<boolean>; discard(id: string): Promise<boolean>; replay(id: string): Promise<boolean> }
  readonly contacts: { get(who: To): Promise<Contact | null>; set(who: To, patch: ContactPatch): Promise<Contact>; erase(who: To): Promise<void> }
  readonly conversations: { get(who: To, options?: { number?: N }): Promise<Conversation | null> }
}

/** Finds the engine behind a `wa`: for the test phone. */
export const ENGINE = Symbol.for('wa-interactive.engine')

/**
 * WhatsApp interactive messages inside an Express app: `app.use(waInteractive())`.
 * Throws WaError for options that contradict each other or are unknown; what is merely missing closes its part and says so.
 */
export function waInteractive<const M extends readonly Menu[] = [], const N extends string = string>(options: WaOptions<M, N> = {}): Wa<M[number], N> {
  const settled = settleOptions(options as WaOptions)
  const engine = buildEngine(settled)
  const handlers = handlersOf(engine)
  const face = faceOf(engine)
  const wa = Object.assign(handlers.all, handlers.parts, face, { [ENGINE]: engine })
  if (settled.autoStart) setImmediate(() => void startUntilItRuns(engine))
  for (const hint of settled.hints) settled.log.warn({}, hint)
  for (const warning of closedParts(engine)) settled.log.error({}, warning)
  return wa as unknown as Wa<M[number], N>
}

/** What the dashboard says about itself: never a secret. */
function frameOf({ production, access, look, retention }: Settled): Frame {
  return {
    production,
    access: access.authorize
      ? 'authorize() of the host'
      : access.basic
        ? `HTTP basic, user "${access.basic.user}"`
        : production
          ? 'closed'
          : 'open on this machine only',
    keys: access.apiKeys.map(({ name, scope }) => ({ name, scope })),
    retention,
    look,
  }
}

function handlersOf(engine: RunningEngine) {
  const { settled } = engine
  const api = onFirstUse(() => (require('./http/api/index') as typeof import('./http/api/index')).createApi(settled.access))
  const dashboard = onFirstUse(() =>
    (require('./http/dashboard/index') as typeof import('./http/dashboard/index')).createDashboard(settled.access, frameOf(settled)),
  )
  const probes = createProbes(engine, settled.access)
  type Part = (req: Request, res: ServerResponse, place: Place) => Promise<boolean>
  const parts: Record<'webhook' | 'api' | 'dashboard', Part> = {
    webhook: async (req, res, place) => settled.webhook && isWebhook(place.path) && handleWebhook(req, res, engine, place, settled.production),
    api: async (req, res, place) => {
      if (isProbe(place.path)) return probes(req, res, place)
      return settled.api && (place.path === '/api' || place.path.startsWith('/api/')) && api()(req, res, engine, place)
    },
    dashboard: async (req, res, place) => settled.dashboard && dashboard()(req, res, engine, place),
  }
  const handlerOf =
    (order: readonly Part[]): Handler =>
    (req, res, next) => {
      const place = placeOf(req as Request, settled.path)
      if (place === null) return pass(res, next)
      serve(order, req as Request, res, place).then(
        (ours) => {
          if (!ours) pass(res, next)
        },
        (error: unknown) => sendProblem(res, logged(error, settled.log, place.path)),
      )
    }
  return {
    all: handlerOf([parts.webhook, parts.api, parts.dashboard]),
    parts: { webhook: handlerOf([parts.webhook]), api: handlerOf([parts.api]), dashboard: handlerOf([parts.dashboard]), captureRawBody },
  }

  async function serve(order: readonly Part[], req: Request, res: ServerResponse, place: Place): Promise<boolean> {
    if (engine.state === 'starting' && !isProbe(place.path)) await soon(engine.begun())
    for (const part of order) if (await part(req, res, place)) return true
    return false
  }
}

/** Who comes while we start waits a moment: a restart of the host is then no refusal to anybody. Providers wait ten seconds for us. */
const START_PATIENCE_MS = 5000
function soon(begun: Promise<void>): Promise<void> {
  return new Promise((go) => {
    const timer = setTimeout(go, START_PATIENCE_MS)
    timer.unref()
    void begun.then(() => {
      clearTimeout(timer)
      go()
    })
  })
}

/** Pages and API are loaded by the first request to them: importing and mounting this package costs a host little. */
function onFirstUse<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Not ours: the host goes on. Behind a plain `node:http` server there is no host. */
function pass(res: ServerResponse, next: ((error?: unknown) => void) | undefined): void {
  if (next) next()
  else sendProblem(res, new WaError('WA_NOT_FOUND', 'There is nothing here.'))
}

const RESTART_MS = 5000

/** Started by itself, it keeps trying: a database that comes up a minute later is no reason to restart the host. */
async function startUntilItRuns(engine: RunningEngine): Promise<void> {
  for (let tries = 1; engine.state === 'starting' || engine.state === 'failed'; tries++) {
    try {
      await engine.start()
      return
    } catch (error) {
      const code = error instanceof WaError ? error.code : 'WA_INTERNAL'
      if (tries === 1) engine.log.error({ code, error: reasonOf(error) }, 'wa-interactive cannot start; trying again every few seconds')
      await new Promise((wake) => setTimeout(wake, RESTART_MS).unref())
    }
  }
}

/** What production keeps closed until it is configured, said once and loudly. */
function closedParts(engine: RunningEngine): string[] {
  const { access, production, dashboard, api, lines } = engine.settled
  if (!production) return []
  const warnings: string[] = []
  if (dashboard && !access.authorize && !access.basic)
    warnings.push('The dashboard is closed until you say who may enter: set `authorize`, or WA_DASHBOARD_USER and WA_DASHBOARD_PASSWORD.')
  if (api && access.apiKeys.length === 0) warnings.push('The API is closed until you say who may call it: set `apiKeys`, or WA_API_KEY.')
  if ([...lines.values()].some((provider) => provider.name === 'simulator'))
    warnings.push('No provider is configured, and the simulator does not run in production: the webhook answers 404. Set WA_PROVIDER and its credentials.')
  return warnings
}

type Asked = (...given: never[]) => Promise<unknown>
/** The same functions, which tell of trouble with the database in our words. */
function told<T extends Record<string, Asked>>(functions: T): T {
  const tell =
    (ask: Asked): Asked =>
    async (...given) => {
      try {
        return await ask(...given)
      } catch (error) {
        throw inOurWords(error)
      }
    }
  return Object.fromEntries(Object.entries(functions).map(([name, ask]) => [name, tell(ask)])) as T
}

function faceOf(engine: RunningEngine) {
  const { listeners, settled } = engine
  const parts = engine.context
  /** Whether a decision could be taken; false when the thing stands elsewhere, or is not there. */
  const decided = async (id: string, decide: () => Promise<unknown>): Promise<boolean> => {
    await engine.start()
    if (!/^\d+$/.test(id)) return false
    try {
      await decide()
      return true
    } catch (error) {
      if (error instanceof WaError && (error.code === 'WA_STATE' || error.code === 'WA_NOT_FOUND')) return false
      throw error
    }
  }
  const numberOf = (number?: string): string => number ?? [...engine.lines.keys()][0] ?? 'default'
  const face = {
    start: () => engine.start(),
    async idle() {
      await engine.start()
      await engine.idle()
    },
    close: (options: { timeoutMs?: number } = {}) => engine.close(options.timeoutMs ?? 10_000),
    [Symbol.asyncDispose]: () => engine.close(10_000),
    on(this: unknown, event: string, ...rest: [ListenerOptions, Fn<never>] | [Fn<never>]) {
      const [options, fn] = rest.length === 2 ? rest : [{}, rest[0]]
      listeners.on(event, options, fn)
      return this
    },
    onReply(this: unknown, match: string | ReplyId | readonly (string | ReplyId)[], fn: Fn<never>, options: ListenerOptions = {}) {
      const matches = Array.isArray(match) ? match : [match]
      const ids = matches.filter((one): one is string => typeof one === 'string')
      if (ids.length > 0) listeners.onReply(ids, options, fn)
      for (const one of matches) if (typeof one !== 'string') listeners.onReply(one as ReplyId, options, fn)
      return this
    },
    onReplyTo(this: unknown, menu: Menu, map: Record<string, Fn<never> | undefined>, otherwise?: Fn<never>) {
      for (const [id, fn] of Object.entries(map)) if (fn) listeners.onReplyTo(menu.key, id, fn)
      if (otherwise) listeners.onReplyTo(menu.key, null, otherwise)
      return this
    },
    onAnswer(this: unknown, name: string, fn: Fn<never>, options: ListenerOptions = {}) {
      listeners.onAnswer(name, options, fn)
      return this
    },
    ...told({
      async send(to: unknown, what: string | Menu | Record<string, unknown>, ...rest: unknown[]): Promise<EngineSent> {
        const attempt = attemptHere()
        if (attempt) mustGoOn(attempt)
        const nth = attempt ? attempt.sends++ : 0
        await engine.start()
        const hasVariables = typeof what === 'string' || 'ids' in what
        const [variables, options] = (hasVariables ? rest : [undefined, rest[0]]) as [Record<string, unknown> | undefined, SendOptions | undefined]
        const drawnFrom = whatOf(what, variables, 'key')
        const ref = refOf(to, settled.defaultCountry)
        return engine.send({
          to: 'id' in ref ? { id: String(ref.id) } : ref,
          what: drawnFrom,
          number: options?.from,
          replyTo: options?.replyTo,
          meta: options?.meta,
          idempotency: idempotencyOf(options?.idempotencyKey, attempt, nth, hashOf(canonical([ref, drawnFrom]))),
          guard: attempt ? guardOf(parts, attempt) : undefined,
        })
      },
    }),
    observe(this: unknown, event: string, fn: (given: unknown) => void) {
      // What it returns is passed on: a promise that rejects must meet the catch of whoever calls observers.
      engine.observe((type, given) => (event === '*' || event === type ? fn(given) : undefined))
      return this
    },
    onError(this: unknown, fn: Parameters<RunningEngine['onError']>[0]) {
      engine.onError(fn)
      return this
    },
    messages: told({
      async get(id: string) {
        await engine.start()
        const message = /^\d+$/.test(id) ? await messageById(engine.db.write, Number(id)) : null
        return message?.status ? { id, status: message.status } : null
      },
      retry: (id: string) => decided(id, () => engine.decideMessage(id, 'retry', CODE)),
      cancel: (id: string) => decided(id, () => engine.decideMessage(id, 'cancel', CODE)),
    }),
    events: told({
      retry: (id: string) => decided(id, () => engine.decideEvent(id, 'retry', CODE)),
      discard: (id: string) => decided(id, () => engine.decideEvent(id, 'discard', CODE)),
      replay: (id: string) => decided(id, () => engine.decideEvent(id, 'replay', CODE)),
    }),
    contacts: told({
      async get(who: To) {
        await engine.start()
        const contact = await findContact(engine.db.write, refOf(who, settled.defaultCountry))
        return contact ? publicContact(contact, (patch) => parts.changeContact(contact, patch)) : null
      },
      async set(who: To, patch: ContactPatch) {
        await engine.start()
        const ref = refOf(who, settled.defaultCountry)
        const now = engine.now()
        const known =
          (await findContact(engine.db.write, ref)) ??
          ('phone' in ref || 'bsuid' in ref
            ? await engine.db.tx((trx) =>
                ensureContact(
                  trx,
                  engine.db,
                  { phone: 'phone' in ref ? ref.phone : null, bsuid: 'bsuid' in ref ? ref.bsuid : null, username: null, name: null },
                  now,
                ),
              )
            : null)
        if (!known) throw new WaError('WA_CONTACT_UNKNOWN', 'There is no such contact. Name a phone number or a user id to make one.')
        const next = await parts.changeContact(known, patch as ContactChange)
        return publicContact(next, (change) => parts.changeContact(next, change))
      },
      async erase(who: To) {
        await engine.start()
        const contact = await findContact(engine.db.write, refOf(who, settled.defaultCountry))
        if (contact) await eraseContact(engine.db, contact.id, CODE, engine.now())
      },
    }),
    conversations: told({
      async get(who: To, options: { number?: string } = {}) {
        await engine.start()
        const contact = await findContact(engine.db.write, refOf(who, settled.defaultCountry))
        const conversation = contact ? await findConversation(engine.db.write, numberOf(options.number), contact.id) : null
        return conversation ? publicConversation(parts, conversation, null) : null
      },
    }),
  }
  return face
}

/** Within a listener the same words at the same place are one message, as with `say`: a listener runs again when it failed. Words that changed are another one. */
function idempotencyOf(given: string | undefined, attempt: Running | null, nth: number, fingerprint: string): SendRequest['idempotency'] {
  if (given !== undefined) return { key: `code\n${given}`, fingerprint }
  if (attempt === null) return undefined
  const { event, listener } = attempt
  return { key: ['listener', event.id, event.replays, listener, nth, fingerprint].join('\n'), fingerprint }
}
