import { createHash } from 'node:crypto'
import { type Child, startChild } from '../kit/child'
import { spread } from '../kit/stats'
import { table } from '../kit/table'
import { migrate, openDatabase, part } from '../package'
import type { Bench } from '../run'

const { storeArrivals, writeArrival } = part<typeof import('../../lib/store/arrivals')>('store/arrivals.js')
const { lookUp, welcome } = part<typeof import('../../lib/store/callers')>('store/callers.js')
const CUSTOMERS = 2000
const SECONDS = 8

/** A full inbox: what it holds in memory, and what a second instance on PostgreSQL adds when listeners wait 20 ms. */
export async function drain({ databases, full, say }: Bench): Promise<object> {
  const waiting = full ? 100_000 : 20_000
  const sqlite = databases.sqlite()
  await fill(sqlite, waiting)
  const one = await rate(sqlite, 1, 0, waiting)
  const rounds = { one: [] as number[], two: [] as number[] }
  for (let round = 0; round < (full ? 3 : 1); round++) {
    for (const [name, instances] of [
      ['one', 1],
      ['two', 2],
    ] as const) {
      const url = await databases.postgres()
      if (!url) continue
      await fill(url, 8000)
      rounds[name].push((await rate(url, instances, 20)).perSecond)
    }
  }
  const ratio = rounds.two.map((value, round) => value / (rounds.one[round] ?? Number.NaN))
  say(
    'a full inbox',
    table([
      { what: `sqlite, ${waiting} waiting: peak of RSS until all are handled, MB`, value: one.peakMb.toFixed(0) },
      { what: 'sqlite, events handled a second', value: one.perSecond.toFixed(0) },
      { what: 'PostgreSQL, listeners wait 20 ms, one instance, a second', value: spread(rounds.one, 0) },
      { what: 'PostgreSQL, two instances to one', value: spread(ratio) },
    ]),
  )
  return { one, rounds }
}

async function fill(url: string, events: number): Promise<void> {
  const db = await openDatabase(url)
  const now = Date.now()
  const callers = Array.from({ length: CUSTOMERS }, (_, nth) => ({
    number: 'default',
    who: { phone: `+${919_800_000_000 + nth}`, bsuid: null, username: null, name: null },
    dedupe: '-',
  }))
  try {
    await migrate(db)
    await welcome(db, callers, now)
    const conversations = (await Promise.all([0, 1, 2, 3].map((part) => lookUp(db.write, callers.slice(part * 500, part * 500 + 500))))).flat()
    for (let from = 0; from < events; from += 500) {
      const arrivals = Array.from({ length: 500 }, (_, nth) => ({
        ...writeArrival(db, arrivalOf(from + nth, callers, now)),
        conversationId: conversations[(from + nth) % CUSTOMERS] as number,
      }))
      await storeArrivals(db, arrivals, now)
    }
  } finally {
    await db.close()
  }
}

function arrivalOf(nth: number, callers: readonly { who: Parameters<typeof welcome>[1][number]['who'] }[], now: number) {
  const customer = nth % CUSTOMERS
  const event = {
    dedupe: createHash('sha256').update(`drain ${nth}`).digest('hex'),
    number: 'default',
    type: 'list_reply',
    state: 'waiting' as const,
    payload: null,
  }
  const reply = { id: 'track_order', title: 'Track My Order', via: 'list' }
  return {
    ...event,
    raw: JSON.stringify({ id: `wamid.${nth}`, type: 'interactive', interactive: { type: 'list_reply', list_reply: reply } }),
    error: null,
    at: now,
    providerKey: null,
    ref: null,
    message: {
      who: (callers[customer] as (typeof callers)[number]).who,
      text: reply.title,
      payload: { reply },
      providerId: `wamid.drain${nth}`,
      replyId: reply.id,
      replyTo: null,
      words: reply.title,
      isTurn: true,
      quoted: null,
    },
  }
}

/** `toEnd`: so many are handled to the last one, for the peak of memory. */
async function rate(url: string, instances: number, wait: number, toEnd = 0): Promise<{ perSecond: number; peakMb: number }> {
  const children: Child[] = []
  const db = await openDatabase(url)
  try {
    for (let nth = 0; nth < instances; nth++) children.push(await startChild('servers/drain.ts', { BENCH_DATABASE: url, BENCH_WAIT: String(wait) }))
    await Promise.all(children.map((child) => child.ask({ do: 'begin' })))
    // The first seconds compile.
    await new Promise((wake) => setTimeout(wake, 3000))
    const [before, from] = [await doneIn(db), performance.now()]
    await new Promise((wake) => setTimeout(wake, SECONDS * 1000))
    const perSecond = ((await doneIn(db)) - before) / ((performance.now() - from) / 1000)
    if (toEnd > 0) {
      await Promise.all(children.map((child) => child.ask({ do: 'idle' })))
      const done = await doneIn(db)
      if (done !== toEnd) throw new Error(`${toEnd} waited, ${done} are done`)
    }
    return { perSecond, peakMb: Math.max(...(await Promise.all(children.map((child) => child.ask<number>({ do: 'peak' }))))) }
  } finally {
    for (const child of children) await child.end()
    await db.close()
  }
}

const doneIn = async (db: Awaited<ReturnType<typeof openDatabase>>): Promise<number> =>
  Number(((await db.read('wa_events').where({ state: 'done' }).count({ n: '*' }).first()) as { n: number | string }).n)
