import type { Knex } from 'knex'

type Work<T> = (trx: Knex.Transaction) => Promise<T>
interface Turn {
  work: Work<unknown>
  done: (value: unknown) => void
  failed: (error: unknown) => void
  patience: NodeJS.Timeout
}

/** So many share a commit, and none begins once it has been put off for so long: readers of the same connection wait meanwhile. */
const MOST = 32
const LONGEST_MS = 15

/**
 * Turns to write, one after the other, for an engine with one writer. Those that wait already share the commit of the one before them, because the
 * commit, which waits for the disk, takes longest. Each is told that it is done after that commit; one that fails is undone alone.
 */
export function createTurns(
  transact: <T>(work: Work<T>) => Promise<T>,
  { patienceMs, longestMs = LONGEST_MS }: { /** Whose turn does not come within it is refused. */ patienceMs: number; longestMs?: number },
): <T>(work: Work<T>) => Promise<T> {
  const waiting = new Set<Turn>()
  let underway = false

  const next = (): Turn | undefined => {
    for (const turn of waiting) {
      waiting.delete(turn)
      clearTimeout(turn.patience)
      return turn
    }
    return undefined
  }

  const share = async (): Promise<void> => {
    const taken: { turn: Turn; value: unknown }[] = []
    const take = async (trx: Knex.Transaction, turn: Turn): Promise<void> => {
      const mine: (typeof taken)[number] = { turn, value: undefined }
      taken.push(mine)
      if (taken.length === 1) {
        mine.value = await turn.work(trx)
        return
      }
      await trx.raw('savepoint wa_turn')
      try {
        mine.value = await turn.work(trx)
      } catch (error) {
        // What sqlite has undone by itself, as when the disk is full, is undone for all of them.
        await trx.raw('rollback to wa_turn').catch(() => {
          throw error
        })
        taken.pop()
        turn.failed(error)
      }
      await trx.raw('release wa_turn')
    }
    try {
      await transact(async (trx) => {
        const until = performance.now() + longestMs
        for (let turn = next(); turn; turn = taken.length < MOST && performance.now() < until ? next() : undefined) await take(trx, turn)
      })
      for (const { turn, value } of taken) turn.done(value)
    } catch (error) {
      // There was no connection, or no lock: nobody's turn came, and all have waited for it.
      if (taken.length === 0) for (let turn = next(); turn; turn = next()) turn.failed(error)
      for (const { turn } of taken) turn.failed(error)
    }
  }
  const go = async (): Promise<void> => {
    while (waiting.size > 0) await share()
    underway = false
  }

  return <T>(work: Work<T>) =>
    new Promise<T>((done, failed) => {
      const patience = setTimeout(() => {
        if (waiting.delete(turn)) failed(new Error(`Timeout acquiring a connection: the writers before this one took longer than ${patienceMs} ms.`))
      }, patienceMs)
      const turn: Turn = { work, done: done as Turn['done'], failed, patience }
      waiting.add(turn)
      if (underway) return
      underway = true
      void go()
    })
}
