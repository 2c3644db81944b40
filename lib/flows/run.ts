import { WaError } from '../errors'
import type { SentMessage } from '../model/message'
import { messageIn } from '../outbox/resolve'
import type { Step } from '../store/conversations'
import { messageById } from '../store/messages'
import { type AskOptions, type Attempt, type ContextParts, createContext, guardOf, mustGoOn, waiting } from './context'
import { offeredIds } from './facts'
import { type FlowDefinition, type Flows, type Move, mustStep } from './flow'
import type { Listeners } from './listeners'
import { ASK_AGAIN } from './plan'
import { type Place, type Utterance, utter, whatOf } from './voice'

/** A flow that goes from step to step without waiting is a loop: it stops here. */
const LONGEST_WALK = 30

/** Runs one listener at one event: a listener of the host, a step of a flow, or the question said again. */
export async function runListener(parts: ContextParts, listeners: Listeners, flows: Flows, attempt: Attempt, snapshot: Step | null): Promise<void> {
  const context = contextFor(parts, flows, attempt)
  if (attempt.listener === ASK_AGAIN) return askAgain(parts, attempt, snapshot)
  if (attempt.listener.startsWith('flow:') && snapshot) {
    const target = attempt.listener.slice(`flow:${snapshot.flow}:`.length)
    const flow = flows.get(snapshot.flow)
    if (!flow) throw gone(`flow "${snapshot.flow}"`)
    return walk(parts, flows, attempt, context.place, flow, target, { ...snapshot.data })
  }
  const listener = listeners.all.get(attempt.listener)
  if (!listener) throw gone(`listener "${attempt.listener}"`)
  const data = listener.parse && attempt.facts?.reply ? { data: listener.parse(attempt.facts.reply.id) } : {}
  await (listener.fn as (context: unknown) => unknown)(Object.assign(context.given, data))
}

const gone = (what: string): WaError =>
  new WaError('WA_STATE', `The ${what} is not registered any more, and an event waits for it. Register it again, or discard the event.`)

function contextFor(parts: ContextParts, flows: Flows, attempt: Attempt) {
  // Steps of a flow have a sequence of calls of their own, so that what a step says does not depend on what was said before it began.
  let calls = 0
  const place = (): Place => {
    mustGoOn(attempt)
    return { event: attempt.event, listener: `${attempt.listener}>flow`, call: calls++ }
  }
  const given = createContext(parts, attempt, (flow, data) => {
    flows.add(flow)
    return walk(parts, flows, attempt, place, flow, 'start', { ...structuredClone(flow.data), ...data })
  })
  return { given, place }
}

/** The same question again, in the words that `retry` gave, or in its own. */
async function askAgain(parts: ContextParts, attempt: Attempt, step: Step | null): Promise<void> {
  if (!step) return
  const asked = step.messageId === null ? null : await messageById(parts.db().write, step.messageId)
  const what = step.retry !== null ? whatOf(step.retry, undefined, 'words') : asked ? { message: asked.payload as SentMessage } : null
  if (!what) return
  await utter(
    parts,
    { event: attempt.event, listener: ASK_AGAIN, call: 0 },
    { what, to: { id: attempt.contact.id }, number: attempt.conversation.number, answering: true, conversation: attempt.conversation },
  )
}

/** Walks a flow from a step until it waits or ends; a flow that it starts on its way is walked on, and counted with it: two may start each other. */
async function walk(
  parts: ContextParts,
  flows: Flows,
  attempt: Attempt,
  place: () => Place,
  begun: FlowDefinition,
  from: string,
  known: Record<string, unknown>,
): Promise<void> {
  let [flow, step, data] = [begun, from, known]
  const visits = new Map<string, number>()
  for (let steps = 0; steps < LONGEST_WALK; steps++) {
    const stop = `${flow.name}:${step}`
    const visit = (visits.get(stop) ?? 0) + 1
    visits.set(stop, visit)
    // The same words of another flow's step, or of a second visit, are words of their own.
    const listener = `${attempt.listener}>${stop}${visit > 1 ? `#${visit}` : ''}`
    const move = await take(parts, flows, { ...attempt, listener }, flow, step, data)
    if (move.move === 'go') {
      step = mustStep(flow, move.step)
      continue
    }
    if (move.move === 'start') {
      const next = flows.get(move.flow)
      if (!next) throw gone(`flow "${move.flow}"`)
      ;[flow, step, data] = [next, 'start', structuredClone(next.data)]
      continue
    }
    if (move.move === 'end') return end(parts, attempt, place, move.text)
    return wait(parts, attempt, place, flow, move, data)
  }
  throw new WaError('WA_STATE', `Flow "${flow.name}" took ${LONGEST_WALK} steps without waiting for the customer: a loop between its steps.`)
}

async function take(parts: ContextParts, flows: Flows, attempt: Attempt, flow: FlowDefinition, step: string, data: Record<string, unknown>): Promise<Move> {
  const fn = flows.fnOf(flow.name, step, attempt.facts?.reply?.id ?? null)
  if (!fn) throw new WaError('WA_STATE', `Step "${step}" of flow "${flow.name}" has no place for this reply.`)
  const base = createContext(parts, attempt, () => Promise.reject(new WaError('WA_STATE', 'A step starts another flow by returning start(flow).')))
  const given = {
    ...base,
    data,
    text: attempt.facts?.text ?? '',
    ask: (what: Utterance, next: string | Record<string, string>, ...rest: unknown[]): Move => ({ move: 'ask', what, next, rest }),
    go: (next: string): Move => ({ move: 'go', step: next }),
    end: (text?: string): Move => ({ move: 'end', text: text ?? null }),
    start: (next: FlowDefinition): Move => {
      flows.add(next)
      return { move: 'start', flow: next.name }
    },
  }
  const move = (await (fn as (context: unknown) => unknown)(given)) as Move | undefined
  if (move && typeof move === 'object' && 'move' in move) return move
  throw new WaError('WA_STATE', `Step "${step}" of flow "${flow.name}" returned nothing to do. End it with return ask(…), go(…), start(…) or end(…).`)
}

async function wait(
  parts: ContextParts,
  attempt: Attempt,
  place: () => Place,
  flow: FlowDefinition,
  move: Extract<Move, { move: 'ask' }>,
  data: Record<string, unknown>,
): Promise<void> {
  const [variables, options] = move.rest as [unknown, AskOptions | undefined]
  const steps = typeof move.next === 'string' ? null : move.next
  const name = typeof move.next === 'string' ? mustStep(flow, move.next) : ''
  for (const next of Object.values(steps ?? {})) mustStep(flow, next)
  const what = whatOf(move.what as Utterance, variables, 'words')
  const now = parts.now()
  await utter(
    parts,
    place(),
    { what, to: { id: attempt.contact.id }, number: attempt.conversation.number, answering: true, conversation: attempt.conversation },
    (drawn) => waiting({ flow: flow.name, name, data, ids: offeredIds(messageIn(drawn)), steps }, options, now),
  )
}

async function end(parts: ContextParts, attempt: Attempt, place: () => Place, text: string | null): Promise<void> {
  if (text !== null)
    await utter(parts, place(), {
      what: whatOf(text, undefined, 'words'),
      to: { id: attempt.contact.id },
      number: attempt.conversation.number,
      answering: true,
      conversation: attempt.conversation,
    })
  mustGoOn(attempt)
  await parts.clearStep(attempt.conversation.id, guardOf(parts, attempt))
}
