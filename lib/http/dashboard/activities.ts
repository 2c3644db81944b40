import { ASK_AGAIN } from '../../flows/plan'
import { TURNS } from '../../model/event'
import { WINDOW_MS } from '../../model/window'
import type { ConversationRow } from '../../store/conversations'
import { type EventRow, wordlessEvents } from '../../store/events'
import { firstInboundFrom, type MessageRow, messageById, saidLastBefore } from '../../store/messages'
import { type Answer, answersAmong } from '../../store/runs'
import type { Exchange } from '../exchange'
import type { Say } from '../words/say'

/** What happened beside the messages of a page: between them by its time, or right before one of them. */
export interface Activity {
  at: number
  before: number | null
  words: string
}
/** A page of a thread: its messages, oldest first, and whether the conversation begins or ends here. */
export interface Stretch {
  messages: readonly MessageRow[]
  isFirst: boolean
  /** The first message of the next newer page; null on the newest. */
  newer: number | null
}
export interface Happened {
  activities: readonly Activity[]
  /** What a customer's message answered, by its id. */
  answers: ReadonlyMap<number, Answer>
}

const WORDLESS = 50

export async function happenedDuring(x: Exchange, conversation: ConversationRow, stretch: Stretch): Promise<Happened> {
  const query = x.engine.db.read
  const { messages, isFirst, newer } = stretch
  const heard = messages.filter((message) => message.direction === 'in')
  // What was asked on this page may be answered on the next one.
  const following = newer === null ? null : await firstInboundFrom(query, conversation.id, newer)
  const turns = [...heard.map((message) => message.id), ...(following === null ? [] : [following])]
  const [events, next, found, earlier] = await Promise.all([
    wordlessEvents(query, conversation.id, WORDLESS),
    newer === null ? null : messageById(query, newer),
    answersAmong(query, turns),
    isFirst || messages[0] === undefined ? null : saidLastBefore(query, conversation.id, messages[0].id, TURNS),
  ])
  const from = isFirst ? 0 : (messages[0]?.created_at ?? 0)
  const to = next?.created_at ?? Number.POSITIVE_INFINITY
  const answers = new Map(found.map((answer) => [answer.messageId, answer]))
  const activities = [
    ...events.map((event) => ({ at: event.created_at, before: null, words: wordsOf(event, x.t) })),
    ...windowActivities(heard, earlier, conversation, stretch, x),
    ...flowActivities(turns, answers, conversation, stretch, x.t),
  ].filter((activity) => activity.before !== null || (activity.at >= from && activity.at < to))
  return { activities: activities.sort((a, b) => a.at - b.at), answers }
}

function wordsOf(event: EventRow, t: Say): string {
  const { from, by, note } = (event.payload ?? {}) as { from?: string; by?: string | null; note?: string | null }
  if (event.type === 'opt_out') return t('Wants no more messages')
  if (event.type === 'opt_in') return t('Wants messages again')
  const name = by ?? ''
  const what =
    event.type === 'handover'
      ? from === 'staff'
        ? name
          ? t('{name} took over', { name })
          : t('Somebody took over')
        : name
          ? t('Handed over to {name}', { name })
          : t('Handed over to a person')
      : from === 'staff'
        ? name
          ? t('{name} gave back to the bot', { name })
          : t('Somebody gave back to the bot')
        : t('Given back to the bot')
  return note ? t('{what}: {note}', { what, note }) : what
}

/**
 * Where the 24-hour window closed, and which words opened it again. `earlier`: what the customer had said last before this page.
 * It closes 24 hours after what was said last; where that was over before those words arrived, right before the next ones, or at the end:
 * they came a day late, or the phone in the browser let time pass.
 */
function windowActivities(
  heard: readonly MessageRow[],
  earlier: Said | null,
  conversation: ConversationRow,
  { messages, newer }: Stretch,
  x: Exchange,
): Activity[] {
  const activities: Activity[] = []
  let last = earlier
  const close = (next: MessageRow | null): void => {
    if (last === null) return
    const at = last.at + WINDOW_MS
    const words = x.t('The 24-hour window closed')
    if (at >= last.created_at) activities.push({ at, before: null, words })
    else if (next) activities.push({ at: next.created_at, before: next.id, words })
    else if (newer === null) activities.push({ at: messages.at(-1)?.created_at ?? at, before: null, words })
  }
  for (const message of heard.filter(({ type }) => (TURNS as ReadonlySet<string>).has(type))) {
    const isOpening = last === null ? message !== messages[0] : message.at - last.at >= WINDOW_MS
    if (isOpening) {
      close(message)
      activities.push({ at: message.created_at, before: message.id, words: x.t('The 24-hour window opened') })
    }
    last = { at: Math.max(last?.at ?? 0, message.at), created_at: message.created_at }
  }
  // On the newest page as the head of the thread has it.
  if (newer === null && conversation.last_inbound_at !== null) last = { created_at: 0, ...last, at: conversation.last_inbound_at }
  if (last !== null && x.engine.now() >= last.at + WINDOW_MS) close(null)
  return activities
}
type Said = Pick<MessageRow, 'at' | 'created_at'>

/**
 * Where a flow began and ended: a step that was asked after words that answered none of the flow, and an answer after which none was asked.
 * `turns`: ids of what the customer said here, and of what they said next.
 */
function flowActivities(
  turns: readonly number[],
  answers: ReadonlyMap<number, Answer>,
  { step }: ConversationRow,
  { messages, isFirst }: Stretch,
  t: Say,
): Activity[] {
  /** Flows by the message that asked. */
  const asked = new Map<number, string>()
  for (const { flow, messageId } of [...[...answers.values()].map((answer) => answer.step), ...(step ? [step] : [])])
    if (flow !== '' && messageId !== null) asked.set(messageId, flow)
  const occasionOf = (id: number): number | undefined => turns.findLast((turn) => turn < id)
  const takenAt = (turn: number | undefined): Answer | null => {
    const answer = turn === undefined ? undefined : answers.get(turn)
    return answer && answer.listener !== ASK_AGAIN ? answer : null
  }
  const activities: Activity[] = []
  for (const message of messages) {
    const flow = asked.get(message.id)
    const occasion = occasionOf(message.id)
    if (flow !== undefined && (occasion !== undefined || isFirst) && takenAt(occasion)?.step.flow !== flow)
      activities.push({ at: message.created_at, before: message.id, words: t('Flow “{flow}” began', { flow }) })
    const answer = takenAt(message.id)
    if (!answer || answer.step.flow === '' || answer.endedAt === null) continue
    const goesOn = [...asked].some(([id, other]) => other === answer.step.flow && occasionOf(id) === message.id)
    const next = messages.find((one) => one.direction === 'in' && one.id > message.id)
    if (!goesOn) activities.push({ at: answer.endedAt, before: next?.id ?? null, words: t('Flow “{flow}” ended', { flow: answer.step.flow }) })
  }
  return activities
}

/** What a customer's message answered, beside it. */
export function answerWords({ listener, step }: Answer, t: Say): string {
  if (listener === ASK_AGAIN) return t('did not fit, so it was asked again')
  if (step.flow === '') return t('answers “{name}”', { name: step.name })
  return t('answers “{name}” of “{flow}”', { name: listener.slice(`flow:${step.flow}:`.length), flow: step.flow })
}
