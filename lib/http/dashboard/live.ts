import type { ServerResponse } from 'node:http'
import type { Engine } from '../../engine'
import { reasonOf, WaError } from '../../errors'
import { type ConversationRow, changesOf } from '../../store/conversations'
import { NEWS, type News, newsOf } from '../../store/news'
import { ask, type Question } from '../../store/question'
import type { Exchange, Role, Route } from '../exchange'
import { dayIn } from '../zone'
import { isPartial } from './asked'
import { frameOf, type Stream } from './page'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/live', may: 'viewer', handle: live }]

/** What other instances change is seen by asking the database, while somebody watches. */
const POLL_MS = 1000
/** A burst of changes is one: the page fetches what it shows, not what changed. */
const GATHER_MS = 150
const HEARTBEAT_MS = 15_000
/** Conversations of which a page may have been read before its stream was there. */
const MOST_KNOWN = 1000
const BEAT = 'event: beat\n\n'
/** Whoever lost access is asked again who they are: the browser comes back by itself. */
const LIFE_MS = 600_000

/**
 * Null where the host wants none. Asked before the page reads what it shows: what changes meanwhile is told once too often, and never missed.
 * `conversation`: the only one that the page shows.
 */
export async function streamOf(x: Exchange, conversation: ConversationRow | null = null): Promise<Stream | null> {
  if (frameOf(x.engine).look.live !== true) return null
  if (conversation) return { address: `/live?conversation=${conversation.id}&since=${conversation.changed_at}` }
  return streamFrom(x, await newsOf(x.engine.db.read))
}

/** The same, asked together with what the page shows; null for a region of it, too. */
export async function streamWith<T>(x: Exchange, question: Question<T>): Promise<{ stream: Stream | null; found: T }> {
  if (isPartial(x) || frameOf(x.engine).look.live !== true) return { stream: null, found: (await ask(x.engine.db.read, question))[0] }
  const [news, found] = await ask(x.engine.db.read, NEWS, question)
  return { stream: streamFrom(x, news), found }
}

const streamFrom = (x: Exchange, news: News): Stream => ({
  address: `/live?since=${wordOf(news)}`,
  // Those of all business numbers are nothing for who may see some.
  ...(x.user.numbers === undefined ? { attention: news.attention } : {}),
})

const wordOf = ({ change, event, message, troubled }: News): string => `${change}.${event}.${message}.${troubled}`

/**
 * Server-sent events: `changed`, with an id that says up to where, and `beat`, by which a page knows that it would be told (public/app.js).
 * What is to be seen is fetched by the page, with its own rights.
 */
function live(x: Exchange): void {
  if (frameOf(x.engine).look.live !== true) throw new WaError('WA_NOT_FOUND', 'There is no such page here.')
  const asked = Number(x.query.get('conversation') ?? '')
  const seen = x.req.headers['last-event-id']
  const { res } = x
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    // no-transform: compression would hold events back until its buffer is full. X-Accel-Buffering: so would nginx.
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
  })
  res.flushHeaders()
  if (x.req.method === 'HEAD') return void res.end()
  res.write(BEAT)
  watch(x.engine, res, Number.isSafeInteger(asked) && asked > 0 ? asked : null, typeof seen === 'string' ? seen : (x.query.get('since') ?? ''))
}

/** One open page. */
interface Viewer {
  /** The conversation it shows; null when it shows more than one. */
  readonly conversation: number | null
  /** What it has seen, in the words of `wordOf`, or the change of its conversation. */
  seen: string
  tell(seen: string): void
  leave(): void
}

function watch(engine: Engine, res: ServerResponse, conversation: number | null, seen: string): void {
  const hub = hubOf(engine)
  // A reader that does not read gets no queue of its own in our memory; when it reads again it is told once.
  let missed = false
  const write = (text: string): void => {
    if (res.writableNeedDrain) missed = true
    else res.write(text)
  }
  res.on('drain', () => {
    if (missed) viewer.tell(viewer.seen)
    missed = false
  })
  const known = conversation === null ? undefined : hub.known.get(conversation)
  const viewer: Viewer = {
    conversation,
    seen: known?.before === seen ? known.after : seen,
    tell(word) {
      viewer.seen = word
      write(`event: changed\nid: ${word}\ndata: ${word}\n\n`)
    },
    leave() {
      clearInterval(beat)
      clearTimeout(end)
      hub.viewers.delete(viewer)
      hub.rest()
      res.end()
    },
  }
  const beat = setInterval(() => write(BEAT), HEARTBEAT_MS).unref()
  const end = setTimeout(() => viewer.leave(), LIFE_MS).unref()
  hub.viewers.add(viewer)
  hub.wake()
  res.on('close', () => viewer.leave())
}

/** What somebody did on a page that changes nothing on it, though others look different now: pages of this conversation that knew it as it was know it. */
export function knowAlready(engine: Engine, conversation: number, before: number, after: number): void {
  const { viewers, known } = hubOf(engine)
  for (const viewer of viewers) if (viewer.conversation === conversation && viewer.seen === String(before)) viewer.seen = String(after)
  known.set(conversation, { before: String(before), after: String(after) })
  for (const oldest of known.keys()) if (known.size > MOST_KNOWN) known.delete(oldest)
}

/** One watch over the database for all open pages of an engine; none while nobody looks. */
interface Hub {
  viewers: Set<Viewer>
  /** What pages know already whose stream is not there yet, by conversation. */
  known: Map<number, { before: string; after: string }>
  wake(): void
  rest(): void
}

const hubs = new WeakMap<Engine, Hub>()

function hubOf(engine: Engine): Hub {
  const hub = hubs.get(engine) ?? createHub(engine)
  hubs.set(engine, hub)
  return hub
}

function createHub(engine: Engine): Hub {
  const viewers = new Set<Viewer>()
  let timer: NodeJS.Timeout | null = null
  let gathering: NodeJS.Timeout | null = null
  let stop: (() => void) | null = null
  let asking = false
  /** Whose page changed in this process: they are told also of what leaves no trace in what is asked, such as a second change within a millisecond. */
  let due = new Set<Viewer>()
  const today = () => dayIn(frameOf(engine).look.timeZone, engine.now())
  let day = today()

  const look = async (): Promise<void> => {
    if (asking || viewers.size === 0) return
    if (engine.state === 'closing' || engine.state === 'closed') {
      for (const viewer of [...viewers]) viewer.leave()
      return
    }
    asking = true
    // At midnight every page says "Yesterday" of what it said "Today" of.
    if (day !== today()) due = new Set(viewers)
    day = today()
    const told = due
    due = new Set()
    try {
      const wordFor = await see(engine, viewers)
      for (const viewer of viewers) {
        const word = wordFor(viewer)
        if (word !== undefined && (told.has(viewer) || word !== viewer.seen)) viewer.tell(word)
      }
    } catch (error) {
      // They are told when the database is back.
      for (const viewer of told) due.add(viewer)
      engine.log.debug({ error: reasonOf(error) }, 'the live watch could not ask the database')
    }
    asking = false
  }
  const soon = (): void => {
    gathering ??= setTimeout(() => {
      gathering = null
      void look()
    }, GATHER_MS).unref()
  }

  return {
    viewers,
    known: new Map(),
    wake() {
      timer ??= setInterval(() => void look(), POLL_MS).unref()
      stop ??= engine.onChange((conversation) => {
        for (const viewer of viewers) if (conversation === null || viewer.conversation === null || viewer.conversation === conversation) due.add(viewer)
        soon()
      })
      soon()
    },
    rest() {
      if (viewers.size > 0) return
      if (timer) clearInterval(timer)
      if (gathering) clearTimeout(gathering)
      stop?.()
      timer = null
      gathering = null
      stop = null
      due.clear()
    },
  }
}

/** What is to be seen now, for each viewer; undefined for a conversation that is not there, or that somebody opened meanwhile. */
async function see(engine: Engine, viewers: ReadonlySet<Viewer>): Promise<(viewer: Viewer) => string | undefined> {
  const db = engine.db.read
  const open = [...new Set([...viewers].map((viewer) => viewer.conversation).filter((id) => id !== null))]
  const [news, conversations] = await Promise.all([newsOf(db), open.length === 0 ? new Map<number, number>() : changesOf(db, open)])
  return ({ conversation }) => (conversation === null ? wordOf(news) : conversations.get(conversation)?.toString())
}
