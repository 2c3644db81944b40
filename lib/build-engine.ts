import { conductByCode, conductByStaff } from './conduct'
import { decideEvent, decideEvents, decideMessage, decideMessages } from './decide'
import type { Engine, Line, SendRequest, Sent } from './engine'
import { reasonOf } from './errors'
import type { ContextParts } from './flows/context'
import { createFlows, type Flows } from './flows/flow'
import { createListeners, type Listeners } from './flows/listeners'
import { declaredVariables, refOf } from './flows/voice'
import { createHappenings } from './happenings'
import type { InboxParts } from './inbox/parts'
import { createDoor } from './inbox/receive'
import { createLifecycle, type Lifecycle } from './lifecycle'
import { seldom } from './log'
import type { Settled } from './options'
import { createAllowance } from './outbox/allowance'
import type { EnqueueOptions } from './outbox/decision'
import { enqueue, sameDecision } from './outbox/enqueue'
import { createPace, type Pace } from './outbox/pace'
import { createReady } from './outbox/ready'
import { createDraw, messageIn } from './outbox/resolve'
import { publishChecked, rollBackChecked, wouldBreak } from './publish'
import { hashOf } from './store/rows'
import { createWorkers, type Workers } from './workers'

/** The engine with what only the public face and the test phone may touch. */
export interface RunningEngine extends Engine, Pick<Lifecycle, 'start' | 'begun' | 'close' | 'restart'>, Pick<Workers, 'settle' | 'idle'> {
  readonly listeners: Listeners
  readonly flows: Flows
  readonly context: ContextParts
  readonly settled: Settled
  readonly pace: Pace
  observe(listener: (...seen: Parameters<InboxParts['observed']>) => unknown): void
  onError(listener: InboxParts['failed']): void
}

/** Builds the parts and couples them: door and inbox, listeners and flows, outbox and providers. Nothing runs before `start()`. */
export function buildEngine(settled: Settled): RunningEngine {
  const { log, now } = settled
  const lines = new Map([...settled.lines].map(([number, provider]): [string, Line] => [number, { number, provider }]))
  const firstNumber = [...lines.keys()][0] ?? 'default'
  const ready = createReady()
  const limits: EnqueueOptions = {
    numbers: new Set(lines.keys()),
    expireAfterMs: settled.expireAfterMs,
    perRecipientHour: settled.perRecipientHour,
    ready,
    seat: (number) => workers.seat(number),
  }
  const draw = createDraw()
  const listeners = createListeners()
  const flows = createFlows()
  for (const flow of settled.flows) flows.add(flow as never)
  const watchers = new Set<(conversationId: number | null) => void>()
  const observers: Parameters<RunningEngine['observe']>[0][] = []
  const troubled: InboxParts['failed'][] = []
  const door = { lastHeard: null as number | null, refused: 0, gone: 0 }

  const quietly = (work: () => unknown): void => {
    try {
      Promise.resolve(work()).catch((error: unknown) => log.error({ error: reasonOf(error) }, 'an observer failed'))
    } catch (error) {
      log.error({ error: reasonOf(error) }, 'an observer failed')
    }
  }
  const changed = (conversationId: number | null): void => {
    for (const watch of watchers) quietly(() => watch(conversationId))
  }
  const wakeInbox = (): void => workers.wakeInbox()
  const queued = (conversationId: number, leaves = false): void => {
    if (!leaves) workers.wakeOutbox()
    changed(conversationId)
  }

  const sayRefused = seldom(log, now)
  const refused = (number: string, status: number, reason: string, gone = false): void => {
    if (gone) door.gone++
    else door.refused++
    sayRefused(`${number} ${status}`, status >= 500 ? 'error' : 'warn', { number, status, reason }, 'a webhook was refused')
  }
  const db = (): Engine['db'] => life.db()
  const knock = createDoor({
    db,
    providers: settled.lines,
    now,
    log,
    isAtOnce: () => workers.inboxIdle,
    arrived(conversations, heads) {
      workers.wakeInbox(heads)
      for (const id of conversations) changed(id)
    },
    refused,
    heard() {
      door.lastHeard = now()
    },
  })

  const pace = createPace(new Map([...settled.lines].map(([number, provider]) => [number, provider.perSecond])), now)
  const allowance = createAllowance({ db, pace, now, log })
  const happenings = createHappenings({ db, now, number: firstNumber })
  const conduct = { db, now, happenings, wakeInbox, changed }
  const context: ContextParts = { db, now, limits, draw, defaultCountry: settled.defaultCountry, queued, ...conductByCode(conduct) }
  const workers = createWorkers({
    settled,
    db,
    pace,
    allowance,
    ready,
    listeners,
    flows,
    context,
    changed,
    observed(type, given) {
      for (const observe of observers) quietly(() => observe(type, given))
    },
    failed(error, at) {
      if (troubled.length === 0 || at.final)
        log.error(
          { event: at.event.id, listener: at.listener, attempt: at.attempt, final: at.final, error: reasonOf(error) },
          at.final ? 'a listener failed for the last time; the event needs attention' : 'a listener failed; it will be tried again',
        )
      for (const tell of troubled) quietly(() => tell(error, at))
    },
  })
  const life = createLifecycle({ settled, knock, workers, allowance })

  const engine: RunningEngine = {
    get state() {
      return life.state
    },
    get failure() {
      return life.failure
    },
    get db() {
      return db()
    },
    log,
    lines,
    listeners,
    flows,
    context,
    settled,
    door,
    pace,
    publicUrl: settled.publicUrl,
    defaultCountry: settled.defaultCountry,
    now,
    knock,
    refused,
    start: life.start,
    begun: life.begun,
    close: life.close,
    restart: life.restart,
    settle: workers.settle,
    idle: workers.idle,
    observe(listener) {
      observers.push(listener)
    },
    onError(listener) {
      troubled.push(listener)
    },
    onChange(listener) {
      watchers.add(listener)
      return () => watchers.delete(listener)
    },
    async send(request: SendRequest): Promise<Sent> {
      const idempotency = request.idempotency ? { key: hashOf(`api\n${request.idempotency.key}`), fingerprint: request.idempotency.fingerprint } : null
      // Before anything is drawn: the menu may have changed since the first time, and the answer must not.
      const earlier = await sameDecision(db().write, idempotency)
      if (earlier) return { id: String(earlier.id), status: earlier.status ?? 'queued' }
      const drawn = await draw(db().write, request.what)
      const sent = await enqueue(
        db(),
        {
          to: refOf('id' in request.to ? { id: request.to.id } : request.to, settled.defaultCountry),
          number: request.number ?? firstNumber,
          drawn,
          replyTo: request.replyTo === undefined ? null : Number(request.replyTo),
          meta: request.meta ?? null,
          by: request.by ?? null,
          idempotency,
          ...(request.guard ? { guard: request.guard } : {}),
          ...(request.by ? { answering: true } : {}),
        },
        limits,
        now(),
      )
      queued(sent.conversationId)
      return { id: String(sent.id), status: sent.status }
    },
    draw: async (what) => messageIn(await draw(db().read, what)),
    async decideMessage(id, decision, by) {
      return decideMessage(engine, id, decision, by, queued)
    },
    async decideMessages(which, decision, by) {
      const moved = await decideMessages(engine, which, decision, by)
      workers.wakeOutbox()
      changed(null)
      return moved
    },
    async decideEvent(id, decision, by) {
      await decideEvent(engine, id, decision, by)
      wakeInbox()
      changed(null)
    },
    async decideEvents(which, decision, by) {
      const moved = await decideEvents(engine, which, decision, by)
      wakeInbox()
      changed(null)
      return moved
    },
    ...conductByStaff(conduct),
    async publish(key, by, options) {
      const published = await publishChecked(engine, key, by, options, happenings.wentLive(key, by))
      wakeInbox()
      changed(null)
      return published
    },
    async rollBack(key, version, by, options) {
      const live = await rollBackChecked(engine, key, version, by, options, happenings.wentLive(key, by))
      wakeInbox()
      changed(null)
      return live
    },
    hearings: () => listeners.hearings(),
    wouldBreak: (key, next) => wouldBreak(engine, key, next),
    declaredVariables,
    whyHeld: (number) => allowance.whyHeld(number),
  }
  return engine
}
