import { rowsIn } from '../kit/databases'
import { type Effort, loadInTurn, type Measured, reportLoad, type Variant } from '../kit/rounds'
import type { Bench } from '../run'

const wanted = (name: string) => ({ kind: 'tap' as const, path: '/wa/webhook', secret: 'bench-app-secret', customers: 5000, name })

/** The door against Express that does nothing: 200 after the commit, and what is stored is counted afterwards. */
export async function webhook({ databases, effort, only, say }: Bench): Promise<object> {
  const found: Record<string, Measured[]> = {}
  for (const connections of [64, 256]) {
    const variants = [bare(), durable('sqlite', databases.sqlite()), naive(databases.sqlite())]
    const postgres = await databases.postgres()
    if (postgres) variants.splice(2, 0, durable('postgres', postgres))
    if (connections === 64) {
      variants.push(durable('sqlite+worker', databases.sqlite(), { BENCH_WORKER: '1' }))
      const url = databases.sqlite()
      variants.push({ ...durable('sqlite, all new', url), wanted: { ...wanted('new'), customers: 1_000_000_000 } })
    }
    const chosen = variants.filter(({ name }) => name === 'bare' || only.length === 0 || only.includes(name))
    const measured = await loadInTurn(chosen, connections, effort as Effort)
    say(`webhook, ${connections} connections`, reportLoad(measured))
    found[connections] = measured
  }
  return found
}

const bare = (): Variant => ({ name: 'bare', file: 'servers/bare.ts', wanted: wanted('bare') })

const durable = (name: string, url: string, env: Record<string, string> = {}): Variant => ({
  name,
  file: 'servers/durable.ts',
  env: { BENCH_DATABASE: url, BENCH_WORKER: '0', ...env },
  wanted: wanted(name),
  check: (_server, acked, resend) => storedOnce(url, acked, resend),
})

const naive = (url: string): Variant => ({
  name: 'naive',
  file: 'servers/naive.ts',
  env: { BENCH_DATABASE: url },
  wanted: wanted('naive'),
  check: (_server, acked, resend) => storedOnce(url, acked, resend),
})

/** What was answered with 200 is there, each once; what is delivered again is answered and makes no row. */
async function storedOnce(url: string, acked: number, resend: (count: number) => Promise<number>): Promise<string> {
  const before = { events: await rowsIn(url, 'wa_events'), messages: await rowsIn(url, 'wa_messages') }
  if (before.events !== acked || before.messages !== acked)
    throw new Error(`${acked} were answered 200, ${before.events} events and ${before.messages} messages are there`)
  const again = await resend(500)
  const after = await rowsIn(url, 'wa_messages')
  if (after !== before.messages) throw new Error(`500 webhooks were delivered again and made ${after - before.messages} new rows`)
  return `${acked} acked = rows, ${again} again = 0`
}
