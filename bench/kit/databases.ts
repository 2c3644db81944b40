import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Knex } from 'knex'
import { openDatabase } from '../package'

/** Makes fresh databases for one run and drops them at its end. */
export interface Databases {
  sqlite(): string
  /** Null when no PostgreSQL answers. WA_TEST_POSTGRES_URL names one, as for the tests. */
  postgres(): Promise<string | null>
  drop(): Promise<void>
}

export function databasesIn(folder: string): Databases {
  const server = process.env.WA_TEST_POSTGRES_URL || 'postgres://postgres@127.0.0.1:5432/postgres'
  const made: string[] = []
  return {
    sqlite() {
      const place = join(folder, randomBytes(4).toString('hex'))
      mkdirSync(place)
      return `sqlite:${join(place, 'bench.sqlite')}`
    },
    async postgres() {
      const name = `wa_bench_${randomBytes(4).toString('hex')}`
      try {
        await onServer(server, (knex) => knex.raw("create database ?? template template0 encoding 'UTF8'", [name]))
      } catch (error) {
        process.stderr.write(`PostgreSQL is not measured: ${(error as Error).message}\n`)
        return null
      }
      made.push(name)
      return Object.assign(new URL(server), { pathname: `/${name}` }).href
    },
    async drop() {
      for (const name of made) await onServer(server, (knex) => knex.raw('drop database if exists ?? with (force)', [name]))
    },
  }
}

async function onServer(url: string, work: (knex: Knex) => PromiseLike<unknown>): Promise<void> {
  const db = await openDatabase(url)
  try {
    await work(db.write)
  } finally {
    await db.close()
  }
}

/** Rows of a table. */
export async function rowsIn(url: string, table: string): Promise<number> {
  const db = await openDatabase(url)
  try {
    return Number(((await db.read(table).count({ n: '*' }).first()) as { n: number | string }).n)
  } finally {
    await db.close()
  }
}
