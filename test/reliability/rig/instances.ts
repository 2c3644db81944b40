import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Host } from './hosts'
import type { Completion } from './invariants'

/** A host process that may be killed. */
export interface Instance {
  pid: number
  /** Null until it takes requests, and when it is dead. */
  port: number | null
  /** Resolves when it takes requests; rejects when it ends before. */
  ready: Promise<void>
  /** Resolves when the process is gone. */
  ended: Promise<void>
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** What it complained about. */
  said: string[]
  /** The ends of its listeners, in their order, and whether it died of something else than our asking it to end. */
  completed(): Completion[]
}

/** Starts a host on this database and provider; `preload` is a file that changes the library before the host sees it. */
export function startInstance(host: Host, database: string, provider: string, preload?: string): Instance {
  const args = preload === undefined ? host.args : ['--import', preload, ...host.args]
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: join(__dirname, '..', '..', '..'),
    env: { PATH: process.env.PATH, ...host.env(database, provider) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  const completed: Omit<Completion, 'died'>[] = []
  let died = true
  const ended = once(child, 'close').then(([code]) => {
    died = code !== 0
    instance.port = null
  })
  if (child.stdout === null || child.stderr === null || child.pid === undefined) throw new Error('the host process did not start')
  createInterface(child.stderr).on('line', (line) => said.push(line))
  const ready = new Promise<void>((resolve, reject) => {
    createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      const [word, rest = ''] = line.split(/ (.*)/)
      if (word === 'ENDED') completed.push({ process: String(instance.pid), ...JSON.parse(rest) })
      const port = host.port.exec(line)?.[1]
      if (port === undefined) return
      instance.port = Number(port)
      resolve()
    })
    ended.then(() => reject(new Error(`the host ended before it took requests: ${said.join(' | ')}`)))
  })
  ready.catch(() => {})
  const instance: Instance = {
    pid: child.pid,
    port: null,
    ready,
    ended,
    said,
    completed: () => completed.map((one) => ({ ...one, died })),
    async kill(signal) {
      child.kill(signal)
      await ended
    },
  }
  return instance
}
