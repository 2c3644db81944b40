import type { Knex } from 'knex'
import type { Taken } from './provider'

/** What the outside world knows. */
export interface World {
  /** Words that were answered with 200, by customer, in their order. */
  acked: ReadonlyMap<string, readonly string[]>
  /** What the provider took, in its order. */
  taken: readonly Taken[]
  /** Words in the order in which the listeners came to their end, by customer; without it the times in the rows say so. (A clock that was moved cannot.) */
  heard?: ReadonlyMap<string, readonly string[]>
  /** Refs of messages that a person sent again: their turn is the person's choice. */
  sentAgain?: ReadonlySet<string>
}

const FINAL_EVENTS = ['done', 'unhandled', 'needs_attention', 'discarded', 'unrecognised']
const REACHED = ['accepted', 'sent', 'delivered', 'read', 'played']
const LEASE_MS = 60_000
/** What stands before the customer's word in the answer to it. */
const ANSWER = /^(?:said|asked|answered): (.*)$/

interface EventRow {
  id: number
  type: string
  state: string
  late: number
  crashes: number
  finished_at: number | null
  text: string | null
  conversation_id: number | null
  lease_until: number | null
}
interface MessageRow {
  id: number
  status: string
  ref: string
  text: string
  conversation_id: number
  lease_until: number | null
}

/**
 * What must hold when everything has come to rest, whatever was killed on the way. Answers every breach in words; none is what we want.
 * I1 acked: there once. I2 every event ended. I3 the provider took nothing twice. I4 sent means taken, failed means not. I5 a listener completes an
 * event once, and says what it says once. I6 one customer is heard and answered in order. I7 no lease lingers. I8 the file is whole.
 */
export async function checkInvariants(db: Knex, world: World): Promise<string[]> {
  const events = ((await db('wa_events as e').leftJoin('wa_messages as m', 'm.id', 'e.message_id').select('e.*', 'm.text').orderBy('e.id')) as EventRow[]).map(
    (row) => numbersOf(row, ['id', 'finished_at', 'conversation_id', 'lease_until']),
  )
  const sent = ((await db('wa_messages').where({ direction: 'out' }).orderBy('id')) as MessageRow[]).map((row) =>
    numbersOf(row, ['id', 'conversation_id', 'lease_until']),
  )
  return [
    ...ackedOnce(events, world.acked),
    ...allEnded(events, sent),
    ...nothingTwice(world.taken),
    ...sentMeansTaken(sent, world.taken),
    ...(await completedOnce(db)),
    ...answeredOnce(events, sent),
    ...inOrder(events, world),
    ...noLingeringLease(events, sent),
    ...(await whole(db)),
  ]
}

function ackedOnce(events: readonly EventRow[], acked: World['acked']): string[] {
  const stored = countOf(events.filter((event) => event.type === 'text').map((event) => event.text ?? ''))
  const promised = [...acked.values()].flat()
  return [
    ...promised.filter((text) => !stored.has(text)).map((text) => `I1 "${text}" was answered with 200 and is lost`),
    ...[...stored].filter(([, times]) => times > 1).map(([text, times]) => `I1 "${text}" is there ${times} times`),
  ]
}

function allEnded(events: readonly EventRow[], sent: readonly MessageRow[]): string[] {
  return [
    ...events.filter((event) => !FINAL_EVENTS.includes(event.state)).map((event) => `I2 event ${event.id} is still ${event.state}`),
    ...events
      // By promise: five processes ended with it in hand, so a person looks at it.
      .filter((event) => event.type === 'text' && event.state !== 'done' && !(event.state === 'needs_attention' && event.crashes >= 5))
      .map((event) => `I2 "${event.text}" ended as ${event.state}, though its listeners succeed`),
    ...sent.filter((message) => ['queued', 'sending'].includes(message.status)).map((message) => `I2 message ${message.id} is still ${message.status}`),
  ]
}

function nothingTwice(taken: readonly Taken[]): string[] {
  const twice = (what: string, counted: Map<string, number>): string[] =>
    [...counted].filter(([, times]) => times > 1).map(([one, times]) => `I3 the provider took ${what} "${one}" ${times} times`)
  return [
    ...twice('ref', countOf(taken.map(({ ref }) => ref))),
    ...twice('the words', countOf(taken.flatMap(({ to, text }) => (ANSWER.test(text) && isWord(text) ? `${to} ${text}` : [])))),
  ]
}

function sentMeansTaken(sent: readonly MessageRow[], taken: readonly Taken[]): string[] {
  const took = countOf(taken.map(({ ref }) => ref))
  return sent.flatMap(({ id, status, ref }) => {
    const times = took.get(ref) ?? 0
    if (REACHED.includes(status)) return times === 1 ? [] : [`I4 message ${id} is ${status}, and the provider took it ${times} times`]
    if (status === 'failed' || status === 'expired' || status === 'canceled')
      return times === 0 ? [] : [`I4 message ${id} is ${status}, and the provider took it`]
    return []
  })
}

async function completedOnce(db: Knex): Promise<string[]> {
  const rows = (await db('wa_runs').where({ state: 'done' }).groupBy('event_id', 'listener').havingRaw('count(*) > 1').select('event_id', 'listener')) as {
    event_id: number
    listener: string
  }[]
  return rows.map((row) => `I5 listener ${row.listener} completed event ${row.event_id} more than once`)
}

function answeredOnce(events: readonly EventRow[], sent: readonly MessageRow[]): string[] {
  const answers = countOf(sent.map((message) => ANSWER.exec(message.text)?.[1] ?? message.text))
  return events
    .filter((event) => event.type === 'text' && event.state === 'done')
    .flatMap((event) => {
      const times = answers.get(event.text ?? '') ?? 0
      return times === 1 ? [] : [`I5 "${event.text}" was answered by ${times} messages`]
    })
}

function inOrder(events: readonly EventRow[], { taken, heard, sentAgain }: World): string[] {
  const breaches: string[] = []
  const lastHeard = new Map<number, EventRow>()
  for (const event of events) {
    if (event.conversation_id === null || event.late === 1 || event.type !== 'text' || event.finished_at === null) continue
    const before = lastHeard.get(event.conversation_id)
    if (before && wordOf(before.text) >= wordOf(event.text)) breaches.push(`I6 "${event.text}" was stored after "${before.text}"`)
    if (!heard && before && (before.finished_at ?? 0) > event.finished_at) breaches.push(`I6 "${event.text}" was heard before "${before.text}"`)
    lastHeard.set(event.conversation_id, event)
  }
  const lateWords = new Set(events.filter((event) => event.late === 1).map((event) => event.text))
  for (const words of heard?.values() ?? []) {
    const inTime = words.filter((word) => isWord(word) && !lateWords.has(word))
    for (const [index, word] of inTime.entries())
      if (wordOf(word) < wordOf(inTime[index - 1] ?? '')) breaches.push(`I6 "${word}" was heard after "${inTime[index - 1]}"`)
  }
  const lastTaken = new Map<string, string>()
  for (const { to, text, ref } of taken) {
    if (sentAgain?.has(ref)) continue
    const word = ANSWER.exec(text)?.[1] ?? null
    if (word === null || !isWord(word) || lateWords.has(word)) continue
    const before = lastTaken.get(to)
    if (before && wordOf(before) > wordOf(word)) breaches.push(`I6 the answer to "${word}" left after the one to "${before}"`)
    lastTaken.set(to, word)
  }
  return breaches
}

/** Taps have no number of their own. */
const isWord = (text: string): boolean => /m\d+$/.test(text)
/** The number at the end of a customer's word. */
const wordOf = (text: string | null): number => Number(/m(\d+)$/.exec(text ?? '')?.[1] ?? 0)

function noLingeringLease(events: readonly EventRow[], sent: readonly MessageRow[]): string[] {
  const oldest = Date.now() - LEASE_MS
  const lingering = [...events, ...sent].filter((row) => row.lease_until !== null && row.lease_until < oldest)
  return lingering.map((row) => `I7 row ${row.id} has a lease that ran out more than a lease ago`)
}

async function whole(db: Knex): Promise<string[]> {
  if (!/sqlite/.test(String(db.client.config.client))) return []
  const rows = (await db.raw('PRAGMA integrity_check')) as { integrity_check: string }[]
  return rows.filter((row) => row.integrity_check !== 'ok').map((row) => `I8 ${row.integrity_check}`)
}

function countOf(words: readonly string[]): Map<string, number> {
  const counted = new Map<string, number>()
  for (const word of words) counted.set(word, (counted.get(word) ?? 0) + 1)
  return counted
}

/** PostgreSQL gives bigint as strings. */
function numbersOf<T extends object>(row: T, columns: readonly (keyof T)[]): T {
  for (const column of columns) if (typeof row[column] === 'string') row[column] = Number(row[column]) as T[keyof T]
  return row
}
