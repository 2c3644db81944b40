import { loadInTurn, reportLoad, type Variant } from '../kit/rounds'
import type { Bench } from '../run'

const wanted = { kind: 'get' as const, path: '/orders/17' }

/** Requests of the host that are not ours: with the package mounted first, and without it. */
export async function host({ databases, effort, say }: Bench): Promise<object> {
  const variants: Variant[] = [
    { name: 'without', file: 'servers/idle.ts', env: { BENCH_MOUNT: '0' }, wanted },
    { name: 'with app.use(waInteractive())', file: 'servers/idle.ts', env: { BENCH_DATABASE: databases.sqlite() }, wanted },
  ]
  const measured = await loadInTurn(variants, 64, effort)
  say('requests of the host, 64 connections', reportLoad(measured))
  return measured
}
