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
  const found: Record<string, { fetch: Sent[]; outbox: Sent[] }> = {}
  try {
    for (const [ms, count] of [
      [0, 3000],
      [50, 1280],
    ] as const) {
      await provider.ask({ do: 'delay', ms })
      const send = (child: Child): Promise<Sent> => child.ask({ do: 'send', count, inFlight: IN_FLIGHT, url })
      const measured = { fetch: [] as Sent[], outbox: [] as Sent[] }
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

interface Sent {
  perSecond: number
  /** CPU of the sending process, all its threads, for each message. */
  cpuUs: number
}

function report({ fetch, outbox: durable }: { fetch: Sent[]; outbox: Sent[] }, ms: number): string {
  const most = ms === 0 ? Number.NaN : (IN_FLIGHT * 1000) / ms
  const row = (variant: string, sent: Sent[]) => ({
    variant,
    'per second': spread(
      sent.map(({ perSecond }) => perSecond),
      0,
    ),
    'ratio to the fetch loop': sent === fetch ? '1' : spread(sent.map(({ perSecond }, round) => perSecond / (fetch[round]?.perSecond ?? Number.NaN))),
    'of connections/latency': ms === 0 ? '-' : spread(sent.map(({ perSecond }) => perSecond / most)),
    'CPU us a message': spread(
      sent.map(({ cpuUs }) => cpuUs),
      0,
    ),
  })
  return table([row('fetch loop, nothing written down', fetch), row('durable outbox, sqlite', durable)])
}
