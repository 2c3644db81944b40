import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, quantile } from './stats'

const IN_MEMORY: Readonly<Record<number, string>> = { 16914836: 'tmpfs', 2240043254: 'ramfs' }

/** A folder on a real disk, which is removed when `work` ends. In memory fsync costs nothing, and every number about durability would be a lie. */
export async function onDisk<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const root = process.env.BENCH_FOLDER ?? tmpdir()
  const kind = IN_MEMORY[statfsSync(root).type]
  if (kind) throw new Error(`${root} is ${kind}: fsync costs nothing there. Name a folder on a disk: BENCH_FOLDER=/var/tmp npm run bench`)
  const folder = mkdtempSync(join(root, 'wa-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds of one 4 kB append with fsync: what every durable number here is made of. */
export function measureFsync(folder: string, times = 200): { p50: number; p99: number } {
  const file = openSync(join(folder, 'fsync'), 'w')
  const page = Buffer.alloc(4096, 1)
  const taken = Array.from({ length: times }, () => {
    const from = performance.now()
    writeSync(file, page)
    fsyncSync(file)
    return performance.now() - from
  })
  closeSync(file)
  return { p50: median(taken), p99: quantile(taken, 0.99) }
}
