/**
 * Writes of many callers as few: those of one turn of the event loop share one, and those that come while it is under way the next. Resolves for each once its own is committed.
 * `write` answers in the order of what it is given. One that it refuses is written alone, so that it keeps none of its neighbours from being written.
 */
export function gather<One, Done>(write: (batch: readonly One[]) => Promise<readonly Done[]>, most: number): (one: One) => Promise<Done> {
  const waiting: { one: One; resolve: (done: Done) => void; reject: (error: unknown) => void }[] = []
  let writing = false

  const writeSome = async (batch: typeof waiting): Promise<void> => {
    try {
      const done = await write(batch.map(({ one }) => one))
      for (const [at, { resolve }] of batch.entries()) resolve(done[at] as Done)
    } catch (error) {
      if (batch.length > 1) for (const single of batch) await writeSome([single])
      else for (const { reject } of batch) reject(error)
    }
  }
  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) await writeSome(waiting.splice(0, most))
    writing = false
  }

  return (one) =>
    new Promise((resolve, reject) => {
      waiting.push({ one, resolve, reject })
      if (writing) return
      writing = true
      setImmediate(() => void writeAll())
    })
}
