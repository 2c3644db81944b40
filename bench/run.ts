import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { dashboard } from './groups/dashboard'
import { drain } from './groups/drain'
import { host } from './groups/host'
import { latency } from './groups/latency'
import { log } from './groups/log'
import { outbox } from './groups/outbox'
import { render } from './groups/render'
import { soak } from './groups/soak'
import { start } from './groups/start'
import { webhook } from './groups/webhook'
import { type Databases, databasesIn } from './kit/databases'
import { measureFsync, onDisk } from './kit/disk'
import type { Effort } from './kit/rounds'

/** What a group of measurements is handed. */
export interface Bench {
  folder: string
  databases: Databases
  effort: Effort
  full: boolean
  /** Names of variants, when only some are wanted. */
  only: readonly string[]
  say(title: string, text: string): void
}

/** `npm run bench` runs all in quick mode; `npm run bench -- webhook --full`, `npm run bench -- webhook --only=sqlite`. */
const GROUPS = { webhook, outbox, latency, host, start, dashboard, render, drain, log, soak } satisfies Record<string, (bench: Bench) => Promise<object>>

const QUICK: Effort = { rounds: 5, sliceMs: 1000, warmUpMs: 3000 }
const FULL: Effort = { rounds: 15, sliceMs: 1000, warmUpMs: 4000 }

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  const names = args.filter((arg) => !arg.startsWith('--'))
  const only = args.flatMap((arg) => (arg.startsWith('--only=') ? arg.slice('--only='.length).split(',') : []))
  const full = args.includes('--full')
  const groups = (names.length > 0 ? names : Object.keys(GROUPS)) as (keyof typeof GROUPS)[]
  const unknown = groups.filter((name) => !(name in GROUPS))
  if (unknown.length > 0) throw new Error(`There is no group "${unknown[0]}". Known: ${Object.keys(GROUPS).join(', ')}.`)
  for (const name of groups) {
    await onDisk(async (folder) => {
      const fsync = measureFsync(folder)
      say(
        name,
        `fsync of 4 kB: ${fsync.p50.toFixed(2)} ms (p99 ${fsync.p99.toFixed(1)}); ${cpus().length} cores, Node ${process.version}; ${full ? 'full' : 'quick'}`,
      )
      const databases = databasesIn(folder)
      try {
        const result = await GROUPS[name]({ folder, databases, effort: full ? FULL : QUICK, full, only, say })
        const results = join(__dirname, 'results')
        mkdirSync(results, { recursive: true })
        writeFileSync(join(results, `${name}.json`), `${JSON.stringify({ command: `npm run bench -- ${args.join(' ')}`, fsync, result }, rounded, 1)}\n`)
      } finally {
        await databases.drop()
      }
    })
  }
}

const say = (title: string, text: string): void => void process.stdout.write(`\n## ${title}\n${text}\n`)
const rounded = (_key: string, value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value)

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
})
