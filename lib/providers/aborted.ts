/** What is to be told when a signal aborts. A signal keeps its listeners in a list that every removal walks: under load one that stands for all is cheaper. */
const told = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `tell` when the signal aborts, and not at all when it has. Answers how to have it forgotten. */
export function whenAborted(signal: AbortSignal, tell: () => void): () => void {
  let tellings = told.get(signal)
  if (!tellings) {
    const all = new Set<() => void>()
    tellings = all
    told.set(signal, all)
    signal.addEventListener('abort', () => {
      for (const one of all) one()
    })
  }
  const mine = tellings
  mine.add(tell)
  return () => void mine.delete(tell)
}
