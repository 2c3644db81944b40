import type { Knex } from 'knex'

type Work<T> = (trx: Knex.Transaction) => Promise<T>
interface Turn {
  work: Work<unknown>
  done: (value: unknown) => void
  failed: (error: unknown) => void
}

/** So many share a commit, and none begins once it has been put off for so long: readers of the same connection wait meanwhile. */
const MOST = 32
const LONGEST_MS = 15

/**
 * Turns to write, one after the other, for an engine with one writer. Those that wait already share the commit of the one before them, because the
 * commit, which waits for the disk, takes longest. Each is told that it is done after that commit; one that fails is undone alone.
 */
export function createTurns(transact: <T>(work: Work<T>) => Promise<T>, longestMs = LONGEST_MS): <T>(work: Work<T>) => Promise<T> {
  const waiting: Turn[] = []
  let underway = false

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
        for (let turn = waiting.shift(); turn; turn = taken.length < MOST && performance.now() < until ? waiting.shift() : undefined) await take(trx, turn)
      })
      for (const { turn, value } of taken) turn.done(value)
    } catch (error) {
      // There was no connection, or no lock: nobody's turn came, and all have waited for it.
      const concerned = taken.length > 0 ? taken.map(({ turn }) => turn) : waiting.splice(0)
      for (const turn of concerned) turn.failed(error)
    }
  }
  const go = async (): Promise<void> => {
    while (waiting.length > 0) await share()
    underway = false
  }

  return <T>(work: Work<T>) =>
    new Promise<T>((done, failed) => {
      waiting.push({ work, done: done as Turn['done'], failed })
      if (underway) return
      underway = true
      void go()
    })
}
