import { loadInTurn, reportLoad, type Variant } from '../kit/rounds'
import { migrate, openDatabase } from '../package'
import type { Bench } from '../run'

const wanted = { kind: 'get' as const, path: '/wa/conversations' }

/** The list of fifty conversations: Express with EJS as it comes, without and with the queries, against the dashboard's own page with frame and guard. */
export async function dashboard({ databases, effort, say }: Bench): Promise<object> {
  const url = databases.sqlite()
  await fill(url)
  const variant = (name: string): Variant => ({ name, file: 'servers/pages.ts', env: { BENCH_PAGES: name, BENCH_DATABASE: url }, wanted })
  const measured = await loadInTurn([variant('express+db'), variant('express'), variant('ours')], 8, effort)
  say('dashboard, 50 rows, 8 connections', reportLoad(measured))
  return measured
}

async function fill(url: string): Promise<void> {
  const db = await openDatabase(url)
  await migrate(db)
  const at = Date.now()
  /** Over some days, one newer than the other: a list of real talks shows no time twice. */
  const saidAt = (id: number): number => at - (300 - id) * 17 * 60_000
  const ids = Array.from({ length: 300 }, (_, nth) => nth + 1)
  await db.write('wa_contacts').insert(ids.map((id) => ({ id, phone: `+${919_800_000_000 + id}`, name: `Asha Rao ${id}`, created_at: at, updated_at: at })))
  const talk = {
    number: 'default',
    last_text: 'Where is my order? It should have come.',
    last_direction: 'in',
    changed_at: at,
    created_at: at,
    unread: 1,
  }
  await db.write('wa_conversations').insert(ids.map((id) => ({ ...talk, id, contact_id: id, last_at: saidAt(id), last_inbound_at: saidAt(id) })))
  await db.close()
}
