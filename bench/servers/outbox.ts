import { serveQuestions } from '../kit/child'
import { library, part } from '../package'
import { SENT } from './list-message'

const { ENGINE } = part<typeof import('../../lib/wa')>('wa.js')
type Running = import('../../lib/build-engine').RunningEngine

/** The package with messages in its outbox: how fast they leave, each written down before and after. */
const wa = library.waInteractive({
  provider: library.cloudApi({
    phoneNumberId: '100000000000001',
    accessToken: 'token',
    appSecret: 's',
    verifyToken: 'v',
    baseUrl: process.env.BENCH_PROVIDER ?? '',
    perSecond: 1_000_000,
  }),
  database: process.env.BENCH_DATABASE ?? '',
  worker: { concurrency: Number(process.env.BENCH_IN_FLIGHT ?? 64) },
  logger: false,
})
const engine = (wa as unknown as Record<symbol, Running>)[ENGINE] as Running
let made = 0

serveQuestions({
  ready: () => wa.start(),
  async send({ count }: { count: number }) {
    await queue(count)
    const before = await engine.db.write('wa_messages').where({ status: 'accepted' }).count({ n: '*' }).first()
    const cpu = process.cpuUsage()
    const from = performance.now()
    engine.context.queued(1)
    await engine.settle()
    const took = performance.now() - from
    const { user, system } = process.cpuUsage(cpu)
    const after = await engine.db.write('wa_messages').where({ status: 'accepted' }).count({ n: '*' }).first()
    const accepted = Number(after?.n) - Number(before?.n)
    if (accepted !== count) throw new Error(`${count} were queued, ${accepted} were accepted`)
    return { perSecond: (count * 1000) / took, cpuUs: (user + system) / count }
  },
  end: () => wa.close(),
})

/** One message for each of so many new customers. */
async function queue(count: number): Promise<void> {
  const { write } = engine.db
  const now = Date.now()
  const ids = Array.from({ length: count }, () => ++made)
  for (let from = 0; from < count; from += 200) {
    const some = ids.slice(from, from + 200)
    await write('wa_contacts').insert(some.map((id) => ({ id, phone: `+${919_800_000_000 + id}`, created_at: now, updated_at: now })))
    await write('wa_conversations').insert(
      some.map((id) => ({ id, number: 'default', contact_id: id, last_at: now, changed_at: now, created_at: now, last_inbound_at: now })),
    )
  }
  await write.transaction(async (trx) => {
    for (let from = 0; from < count; from += 100) {
      const message = { number: 'default', direction: 'out', type: 'list', text: SENT.body, payload: JSON.stringify(SENT), status: 'queued' }
      await trx('wa_messages').insert(
        ids.slice(from, from + 100).map((id) => ({
          ...message,
          conversation_id: id,
          ref: String(id).padStart(22, 'r'),
          at: now,
          created_at: now,
          next_at: now,
          expires_at: now + 3_600_000,
        })),
      )
    }
  })
}
