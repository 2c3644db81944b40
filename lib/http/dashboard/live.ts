import type { ServerResponse } from 'node:http'
import type { Engine } from '../../engine'
import { reasonOf } from '../../errors'
import { changesOf, newestChange } from '../../store/conversations'
import { countEvents, newestEvent } from '../../store/events'
import { newestMessage } from '../../store/messages'
import type { Exchange, Role, Route } from '../exchange'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/live', may: 'viewer', handle: live }]

/** What other instances change is seen by asking the database, while somebody watches. */
const POLL_MS = 1000
/** A burst of changes is one: the page fetches what it shows, not what changed. */
const GATHER_MS = 150
const HEARTBEAT_MS = 15_000
/** Whoever lost access is asked again who they are: the browser comes back by itself. */
const LIFE_MS = 600_000

/** One open page. */
interface Viewer {
  /** The conversation it shows; null when it shows more than one. */
  conversation: number | null
  tell(id: number): void
  leave(): void
}

/** Server-sent events: `changed`, with a growing id and nothing else. What is to be seen is fetched by the page, with its own rights. */
function live(x: Exchange): void {
  const asked = Number(x.query.get('conversation') ?? '')
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
  res.write(': here\n\n')
  watch(x.engine, res, Number.isSafeInteger(asked) && asked > 0 ? asked : null)
}

function watch(engine: Engine, res: ServerResponse, conversation: number | null): void {
  const hub = hubOf(engine)
  let gathering: NodeJS.Timeout | null = null
  let newest = 0
  // A reader that does not read gets no queue of its own in our memory; when it reads again it is told once.
  let missed = false
  const write = (text: string): void => {
    if (res.writableNeedDrain) missed = true
    else res.write(text)
  }
  res.on('drain', () => {
    if (missed) viewer.tell(newest)
    missed = false
  })
  const viewer: Viewer = {
    conversation,
    tell(id) {
      newest = Math.max(newest, id)
      gathering ??= setTimeout(() => {
        gathering = null
        write(`event: changed\nid: ${newest}\ndata: ${newest}\n\n`)
      }, GATHER_MS).unref()
    },
    leave() {
      clearInterval(beat)
      clearTimeout(end)
      if (gathering) clearTimeout(gathering)
      hub.viewers.delete(viewer)
      hub.rest()
      res.end()
    },
  }
  const beat = setInterval(() => write(': beat\n\n'), HEARTBEAT_MS).unref()
  const end = setTimeout(() => viewer.leave(), LIFE_MS).unref()
  hub.viewers.add(viewer)
  hub.wake()
  res.on('close', () => viewer.leave())
}

/** One watch over the database for all open pages of an engine; none while nobody looks. */
interface Hub {
  viewers: Set<Viewer>
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
  let stop: (() => void) | null = null
  let seen: Seen | null = null
  let asking = false

  const look = async (): Promise<void> => {
    if (asking || viewers.size === 0) return
    if (engine.state === 'closing' || engine.state === 'closed') {
      for (const viewer of [...viewers]) viewer.leave()
      return
    }
    asking = true
    try {
      const now = await see(engine, viewers)
      if (seen) for (const viewer of viewers) if (isNews(viewer, seen, now)) viewer.tell(now.change)
      seen = now
    } catch (error) {
      // The pages reconnect and fetch when the database is back.
      engine.log.debug({ error: reasonOf(error) }, 'the live watch could not ask the database')
    }
    asking = false
  }

  return {
    viewers,
    wake() {
      timer ??= setInterval(() => void look(), POLL_MS).unref()
      stop ??= engine.onChange((conversation) => {
        for (const viewer of viewers)
          if (conversation === null || viewer.conversation === null || viewer.conversation === conversation) viewer.tell(engine.now())
      })
      void look()
    },
    rest() {
      if (viewers.size > 0) return
      if (timer) clearInterval(timer)
      stop?.()
      timer = null
      stop = null
      seen = null
    },
  }
}

interface Seen {
  /** The newest change over all conversations; the id of what is told. */
  change: number
  /** Changes when something came or was written that did not move `change`: events of no conversation, rows of an instance whose clock is behind. */
  rows: string
  conversations: ReadonlyMap<number, number>
}

async function see(engine: Engine, viewers: ReadonlySet<Viewer>): Promise<Seen> {
  const db = engine.db.read
  const open = [...new Set([...viewers].map((viewer) => viewer.conversation).filter((id) => id !== null))]
  const [change, event, message, troubled, conversations] = await Promise.all([
    newestChange(db),
    newestEvent(db),
    newestMessage(db),
    countEvents(db, ['needs_attention', 'retrying'], 1000),
    open.length === 0 ? new Map<number, number>() : changesOf(db, open),
  ])
  return { change, rows: `${event}.${message}.${troubled}`, conversations }
}

function isNews(viewer: Viewer, before: Seen, now: Seen): boolean {
  if (viewer.conversation === null) return now.change !== before.change || now.rows !== before.rows
  const known = before.conversations.get(viewer.conversation)
  return known !== undefined && known !== now.conversations.get(viewer.conversation)
}
