import { checkFlow, type FlowDefinition, type Steps } from './flow'
import type { Flow, StepFn } from './types'

/**
 * A talk in several steps: `start` begins it, every other step hears an answer. A step is a function, or one function for each reply id
 * (`'slot:'` for all that begin so). Between two steps stands a row, not a promise.
 */
export function flow<const N extends string, K extends string, D extends object = Record<string, unknown>>(
  name: N,
  steps: { [S in K]: StepFn<K, NoInfer<D>> | { [reply: string]: StepFn<K, NoInfer<D>> } },
  options: { data?: D } = {},
): Flow<N> {
  checkFlow(name, steps as unknown as Steps)
  const definition: FlowDefinition & { readonly name: N } = { name, steps: steps as unknown as Steps, data: (options.data ?? {}) as Record<string, unknown> }
  return definition
}
