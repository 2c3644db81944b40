import { createRequire } from 'node:module'
import type { TestEngine } from '../../support/databases'

/** `before`: the call fails and did nothing. `after`: it did what it should, and its answer got lost. */
export type When = 'before' | 'after'
export interface Faults {
  /** The n-th call of the driver from now on fails, once. */
  arm(n: number, when: When): void
  /** What the test itself asks: not counted, and never failed. */
  spare<T>(work: () => Promise<T>): Promise<T>
  /** Calls since `arm`, and whether the fault was met. */
  readonly calls: number
  readonly met: boolean
  /** The statement that failed. */
  readonly statement: string
  restore(): void
}

type Callback = (error: unknown, ...rest: unknown[]) => void
// biome-ignore lint/suspicious/noExplicitAny: the drivers' own objects, whose types are not ours.
type Any = any

/** Faults below knex, in the driver, so that every way to the database meets them. */
export function injectFaults(engine: TestEngine['name']): Faults {
  let calls = 0
  let failing = 0
  let spared = 0
  let when: When = 'before'
  let statement = ''
  const require = createRequire(__filename)
  const restores: (() => void)[] = []

  const patch = (holder: Any, method: string, sqlOf: (self: Any, args: Any[]) => string): void => {
    const real = holder[method]
    restores.push(() => {
      holder[method] = real
    })
    holder[method] = function (this: Any, ...args: Any[]): Any {
      if (spared > 0 || ++calls !== failing) return real.apply(this, args)
      statement = sqlOf(this, args)
      const error = Object.assign(new Error(`injected ${when} "${statement}"`), { code: 'ECONNRESET' })
      const done = args.at(-1) as Callback
      if (typeof done !== 'function') {
        if (when === 'before') return Promise.reject(error)
        return Promise.resolve(real.apply(this, args)).then(() => Promise.reject(error))
      }
      if (when === 'before') {
        setImmediate(() => done.call(this, error))
        return this
      }
      return real.apply(this, [...args.slice(0, -1), (failed: unknown) => done.call(this, failed ?? error)])
    }
  }
  if (engine === 'sqlite') {
    const { Statement } = require('sqlite3')
    for (const method of ['run', 'all']) patch(Statement.prototype, method, (self) => String(self.sql))
  } else if (engine === 'postgres') {
    patch(require('pg').Client.prototype, 'query', (_self, [query]) => String(query?.text ?? query))
  } else {
    const Connection = Object.getPrototypeOf(require('mysql2').Connection.prototype)
    patch(Connection, 'query', (_self, [query]) => String(query?.sql ?? query))
  }
  return {
    arm(n, how) {
      calls = 0
      failing = n
      when = how
      statement = ''
    },
    async spare(work) {
      spared++
      try {
        return await work()
      } finally {
        spared--
      }
    },
    get calls() {
      return calls
    },
    get met() {
      return calls >= failing && failing > 0
    },
    get statement() {
      return statement
    },
    restore() {
      for (const restore of restores) restore()
    },
  }
}
