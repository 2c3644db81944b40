import { after } from 'node:test'
import type { RunningEngine } from '../../../lib/build-engine'
import { type WaOptions, waInteractive } from '../../../lib/index'
import { knockOf, says } from '../../../lib/providers/simulated'
import { ENGINE } from '../../../lib/wa'

const opened: { close(options: { timeoutMs: number }): Promise<void> }[] = []
// What a failed test left open would keep its file from ending.
after(async () => {
  for (const wa of opened) await wa.close({ timeoutMs: 0 })
})

export const engineOf = (wa: unknown): RunningEngine => (wa as { [ENGINE]: RunningEngine })[ENGINE]

/** A host in this process, with a clock of its own that can be moved. */
export async function hostOn(database: NonNullable<WaOptions['database']>, options: WaOptions = {}) {
  const clock = { ahead: 0 }
  const wa = waInteractive({ database, logger: false, autoStart: false, now: () => new Date(Date.now() + clock.ahead), ...options })
  opened.push(wa)
  const engine = engineOf(wa)
  let words = 0
  /** A customer's word knocks at the door; answers the status. */
  const hears = async (from: string, text: string, id = `in-${from}-${++words}-${Math.random()}`): Promise<number> => {
    const answer = await engine.knock('default', knockOf({ from: { phone: from }, at: engine.now(), id, content: says(text), replyTo: null }))
    return answer.status
  }
  return { wa, engine, clock, hears }
}

/** Resolves when `look` answers true; asks the database again every few milliseconds, for so long at most. */
export async function until(look: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`it did not come true within ${ms} ms: ${look}`)
    await new Promise((wake) => setTimeout(wake, 5))
  }
}
