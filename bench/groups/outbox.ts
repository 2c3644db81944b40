import { type Child, startChild } from '../kit/child'
import { spread } from '../kit/stats'
import { table } from '../kit/table'
import type { Bench } from '../run'

const IN_FLIGHT = 64

/** Messages that leave, each committed before and after, against a loop of fetch that writes nothing down. */
export async function outbox({ databases, effort, say }: Bench): Promise<object> {
  const provider = await startChild('servers/provider.ts')
  const url = `http://127.0.0.1:${await provider.ask<number>({ do: 'port' })}`
  const loop = await startChild('servers/fetch-loop.ts')
  const durable = await startChild('servers/outbox.ts', { BENCH_DATABASE: databases.sqlite(), BENCH_PROVIDER: url, BENCH_IN_FLIGHT: String(IN_FLIGHT) })
  const found: Record<string, { fetch: number[]; outbox: number[] }> = {}
  try {
    for (const [ms, count] of [
      [0, 3000],
      [50, 1280],
    ] as const) {
      await provider.ask({ do: 'delay', ms })
      const send = async (child: Child): Promise<number> => (await child.ask<{ perSecond: number }>({ do: 'send', count, inFlight: IN_FLIGHT, url })).perSecond
      const measured = { fetch: [] as number[], outbox: [] as number[] }
      for (let round = -1; round < effort.rounds; round++) {
        const pair = { fetch: await send(loop), outbox: await send(durable) }
        if (round < 0) continue
        measured.fetch.push(pair.fetch)
        measured.outbox.push(pair.outbox)
      }
      found[`${ms} ms`] = measured
      say(`outbox, ${IN_FLIGHT} in flight, the provider answers after ${ms} ms`, report(measured, ms))
    }
  } finally {
    for (const child of [durable, loop, provider]) await child.end()
  }
  return found
}

function report({ fetch, outbox: durable }: { fetch: number[]; outbox: number[] }, ms: number): string {
  const most = ms === 0 ? Number.NaN : (IN_FLIGHT * 1000) / ms
  const ratio = durable.map((value, round) => value / (fetch[round] ?? Number.NaN))
  const share = (values: number[]): string => (ms === 0 ? '-' : spread(values.map((value) => value / most)))
  return table([
    { variant: 'fetch loop, nothing written down', 'per second': spread(fetch, 0), 'ratio to the fetch loop': '1', 'of connections/latency': share(fetch) },
    { variant: 'durable outbox, sqlite', 'per second': spread(durable, 0), 'ratio to the fetch loop': spread(ratio), 'of connections/latency': share(durable) },
  ])
}
