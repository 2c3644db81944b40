import { HEARD_AS, TURNS } from '../model/event'
import type { Step } from '../store/conversations'
import type { Facts } from './facts'
import type { Flows } from './flow'
import type { Listener, Listeners } from './listeners'

/** Which listeners hear an event, decided once and written down: a retry, a deploy or another instance finds the same ones. */
export interface Plan {
  runs: { listener: string; snapshot: Step | null }[]
  /** The customer no longer stands where they stood: what they said was the answer, or they changed the subject. */
  leavesStep: boolean
}

/** Says the asked words again, or the `retry` words: an answer that does not fit is no answer. */
export const ASK_AGAIN = 'ask-again'

export interface Scene {
  facts: Facts
  number: string
  step: Step | null
  mode: 'bot' | 'person'
  now: number
}

/**
 * `on` hears all of its kind. Beside it exactly one of these, the first that matches: a waiting answer or flow step, `onReplyTo`, `onReply`, `unmatched`.
 * While a person is in charge only listeners with `whilePerson` run.
 */
export function planMessage(scene: Scene, listeners: Listeners, flows: Flows): Plan {
  const person = scene.mode === 'person'
  const runs = listeners
    .hearing(HEARD_AS[scene.facts.type], scene.number)
    .filter((listener) => !person || listener.whilePerson)
    .map((listener) => ({ listener: listener.name, snapshot: null as Step | null }))
  if (!TURNS.has(scene.facts.type)) return { runs, leavesStep: false }
  const step = scene.step && (scene.step.expiresAt === null || scene.step.expiresAt > scene.now) ? scene.step : null
  const expired = scene.step !== null && step === null
  const one = oneOf(scene, step, listeners, flows)
  if (!one || (person && !one.listener.whilePerson)) return { runs, leavesStep: expired && !person }
  return { runs: [...runs, { listener: one.listener.name, snapshot: one.snapshot }], leavesStep: one.leavesStep || expired }
}

interface One {
  listener: Pick<Listener, 'name' | 'whilePerson'>
  snapshot: Step | null
  leavesStep: boolean
}

function oneOf(scene: Scene, step: Step | null, listeners: Listeners, flows: Flows): One | null {
  const { reply } = scene.facts
  const answer = step ? answerTo(scene.facts, step, listeners, flows) : null
  if (answer) return answer
  const heard = reply ? listeners.forReply(reply.menu?.key ?? reply.likelyMenu, reply.id, scene.number) : null
  // A tap on another menu, which somebody listens to, is a change of subject: what was asked before is no longer waited for.
  if (heard) return { listener: heard, snapshot: null, leavesStep: step !== null }
  const unmatched = listeners.unmatched(scene.number)
  return unmatched ? { listener: unmatched, snapshot: null, leavesStep: false } : null
}

/** Whether what was said answers what was asked, and who hears it. */
function answerTo(facts: Facts, step: Step, listeners: Listeners, flows: Flows): One | null {
  if (facts.reply && !tapBelongs(facts.reply.id, facts.reply.menu?.messageId ?? null, step)) return null
  if (step.flow !== '') {
    const target = flows.stepFor(step, facts.reply?.id ?? null)
    if (target === null) return null
    return fits(facts, step)
      ? { listener: { name: `flow:${step.flow}:${target}` }, snapshot: step, leavesStep: true }
      : { listener: { name: ASK_AGAIN }, snapshot: step, leavesStep: false }
  }
  const listener: One['listener'] = listeners.forAnswer(step.name) ?? { name: `answer:${step.name}` }
  return fits(facts, step)
    ? { listener, snapshot: step, leavesStep: true }
    : { listener: { name: ASK_AGAIN, ...(listener.whilePerson ? { whilePerson: true } : {}) }, snapshot: step, leavesStep: false }
}

/** A tap answers the menu that was asked with: the very message, or without context one of its ids. */
function tapBelongs(id: string, messageId: string | null, step: Step): boolean {
  if (messageId !== null) return messageId === String(step.messageId)
  return step.ids.includes(id)
}

function fits(facts: Facts, step: Step): boolean {
  if (step.pattern === null || facts.reply) return true
  if (facts.text === null) return false
  return new RegExp(step.pattern[0], step.pattern[1].replace('g', '')).test(facts.text.trim())
}
