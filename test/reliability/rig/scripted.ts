import type { EventRow, MessageRow } from './invariants'
import type { Taken } from './provider'

/** What must be so where the host answers by a script: I5 each word is answered by one message, the right one; I6 in the order of the words. */
export function scripted(
  events: readonly EventRow[],
  sent: readonly MessageRow[],
  taken: readonly Taken[],
  script: ReadonlyMap<string, string>,
  acked: ReadonlyMap<string, readonly string[]>,
): string[] {
  const phones = new Map([...acked].flatMap(([phone, words]) => words.map((word) => [word, `+${phone}`])))
  const breaches: string[] = []
  const answered = groupBy(sent, (message) => message.conversation_id)
  const reached = groupBy(taken, ({ to }) => to)
  for (const [conversation, words] of groupBy(events, (event) => (event.word === null ? null : event.conversation_id))) {
    const answers = (answered.get(conversation) ?? []).map(({ text }) => text)
    // A word that went to a person was answered or not, and what is said after it is about something else.
    const straight = words.slice(
      0,
      indexOr(words, ({ state }) => state !== 'done'),
    )
    const right = straight.map(({ word }) => script.get(word ?? ''))
    const wrong = right.findIndex((answer, n) => answer !== answers[n])
    if (wrong >= 0) breaches.push(`I5 "${words[wrong]?.word}" was answered by "${answers[wrong]}" instead of "${right[wrong]}"`)
    const undone = words.length - straight.length
    if (answers.length > words.length || answers.length < words.length - undone)
      breaches.push(`I5 ${words.length} words up to "${words.at(-1)?.word}" were answered by ${answers.length} messages`)
    if (undone === 0) breaches.push(...inOrder(reached.get(phones.get(words[0]?.word ?? '') ?? '') ?? [], answers))
  }
  return breaches
}

/** What the provider took of one conversation is what was decided, in its order, perhaps with gaps. */
function inOrder(reached: readonly Taken[], answers: readonly string[]): string[] {
  let at = 0
  for (const { text, to } of reached) {
    const place = answers.indexOf(text, at)
    if (place < 0) return [`I6 "${text}" reached ${to} after its turn, or once too often`]
    at = place + 1
  }
  return []
}

const indexOr = <T>(list: readonly T[], is: (one: T) => boolean): number => {
  const index = list.findIndex(is)
  return index < 0 ? list.length : index
}

function groupBy<T, K>(list: readonly T[], keyOf: (one: T) => K | null): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of list) {
    const key = keyOf(one)
    if (key === null) continue
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return groups
}
