import { reasonOf, WaError } from '../errors'
import type { Logger } from '../log'
import type { Incoming } from '../model/event'
import type { Knock, Provider } from '../providers/provider'
import type { Db } from '../store/database'
import type { HeadText } from '../store/heads'
import { isBroken, isOutage } from '../store/outage'
import type { Post } from './post'
import { type Met, storeTogether } from './together'
import { usualOf } from './usual'
import { storeWithCare } from './with-care'

/** Bodies in one commit at most. */
const BATCH = 512
/** A provider waits ten seconds for us. What is not stored by then is refused; should it be stored after all, it is known when it comes again. */
const ACK_MS = 7000
const LOOK_MS = 500
/** Bytes that may wait for their commit: while the database is held, more would fill the memory and still be refused. */
const WAITING_BYTES = 64 * 1024 * 1024

export interface DoorParts {
  db: () => Db
  providers: ReadonlyMap<string, Provider>
  now: () => number
  log: Logger
  /** New events stand in the inbox. */
  arrived: (conversationIds: readonly number[], heads: readonly HeadText[]) => void
  /** Whether they are handled at once, so that they are looked at as they are stored. */
  isAtOnce: () => boolean
  /** Something knocked that was not let in: counted, and told seldom. */
  refused: (number: string, status: number, reason: string) => void
  /** Something authentic came. */
  heard: (number: string) => void
}
export interface Answered {
  status: number
  headers: Record<string, string>
  body: string
}
/**
 * The webhook door. The 200 is a promise: it is given after the commit, and never waits for a listener.
 * Bodies that arrive together share one transaction, so that a burst costs one fsync and not hundreds.
 */
export function createDoor(parts: DoorParts): (number: string, knock: Knock) => Promise<Answered> {
  const queue: Post[] = []
  const met: Met = new Map()
  let storing = false
  /** Posts that lately waited at once: with the database, and for it. */
  let abreast = 0
  let enough = (): void => {}
  let waiting = 0

  const stored = (posts: readonly Post[], touched: readonly number[], heads: readonly HeadText[] = []): void => {
    for (const post of posts) post.resolve()
    // Once they are answered.
    setImmediate(() => parts.arrived(touched, heads))
  }
  const failed = (posts: readonly Post[], error: unknown): void => {
    for (const post of posts) post.reject(error)
  }
  const storeAll = async (posts: readonly Post[]): Promise<void> => {
    const db = parts.db()
    const now = parts.now()
    let others = posts
    try {
      const done = await storeTogether(db, posts, met, now, parts.isAtOnce())
      if (done.stored.length > 0) stored(done.stored, done.touched, done.heads)
      others = done.others
    } catch (error) {
      // A connection that broke is replaced at once: a provider that comes again twice at most need not be sent away for it.
      if (isOutage(error) && !isBroken(error)) return failed(posts, error)
      parts.log.debug({ error: reasonOf(error) }, 'a batch of webhooks was refused; each is stored alone')
    }
    if (others.length > 0) await storeWithCare(db, others, now, stored, failed)
  }

  const isEnough = (): boolean => queue.length * 2 >= abreast
  /** Half of those who came at once are worth a commit, so that the other half is read meanwhile: with all of them, nobody would have anything to do during it. */
  const gathered = (): Promise<void> =>
    new Promise((go) => {
      enough = go
      // Whoever has not come by then is not on their way.
      setImmediate(() => setImmediate(go))
    })

  const storeQueue = async (): Promise<void> => {
    storing = true
    let batch: Post[] = []
    // One timer for all of them: a timer a body would cost more than reading it.
    const watch = setInterval(() => failed([...batch, ...queue].filter(isLate), tooLate()), LOOK_MS)
    while (queue.length > 0) {
      if (!isEnough()) await gathered()
      batch = queue.splice(0, BATCH)
      await storeAll(batch).catch((error: unknown) => failed(batch, error))
      abreast = batch.length + queue.length
    }
    clearInterval(watch)
    storing = false
  }

  const commit = (number: string, body: Buffer, read: () => readonly Incoming[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const usual = usualOf(parts.db(), number, read(), parts.now())
      queue.push({ number, body, items: read, usual, since: performance.now(), resolve, reject })
      if (!storing) void storeQueue()
      else if (isEnough()) enough()
    })

  return async (number, knock) => {
    const provider = parts.providers.get(number)
    if (!provider) return answer(404, 'there is no such number here')
    const verdict = provider.verify(knock)
    if ('answer' in verdict) return { status: verdict.answer.status, headers: { 'Content-Type': verdict.answer.contentType }, body: verdict.answer.body }
    if (!verdict.ok) {
      parts.refused(number, verdict.status, verdict.reason)
      return answer(verdict.status, verdict.status === 503 ? 'not configured yet' : 'refused', verdict.status === 503 ? { 'Retry-After': '30' } : {})
    }
    if (knock.method === 'GET') return answer(200, 'ok')
    parts.heard(number)
    try {
      if (waiting + knock.body.length > WAITING_BYTES) throw new WaError('WA_DATABASE', 'Too much waits for the database already.')
      waiting += knock.body.length
      await commit(number, knock.body, () => provider.parse(knock.body)).finally(() => {
        waiting -= knock.body.length
      })
      return STORED
    } catch (error) {
      parts.log.error({ number, error: reasonOf(error) }, 'a webhook could not be stored; the provider is asked to come again')
      return answer(503, 'try again', { 'Retry-After': '30' })
    }
  }
}

const isLate = (post: Post): boolean => performance.now() - post.since > ACK_MS
const tooLate = (): WaError => new WaError('WA_DATABASE', `The database did not take it within ${ACK_MS / 1000} s.`)

/** Providers read the status alone. */
const STORED: Answered = { status: 200, headers: {}, body: '' }
const answer = (status: number, body: string, headers: Record<string, string> = {}): Answered => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
  body,
})
