import type { Knex } from 'knex'
import type { Taken } from './provider'
import { scripted } from './scripted'

/** What the outside world knows. */
export interface World {
  /** Words that were answered with 200, by customer, in their order: texts, or with a script their ids at the provider. */
  acked: ReadonlyMap<string, readonly string[]>
  /** What the provider took, in its order. */
  taken: readonly Taken[]
  /** Words in the order in which the listeners came to their end, by customer; without it the times in the rows say so. (A clock that was moved cannot.) */
  heard?: ReadonlyMap<string, readonly string[]>
  /** Every end of a listener, as the hosts saw it; what one process saw is in its order. */
  completed: readonly Completion[]
  /** How often a person sent a message again, by ref: that many times more the provider may have taken it, and its turn is the person's choice. */
  sentAgain?: ReadonlyMap<string, number>
  /** For a host whose answers do not quote the word: what answers each word, by its id. Taps are words there too. */
  script?: ReadonlyMap<string, string>
}
/** A listener came to its end. That this is also written down is not yet said. */
export interface Completion {
  process: string
  /** The process did not live to write down all that it had in hand. */
  died: boolean
  event: string
  listener: string
  contact: string
}

const FINAL_EVENTS = ['done', 'unhandled', 'needs_attention', 'discarded', 'unrecognised']
const TAPS = ['list_reply', 'button_reply']
const REACHED = ['accepted', 'sent', 'delivered', 'read', 'played']
/** What stands before the customer's word in the answer to it. */
const ANSWER = /^(?:said|asked|answered): (.*)$/

export interface EventRow {
  id: number
  type: string
  state: string
  late: number
  crashes: number
  finished_at: number | null
  /** What the customer said, in the words of the world; null when it is none of theirs. */
  word: string | null
  conversation_id: number | null
  lease_until: number | null
  lease_token: string | null
}
interface RunRow {
  event_id: number | string
  listener: string
  state: string
  attempts: number
}
export interface MessageRow {
  id: number
  status: string
  ref: string
  text: string
  conversation_id: number
  lease_until: number | null
  lease_token: string | null
}

/**
 * What must hold when everything has come to rest, whatever was killed on the way. Answers every breach in words; none is what we want.
 * I1 acked: there once. I2 every event ended. I3 the provider took nothing twice. I4 sent means taken, failed means not. I5 a listener whose end
 * was written down is not run again, says what it says once, and has come to its end where its event has. I6 one customer is heard and answered in order. I7 what ended holds no lease. I8 the
 * file is whole.
 */
export async function checkInvariants(db: Knex, world: World): Promise<string[]> {
  const said = world.script ? 'm.provider_id as word' : 'm.text as word'
  const events = ((await db('wa_events as e').leftJoin('wa_messages as m', 'm.id', 'e.message_id').select('e.*', said).orderBy('e.id')) as EventRow[])
    .map((row) => numbersOf(row, ['id', 'finished_at', 'conversation_id', 'lease_until']))
    .map((row) => ({ ...row, word: row.type === 'text' || (world.script && TAPS.includes(row.type)) ? row.word : null }))
  const sent = ((await db('wa_messages').where({ direction: 'out' }).orderBy('id')) as MessageRow[]).map((row) =>
    numbersOf(row, ['id', 'conversation_id', 'lease_until']),
  )
  return [
    ...ackedOnce(events, world.acked),
    ...allEnded(events, sent),
    ...nothingTwice(world),
    ...sentMeansTaken(sent, world),
    ...completedOnce(world.completed),
    ...(world.script ? scripted(events, sent, world.taken, world.script, world.acked) : answeredOnce(events, sent)),
    ...(world.script ? endedOnce(events, (await db('wa_runs').orderBy('id')) as RunRow[]) : []),
    ...inOrder(events, world),
    ...noLeaseLeft(events, sent),
    ...(await whole(db)),
  ]
}

function ackedOnce(events: readonly EventRow[], acked: World['acked']): string[] {
  const stored = countOf(events.flatMap(({ word }) => word ?? []))
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
      .filter((event) => event.word !== null && event.state !== 'done' && !(event.state === 'needs_attention' && event.crashes >= 5))
      .map((event) => `I2 "${event.word}" ended as ${event.state}, though its listeners succeed`),
    ...sent.filter((message) => ['queued', 'sending'].includes(message.status)).map((message) => `I2 message ${message.id} is still ${message.status}`),
  ]
}

function nothingTwice({ taken, sentAgain }: World): string[] {
  const own = taken.filter(({ ref }) => !sentAgain?.has(ref))
  const words = own.flatMap(({ to, text }) => (ANSWER.test(text) && isWord(text) ? `${to} ${text}` : []))
  return [
    ...[...countOf(taken.map(({ ref }) => ref))].flatMap(([ref, times]) =>
      times > 1 + (sentAgain?.get(ref) ?? 0) ? [`I3 the provider took ref "${ref}" ${times} times`] : [],
    ),
    ...[...countOf(words)].flatMap(([one, times]) => (times > 1 ? [`I3 the provider took the words "${one}" ${times} times`] : [])),
  ]
}

function sentMeansTaken(sent: readonly MessageRow[], { taken, sentAgain }: World): string[] {
  const took = countOf(taken.map(({ ref }) => ref))
  return sent.flatMap(({ id, status, ref }) => {
    const times = took.get(ref) ?? 0
    if (REACHED.includes(status)) return times >= 1 ? [] : [`I4 message ${id} is ${status}, and the provider never took it`]
    if (status === 'failed' || status === 'expired' || status === 'canceled')
      // Before a person sent it again it may have been taken.
      return times <= (sentAgain?.get(ref) ?? 0) ? [] : [`I4 message ${id} is ${status}, and the provider took it`]
    return []
  })
}

/**
 * A process that dies between a listener's end and the record of it lets the next one run it again: that is the promise, at least once. Nothing else does.
 * What a process did next for the same customer shows that the record was written.
 */
function completedOnce(completed: readonly Completion[]): string[] {
  const pairOf = ({ event, listener }: Completion): string => `listener ${listener} of event ${event}`
  const written = new Set<Completion>()
  const latest = new Map<string, Completion>()
  for (const one of completed) {
    const place = `${one.process} ${one.contact}`
    const before = latest.get(place)
    if (before && pairOf(before) !== pairOf(one)) written.add(before)
    latest.set(place, one)
  }
  for (const one of completed) if (!one.died) written.add(one)
  const breaches: string[] = []
  for (const [pair, times] of countOf(completed.map(pairOf))) {
    if (times === 1) continue
    const all = completed.filter((one) => pairOf(one) === pair)
    if (all.filter((one) => written.has(one)).length > 1) breaches.push(`I5 ${pair} ran again after its end was written down`)
    if (new Set(all.map((one) => one.process)).size < all.length) breaches.push(`I5 ${pair} ended ${times} times, more than once in one process`)
  }
  return breaches
}

/**
 * A host that tells nobody of its listeners' ends is judged by what the library wrote down: where an event is done each of its listeners is, and where
 * listeners never fail an attempt beyond the first was made of something whose end was written down before.
 */
function endedOnce(events: readonly EventRow[], runs: readonly RunRow[]): string[] {
  const done = new Set(events.filter(({ state }) => state === 'done').map(({ id }) => id))
  return runs.flatMap(({ event_id, listener, state, attempts }) => {
    if (!done.has(Number(event_id))) return []
    if (state !== 'done' && state !== 'skipped') return [`I5 listener ${listener} of event ${event_id} is ${state}, and the event is done`]
    return attempts === 1 ? [] : [`I5 listener ${listener} of event ${event_id} came to its end ${attempts} times`]
  })
}

function answeredOnce(events: readonly EventRow[], sent: readonly MessageRow[]): string[] {
  const answers = countOf(sent.map((message) => ANSWER.exec(message.text)?.[1] ?? message.text))
  return events
    .filter((event) => event.word !== null && event.state === 'done')
    .flatMap((event) => {
      const times = answers.get(event.word ?? '') ?? 0
      return times === 1 ? [] : [`I5 "${event.word}" was answered by ${times} messages`]
    })
}

function inOrder(events: readonly EventRow[], { taken, heard, sentAgain }: World): string[] {
  const breaches: string[] = []
  const lastHeard = new Map<number, EventRow>()
  for (const event of events) {
    if (event.conversation_id === null || event.late === 1 || event.word === null || event.finished_at === null) continue
    const before = lastHeard.get(event.conversation_id)
    if (before && wordOf(before.word) >= wordOf(event.word)) breaches.push(`I6 "${event.word}" was stored after "${before.word}"`)
    if (!heard && before && (before.finished_at ?? 0) > event.finished_at) breaches.push(`I6 "${event.word}" was heard before "${before.word}"`)
    lastHeard.set(event.conversation_id, event)
  }
  const lateWords = new Set(events.filter((event) => event.late === 1).map((event) => event.word))
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

function noLeaseLeft(events: readonly EventRow[], sent: readonly MessageRow[]): string[] {
  const held = (what: string, rows: readonly (EventRow | MessageRow)[]): string[] =>
    rows.filter((row) => row.lease_until !== null || row.lease_token !== null).map((row) => `I7 ${what} ${row.id} has come to rest and still holds a lease`)
  return [...held('event', events), ...held('message', sent)]
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
