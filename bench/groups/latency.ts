import { startChild } from '../kit/child'
import { quantile, spread } from '../kit/stats'
import { table } from '../kit/table'
import type { Bench } from '../run'

/** From a tap to the reply that leaves, on a quiet instance, against three commits of the same round. */
export async function latency({ databases, full, say }: Bench): Promise<object> {
  const server = await startChild('servers/latency.ts', { BENCH_DATABASE: databases.sqlite() })
  const rounds: { commits: number; acked: number; replied: number }[] = []
  try {
    for (let round = -50; round < (full ? 600 : 200); round++) {
      const one = await server.ask<{ commits: number; acked: number; replied: number }>({ do: 'round' })
      if (round >= 0) rounds.push(one)
    }
  } finally {
    await server.end()
  }
  const row = (what: string, of: (round: (typeof rounds)[number]) => number) => {
    const values = rounds.map(of)
    return { what, 'median [quartiles]': spread(values), p90: quantile(values, 0.9).toFixed(2), p99: quantile(values, 0.99).toFixed(2) }
  }
  say(
    'tap to reply, quiet instance, sqlite',
    table([
      row('three commits, ms', (round) => round.commits),
      row('tap to 200, to three commits', (round) => round.acked / round.commits),
      row('tap to the reply at the provider, to three commits', (round) => round.replied / round.commits),
    ]),
  )
  return { rounds }
}
