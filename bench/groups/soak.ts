import { createHmac } from 'node:crypto'
import { startChild } from '../kit/child'
import { tapBody } from '../kit/requests'
import { median } from '../kit/stats'
import { table } from '../kit/table'
import type { Bench } from '../run'

const CUSTOMERS = 500
const TAPS_A_SECOND = 40
const PAGES = ['/wa/', '/wa/conversations', '/wa/outbox', '/wa/events'] as const
/** The first part compiles and fills caches. */
const WARM_UP = 0.2

/** Minutes of everyday load: taps, every tenth of them twice, statuses, pages. What is held in memory may not grow, and nothing may be lost or doubled. */
export async function soak({ databases, full, say }: Bench): Promise<object> {
  const minutes = full ? 10 : 2
  const provider = await startChild('servers/provider.ts')
  const server = await startChild('servers/soak.ts', {
    BENCH_DATABASE: databases.sqlite(),
    BENCH_PROVIDER: `http://127.0.0.1:${await provider.ask<number>({ do: 'port' })}`,
  })
  const url = `http://127.0.0.1:${await server.ask<number>({ do: 'port' })}`
  const memory: { rss: number; heap: number }[] = []
  let [taps, twice, pages] = [0, 0, 0]
  const told = new Set<string>()
  try {
    for (let second = 0; second < minutes * 60; second++) {
      const next = new Promise((wake) => setTimeout(wake, 1000))
      const bodies = Array.from({ length: TAPS_A_SECOND }, () => tapBody('soak', taps++, CUSTOMERS))
      const doubles = bodies.filter((_body, nth) => nth % 10 === 0)
      twice += doubles.length
      const known = await server.ask<string[]>({ do: 'sent', limit: TAPS_A_SECOND })
      for (const id of known) told.add(id)
      await Promise.all([...bodies, ...doubles, ...known.map(statusBody)].map((body) => post(url, body)))
      const page = await fetch(`${url}${PAGES[pages++ % PAGES.length]}`)
      if (page.status !== 200) throw new Error(`${page.url} answered ${page.status}`)
      await page.arrayBuffer()
      if (second % 5 === 0) memory.push(await server.ask({ do: 'memory' }))
      await next
    }
    await server.ask({ do: 'settle' })
    const taken = await provider.ask<number>({ do: 'taken' })
    const found = await server.ask<Record<'handled' | 'delivered' | 'replies' | 'open', number>>({ do: 'count' })
    if (found.handled !== taps || found.replies !== taps || taken !== taps || found.open !== 0)
      throw new Error(`${taps} taps were acknowledged: ${found.handled} handled, ${found.replies} replies, ${taken} taken, ${found.open} open`)
    if (found.delivered !== told.size) throw new Error(`${told.size} statuses were acknowledged, ${found.delivered} messages are delivered`)
    const part = (from: number, to: number, of: 'rss' | 'heap'): number =>
      median(memory.slice(Math.floor(memory.length * from), Math.ceil(memory.length * to)).map((one) => one[of]))
    const row = (what: string, of: 'rss' | 'heap') => ({
      what,
      'second fifth': part(WARM_UP, 2 * WARM_UP, of).toFixed(1),
      'last fifth': part(1 - WARM_UP, 1, of).toFixed(1),
    })
    say(
      `${minutes} minutes of everyday load: ${taps} taps, ${twice} of them twice, ${told.size} statuses, ${pages} pages; each handled once, each reply sent once`,
      table([row('RSS, MB', 'rss'), row('heap in use, MB', 'heap')]),
    )
    return { minutes, taps, twice, statuses: told.size, pages, memory }
  } finally {
    await server.end()
    await provider.end()
  }
}

async function post(url: string, body: string): Promise<void> {
  const signature = createHmac('sha256', 'bench-app-secret').update(body).digest('hex')
  const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': `sha256=${signature}` }
  const answer = await fetch(`${url}/wa/webhook`, { method: 'POST', headers, body })
  if (answer.status !== 200) throw new Error(`the webhook answered ${answer.status}`)
  await answer.arrayBuffer()
}

function statusBody(id: string): string {
  const status = { id, status: 'delivered', timestamp: String(Math.floor(Date.now() / 1000)), recipient_id: '919800000000' }
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: '100000000000001' }, statuses: [status] }
  return JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '500000000000001', changes: [{ field: 'messages', value }] }] })
}
