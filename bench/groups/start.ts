import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { startChild } from '../kit/child'
import { median, spread } from '../kit/stats'
import { table } from '../kit/table'
import type { Bench } from '../run'

const DIST = process.env.BENCH_DIST ?? join(__dirname, '..', '..', 'dist')
const EXPRESS = `require('express')`
const OURS = `${EXPRESS}; const at = performance.now(); require(${JSON.stringify(join(DIST, 'lib/index.js'))}); const took = performance.now() - at`

/** What it costs to have the package in a host: importing it, holding it in memory, leaving it alone. Fresh processes, in turn. */
export async function start({ databases, full, say }: Bench): Promise<object> {
  const imports = { express: [] as number[], ours: [] as number[] }
  for (let round = 0; round < (full ? 21 : 9); round++) {
    imports.express.push(run(`const at = performance.now(); ${EXPRESS}; const took = performance.now() - at`))
    imports.ours.push(run(OURS))
  }
  const bare = await atRest('servers/bare.ts', {})
  const ours = await atRest('servers/idle.ts', { BENCH_DATABASE: databases.sqlite() })
  const over = imports.ours.map((ms, round) => ms / (imports.express[round] ?? Number.NaN))
  say(
    'start',
    table([
      { what: 'import of Express alone, ms', value: spread(imports.express, 0) },
      { what: 'import of the package after it, ms', value: spread(imports.ours, 0) },
      { what: 'import of the package, to Express', value: spread(over) },
      { what: 'memory at rest over bare Express, MB', value: (ours.rssMb - bare.rssMb).toFixed(1) },
      { what: 'CPU while idle, ms a second (bare)', value: `${ours.cpuMs.toFixed(1)} (${bare.cpuMs.toFixed(1)})` },
      { what: 'queries a second while idle', value: ours.queries.toFixed(2) },
    ]),
  )
  return { imports, median: median(over), bare, ours }
}

const run = (code: string): number =>
  Number(execFileSync(process.execPath, ['-e', `${code}; console.log(took)`], { cwd: join(__dirname, '..', '..'), encoding: 'utf8' }))

const IDLE_S = 20

async function atRest(file: string, env: Record<string, string>): Promise<{ rssMb: number; cpuMs: number; queries: number }> {
  const server = await startChild(file, env, ['--expose-gc'])
  try {
    await new Promise((wake) => setTimeout(wake, 3000))
    const before = await server.ask<{ cpuMs: number; queries?: number }>({ do: 'usage' })
    const asked = await server.ask<number | undefined>({ do: 'queries' })
    await new Promise((wake) => setTimeout(wake, IDLE_S * 1000))
    const after = await server.ask<{ cpuMs: number; rssMb: number }>({ do: 'usage' })
    const askedNow = await server.ask<number | undefined>({ do: 'queries' })
    return { rssMb: after.rssMb, cpuMs: (after.cpuMs - before.cpuMs) / IDLE_S, queries: ((askedNow ?? 0) - (asked ?? 0)) / IDLE_S }
  } finally {
    await server.end()
  }
}
