import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { decideEvents, decideMessage, decideMessages, notInThatState } from './decide'
import type { Engine, Line, SendRequest, Sent } from './engine'
import { reasonOf, WaError } from './errors'
import type { ContextParts } from './flows/context'
import { createFlows, type Flows } from './flows/flow'
import { createListeners, type Listeners } from './flows/listeners'
import { declaredVariables, refOf } from './flows/voice'
import { type Housekeeping, keepHouse } from './housekeeping'
import { inboxWork } from './inbox/drain'
import { createDoor } from './inbox/receive'
import { seldom } from './log'
import type { Settled } from './options'
import { createAllowance } from './outbox/allowance'
import { outboxWork } from './outbox/drain'
import { type EnqueueOptions, enqueue, sameDecision } from './outbox/enqueue'
import { createPace, type Pace } from './outbox/pace'
import { createReady } from './outbox/ready'
import { createDraw, messageIn } from './outbox/resolve'
import type { Provider } from './providers/provider'
import { lostHearings, mayGoLive, publishChecked } from './publish'
import { type Actor, writeAudit } from './store/audit'
import { type ContactRow, changeContact, lockContact } from './store/contacts'
import { conversationNow, conversationsOfContact, markChanged, setMode, setStep } from './store/conversations'
import { type Db, locationOf, openDatabase, type Query } from './store/database'
import { insertEvent } from './store/events'
import { archivedAmong, declareMenu, menuByKey, menuVersionByKey, rollBack, type WentLive } from './store/menus'
import { migrate, missingMigrations, unknownMigrations } from './store/migrate'
import { beatAfterSilence, type Held } from './store/pulse'
import { decideEvent, nextDue } from './store/queue'
import { hashOf } from './store/rows'
import { reviveRuns } from './store/runs'
import { mustBeSound } from './store/soundness'
import { createWorker, type Worker } from './worker'

/** The engine with what only the public face and the test phone may touch. */
export interface RunningEngine extends Engine {
  readonly listeners: Listeners
  readonly flows: Flows
  readonly context: ContextParts
  readonly settled: Settled
  start(): Promise<void>
  /** Resolves when the start that is under way has ended, well or not; at once when there is none. */
  begun(): Promise<void>
  close(timeoutMs: number): Promise<void>
  /** Ends as a deploy does, and starts again on the same database. */
  restart(): Promise<void>
  /** Resolves when nothing runs and nothing is due now; what was put off for later is not waited for. */
  settle(): Promise<void>
  /** Resolves when inbox and outbox are empty. */
  idle(): Promise<void>
  observe(listener: (type: string, given: Record<string, unknown>) => unknown): void
  onError(listener: (error: unknown, at: { event: { id: string; type: string }; listener: string; attempt: number; final: boolean }) => void): void
  readonly pace: Pace
}

/** How many engines of this process have a database open, by its place. */
const inThisProcess = new Map<string, number>()

/** Builds the parts and couples them: door and inbox, listeners and flows, outbox and providers. Nothing runs before `start()`. */
export function buildEngine(settled: Settled): RunningEngine {
  const { log, now } = settled
  const lines = new Map([...settled.lines].map(([number, provider]): [string, Line] => [number, { number, provider }]))
  const ready = createReady()
  const limits: EnqueueOptions = { numbers: new Set(lines.keys()), expireAfterMs: settled.expireAfterMs, perRecipientHour: settled.perRecipientHour, ready }
  const draw = createDraw()
  const listeners = createListeners()
  const flows = createFlows()
  for (const flow of settled.flows) flows.add(flow as never)
  const watchers = new Set<(conversationId: number | null) => void>()
  const observers: ((type: string, given: Record<string, unknown>) => unknown)[] = []
  const troubled: Parameters<RunningEngine['onError']>[0][] = []
  const door = { lastHeard: null as number | null, refused: 0, gone: 0 }
  const pace = createPace(new Map([...settled.lines].map(([number, provider]) => [number, provider.perSecond])), now)

  let state: Engine['state'] = 'starting'
  let failure: Error | null = null
  let opened: Db | null = null
  let leave: () => void = () => {}
  let starting: Promise<void> | null = null
  let ending: Promise<void> | null = null
  let leftForGood = false
  let inbox: Worker | null = null
  let outbox: Worker | null = null
  let house: Housekeeping | null = null

  const db = (): Db => {
    if (opened && (state === 'ready' || state === 'closing')) return opened
    if (failure instanceof WaError) throw failure
    if (failure) throw new WaError('WA_CLOSED', 'wa-interactive could not start; it keeps trying, and the reason is in the log.', [], { cause: failure })
    throw new WaError('WA_CLOSED', state === 'starting' ? 'wa-interactive is still starting; await wa.start().' : 'wa-interactive is closed.')
  }
  const allowance = createAllowance({ db, pace, now, log })
  const changed = (conversationId: number | null): void => {
    for (const watch of watchers) quietly(() => watch(conversationId))
  }
  const quietly = (work: () => unknown): void => {
    try {
      Promise.resolve(work()).catch((error: unknown) => log.error({ error: reasonOf(error) }, 'an observer failed'))
    } catch (error) {
      log.error({ error: reasonOf(error) }, 'an observer failed')
    }
  }
  const queued = (conversationId: number): void => {
    outbox?.wake()
    changed(conversationId)
  }
  /** Something that happened between people and the bot, as an event of the inbox: within the transaction in which it happens. */
  const happen = async (trx: Query, type: string, number: string, conversationId: number | null, payload: object, dedupe: string): Promise<void> => {
    await insertEvent(trx, db(), { dedupe: hashOf(dedupe), number, type, payload, raw: null, state: 'waiting', at: now(), now: now(), conversationId })
  }

  /** A customer wants no more messages, or wants them again: an event in each of their conversations. */
  const consent = async (trx: Query, contact: ContactRow, by: string | null): Promise<void> => {
    const type = contact.opted_out === 1 ? 'opt_out' : 'opt_in'
    for (const conversation of await conversationsOfContact(trx, contact.id)) {
      const dedupe = [type, conversation.id, contact.updated_at, randomBytes(6).toString('hex')].join('\n')
      await happen(trx, type, conversation.number, conversation.id, { by }, dedupe)
      await markChanged(trx, conversation.id, now())
    }
  }
  const wentLive =
    (key: string, by: Actor): WentLive =>
    (trx, version) =>
      happen(trx, 'menu_published', [...lines.keys()][0] ?? 'default', null, { menu: { key, version }, by: by.name }, `menu_published\n${key}\n${version}`)

  const context: ContextParts = {
    db,
    now,
    limits,
    draw,
    defaultCountry: settled.defaultCountry,
    queued,
    async setMode(conversation, mode, details) {
      await db().tx(async (trx) => {
        await details.guard?.(trx)
        const { id } = (await conversationNow(trx, conversation.id)) ?? conversation
        if (!(await setMode(trx, id, mode, details.to ?? null, now()))) return
        const payload = { from: details.from, by: details.to ?? null, note: details.note ?? null }
        await happen(trx, mode === 'person' ? 'handover' : 'handback', conversation.number, id, payload, details.dedupe)
      })
      inbox?.wake()
      changed(conversation.id)
    },
    async changeContact(contact, change, guard) {
      const next = await db().tx(async (trx) => {
        await guard?.(trx)
        // What was read when the attempt began may be old: two changes of attributes must not undo each other.
        const known = (await lockContact(trx, db(), contact.id)) ?? contact
        const after = await changeContact(trx, known, change, now())
        if (after.opted_out !== known.opted_out) await consent(trx, after, null)
        return after
      })
      inbox?.wake()
      return next
    },
    async clearStep(conversationId, guard) {
      await db().tx(async (trx) => {
        await guard?.(trx)
        await setStep(trx, (await conversationNow(trx, conversationId))?.id ?? conversationId, null, now())
      })
    },
  }

  const sayRefused = seldom(log, now)
  const refused = (number: string, status: number, reason: string, gone = false): void => {
    if (gone) door.gone++
    else door.refused++
    sayRefused(`${number} ${status}`, status >= 500 ? 'error' : 'warn', { number, status, reason }, 'a webhook was refused')
  }
  const knock = createDoor({
    db,
    providers: settled.lines,
    now,
    log,
    arrived(conversations) {
      inbox?.wake()
      for (const id of conversations) changed(id)
    },
    refused,
    heard() {
      door.lastHeard = now()
    },
  })

  const startWorkers = (): void => {
    if (settled.concurrency === 0) return
    const holder = `${hostname().slice(0, 60)}:${process.pid}:${randomBytes(9).toString('base64url')}`
    outbox = createWorker(
      outboxWork({
        db,
        providers: settled.lines,
        pace,
        allowance,
        ready,
        holder,
        now,
        log,
        callbackOf: (number) => callbackOf(settled, number),
        changed,
        wakeIn: (ms) => outbox?.wakeIn(ms),
        wakeInbox: () => inbox?.wake(),
        concurrency: Math.max(32, settled.concurrency),
      }),
      log,
    )
    inbox = createWorker(
      inboxWork({
        db,
        holder,
        now,
        log,
        listeners,
        flows,
        context,
        concurrency: settled.concurrency,
        changed,
        wakeIn: (ms) => inbox?.wakeIn(ms),
        observed: (type, given) => {
          for (const observe of observers) quietly(() => observe(type, given))
        },
        failed: (error, at) => {
          if (troubled.length === 0 || at.final)
            log.error(
              { event: at.event.id, listener: at.listener, attempt: at.attempt, final: at.final, error: reasonOf(error) },
              at.final ? 'a listener failed for the last time; the event needs attention' : 'a listener failed; it will be tried again',
            )
          for (const tell of troubled) quietly(() => tell(error, at))
        },
      }),
      log,
    )
    inbox.start()
    outbox.start()
  }

  const start = async (): Promise<void> => {
    const database = await openDatabase(settled.database)
    try {
      await mustBeSound(database)
      if (settled.migrate) await migrate(database)
      else await mustBeMigrated(database)
      const newer = await unknownMigrations(database)
      if (newer.length > 0) log.warn({ migrations: newer.join(', ') }, 'the tables are newer than this code; it goes on, but update it soon')
      const held = await beatAfterSilence(database, settled.holdAfterMs, now())
      if (held) sayHeld(held)
      for (const menu of settled.menus) await declareMenu(database, menu.spec, now())
      for (const key of await archivedAmong(
        database.write,
        settled.menus.map((menu) => menu.key),
      ))
        log.warn(
          { menu: key },
          `The code declares menu "${key}", but staff archived it, so sending it is refused. Restore it in the dashboard: Menus, Archived, Restore.`,
        )
    } catch (error) {
      await database.close().catch(() => {})
      throw error
    }
    opened = database
    leave = enter(database)
    state = 'ready'
    failure = null
    for (const [number, provider] of settled.lines) {
      provider.start?.({ knock: (k) => knock(number, k), now, log })
      if (provider.missing.length > 0)
        log.error(
          { number, provider: provider.name, missing: provider.missing.join(', ') },
          'the provider is not configured completely; its webhook answers 503 until it is',
        )
    }
    startWorkers()
    house = keepHouse(database, settled.retention, now, log)
  }
  /** A module that was loaded twice, or a host that was built twice: safe, and most likely not meant. */
  const enter = (database: Db): (() => void) => {
    const place = locationOf(database.write)
    if (place === ':memory:') return () => {}
    const others = inThisProcess.get(place) ?? 0
    if (others > 0)
      log.warn(
        { database: place },
        'another waInteractive() of this process works on the same database; every event is handled once, by the listeners of either',
      )
    inThisProcess.set(place, others + 1)
    return () => {
      const left = (inThisProcess.get(place) ?? 1) - 1
      if (left > 0) inThisProcess.set(place, left)
      else inThisProcess.delete(place)
    }
  }
  const sayHeld = ({ since, messages, events }: Held): void =>
    log.warn(
      { since: new Date(since).toISOString(), messages, events },
      'nothing ran on this database for a while, so it may be a backup: what waited in it is held for a person, under Outbox and Needs attention',
    )

  /** Nothing new, what runs may end, what does not is given back; then everything that was opened is closed. */
  const close = async (timeoutMs: number): Promise<void> => {
    await starting?.catch(() => {})
    state = 'closing'
    const ended = await Promise.all([inbox?.stop(timeoutMs), outbox?.stop(timeoutMs), house?.stop()])
    if (ended.includes(false)) log.warn({}, 'some work did not end in time, and the database took no note of it; its leases will run out')
    for (const provider of settled.lines.values()) provider.close?.()
    if (opened) await allowance.close()
    state = 'closed'
    leave()
    leave = () => {}
    await opened?.close()
    opened = null
    inbox = null
    outbox = null
    starting = null
  }

  const settle = async (): Promise<void> => {
    for (;;) {
      const before = (inbox?.done ?? 0) + (outbox?.done ?? 0)
      await inbox?.quiet()
      await outbox?.quiet()
      for (const provider of settled.lines.values()) await (provider as Provider & { settled?: () => Promise<void> }).settled?.()
      await inbox?.quiet()
      await outbox?.quiet()
      if ((inbox?.done ?? 0) + (outbox?.done ?? 0) === before) return
    }
  }

  const engine: RunningEngine = {
    get state() {
      return state
    },
    get failure() {
      return failure
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
    start() {
      if (state === 'closing' || state === 'closed') return Promise.reject(new WaError('WA_CLOSED', 'wa-interactive is closed.'))
      starting ??= start().catch((error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error))
        state = 'failed'
        starting = null
        throw failure
      })
      return starting
    },
    begun: () => starting?.catch(() => {}) ?? Promise.resolve(),
    close(timeoutMs) {
      leftForGood = true
      ending ??= close(timeoutMs)
      return ending
    },
    async restart() {
      ending ??= close(10_000)
      await ending
      // Somebody closed it meanwhile: nobody would close what is opened from here on.
      if (leftForGood) return
      ending = null
      state = 'starting'
      await engine.start()
    },
    settle,
    async idle() {
      for (;;) {
        await settle()
        const due = await nextDue(db().write)
        if (due === null) return
        await new Promise((wake) => setTimeout(wake, Math.min(200, Math.max(20, due - now()))))
      }
    },
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
          number: request.number ?? [...lines.keys()][0] ?? 'default',
          drawn,
          replyTo: request.replyTo === undefined ? null : Number(request.replyTo),
          meta: request.meta ?? null,
          by: request.by ?? null,
          idempotency,
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
      outbox?.wake()
      changed(null)
      return moved
    },
    async decideEvent(id, decision, by) {
      const from = {
        retry: ['needs_attention', 'retrying', 'unhandled'],
        discard: ['needs_attention', 'retrying', 'unhandled', 'waiting', 'unrecognised'],
        replay: ['done', 'unhandled', 'discarded', 'needs_attention'],
      } as const
      const moved = await db().tx(async (trx) => {
        const event = Number(id)
        const to = { state: decision === 'discard' ? ('discarded' as const) : ('waiting' as const), replay: decision === 'replay' }
        if (!(await decideEvent(trx, event, from[decision], to, now()))) return false
        if (decision === 'retry') await reviveRuns(trx, [event])
        await writeAudit(trx, by, `event.${decision}`, `event:${id}`, null, null, now())
        return true
      })
      if (!moved) throw await notInThatState(db(), id, decision, from[decision])
      inbox?.wake()
      changed(null)
    },
    async decideEvents(which, decision, by) {
      const moved = await decideEvents(engine, which, decision, by)
      inbox?.wake()
      changed(null)
      return moved
    },
    async setMode(conversationId, mode, by, note) {
      const moved = await db().tx(async (trx) => {
        const conversation = await conversationNow(trx, Number(conversationId))
        if (!conversation) throw new WaError('WA_NOT_FOUND', `There is no conversation ${conversationId}.`)
        const { id, number } = conversation
        if (!(await setMode(trx, id, mode, mode === 'person' ? by.name : null, now()))) return null
        await writeAudit(trx, by, mode === 'person' ? 'conversation.taken' : 'conversation.given_back', `conversation:${id}`, null, note ?? null, now())
        const payload = { from: 'staff', by: by.name, note: note ?? null }
        const dedupe = `${mode}\n${id}\n${now()}\n${randomBytes(6).toString('hex')}`
        await happen(trx, mode === 'person' ? 'handover' : 'handback', number, id, payload, dedupe)
        return id
      })
      if (moved === null) return
      inbox?.wake()
      changed(moved)
    },
    async setOptOut(contactId, optedOut, by) {
      await db().tx(async (trx) => {
        const contact = await lockContact(trx, db(), contactId)
        if (!contact) throw new WaError('WA_CONTACT_UNKNOWN', `There is no contact ${contactId}.`)
        if ((contact.opted_out === 1) === optedOut) return
        await writeAudit(trx, by, optedOut ? 'contact.opted_out' : 'contact.opted_in', `contact:${contactId}`, null, null, now())
        await consent(trx, await changeContact(trx, contact, { optedOut }, now()), by.name)
      })
      inbox?.wake()
      changed(null)
    },
    async publish(key, by, options) {
      const published = await publishChecked(engine, key, by, options, wentLive(key, by))
      inbox?.wake()
      changed(null)
      return published
    },
    async rollBack(key, version, by, options) {
      const spec = await menuVersionByKey(db().write, key, version)
      if (!spec) throw new WaError('WA_NOT_FOUND', `Menu "${key}" has no version ${version}.`)
      await mayGoLive(engine, key, spec, options.force)
      const live = await rollBack(db(), key, version, by, now(), wentLive(key, by))
      inbox?.wake()
      changed(null)
      return live
    },
    hearings: () => listeners.hearings(),
    async wouldBreak(key, next) {
      const menu = await menuByKey(db().read, key)
      return menu ? lostHearings(key, [menu.published, menu.declared], next, listeners.hearings()) : []
    },
    declaredVariables,
    whyHeld: (number) => allowance.whyHeld(number),
  }
  return engine
}

async function mustBeMigrated(db: Db): Promise<void> {
  const missing = await missingMigrations(db)
  if (missing.length > 0)
    throw new WaError(
      'WA_DATABASE',
      `Option migrate is false, and the tables lack ${missing.join(', ')}. Run: npx knex migrate:latest with this package's source, or leave migrate on.`,
    )
}

/** Where the provider sends what becomes of a message; null while the host's public address is not known. */
export function callbackOf(settled: Settled, number: string): string | null {
  if (settled.publicUrl === null) return null
  return `${settled.publicUrl}/webhook${settled.several ? `/${number}` : ''}`
}
