import { WaError } from '../errors'
import { suggest } from '../model/suggest'
import type { Step } from '../store/conversations'

/** What a step wants next. Data, so that a wait is a row and not a promise. */
export type Move =
  | { move: 'ask'; what: unknown; next: string | Record<string, string>; rest: readonly unknown[] }
  | { move: 'go'; step: string }
  | { move: 'end'; text: string | null }
  | { move: 'start'; flow: string }

type StepFn = (context: never) => unknown
export type Steps = Record<string, StepFn | Record<string, StepFn>>

/** A talk in several steps. `start` begins it; every other step hears an answer. */
export interface FlowDefinition {
  readonly name: string
  readonly steps: Steps
  readonly data: Record<string, unknown>
}

/** The flows of one host, by name. */
export interface Flows {
  get(name: string): FlowDefinition | null
  add(flow: FlowDefinition): void
  /** Name of the step that hears an answer to what was asked; null when no step has a place for this reply. */
  stepFor(step: Step, replyId: string | null): string | null
  /** The function of a step, for this reply when the step is a map. */
  fnOf(flow: string, step: string, replyId: string | null): StepFn | null
}

export function createFlows(): Flows {
  const flows = new Map<string, FlowDefinition>()
  const fnOf = (flow: string, name: string, replyId: string | null): StepFn | null => {
    const step = flows.get(flow)?.steps[name]
    if (step === undefined || typeof step === 'function') return step ?? null
    if (replyId === null) return null
    return step[replyId] ?? Object.entries(step).find(([prefix]) => prefix.endsWith(':') && replyId.startsWith(prefix))?.[1] ?? null
  }
  return {
    get: (name) => flows.get(name) ?? null,
    fnOf,
    add(flow) {
      const known = flows.get(flow.name)
      if (known && known !== flow) throw new WaError('WA_LISTENER_DUPLICATE', `There are two flows named "${flow.name}". Give each a name of its own.`)
      flows.set(flow.name, flow)
    },
    stepFor(step, replyId) {
      const name = step.steps === null ? step.name : replyId === null ? null : (step.steps[replyId] ?? prefixed(step.steps, replyId))
      // A step whose flow is gone is still the one that waits: its run fails by name, visibly, and is not lost.
      if (name === null || flows.get(step.flow) === undefined) return name
      return fnOf(step.flow, name, replyId) ? name : null
    },
  }
}

const prefixed = (steps: Record<string, string>, replyId: string): string | null =>
  Object.entries(steps).find(([pattern]) => pattern.includes('{{') && replyId.startsWith(pattern.slice(0, pattern.indexOf('{{'))))?.[1] ?? null

/** With the name of its flow it stands in the row of a run. */
const LONGEST_STEP = 128

/** Checks at definition what would otherwise be found by a customer: a start, and names that exist. */
export function checkFlow(name: string, steps: Steps): void {
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(name)) throw new WaError('WA_OPTION_INVALID', `Flow "${name}": a name has letters, digits, - and _ only, at most 64.`)
  if (typeof steps.start !== 'function')
    throw new WaError('WA_OPTION_INVALID', `Flow "${name}" has no step "start". Every flow begins there.`, [{ path: `flow.${name}`, message: 'no start' }])
  for (const step of Object.keys(steps))
    if (step.length > LONGEST_STEP)
      throw new WaError(
        'WA_OPTION_INVALID',
        `Flow "${name}": the name of the step "${step.slice(0, 40)}…" has ${step.length} characters; at most ${LONGEST_STEP}.`,
        [{ path: `flow.${name}`, message: 'name of a step too long', actual: step.length, limit: LONGEST_STEP }],
      )
}

/** The step a move names, or an error that names the nearest. */
export function mustStep(flow: FlowDefinition, step: string): string {
  if (flow.steps[step] !== undefined) return step
  const near = suggest(step, Object.keys(flow.steps))
  throw new WaError('WA_OPTION_INVALID', `Flow "${flow.name}" has no step "${step}".${near ? ` Did you mean "${near}"?` : ''}`)
}
