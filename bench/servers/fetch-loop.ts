import { serveQuestions } from '../kit/child'
import { MESSAGE } from './list-message'

/** What one would write without durability: so many fetches at a time, nothing is written down. */
serveQuestions({
  async send({ count, inFlight, url }: { count: number; inFlight: number; url: string }) {
    let left = count
    const cpu = process.cpuUsage()
    const from = performance.now()
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (left-- > 0) {
          const headers = { authorization: 'Bearer token', 'content-type': 'application/json' }
          const answer = await fetch(`${url}/100000000000001/messages`, { method: 'POST', headers, body: JSON.stringify(MESSAGE) })
          const { messages } = (await answer.json()) as { messages: { id: string }[] }
          if (!messages[0]?.id) throw new Error('no id')
        }
      }),
    )
    const took = performance.now() - from
    const { user, system } = process.cpuUsage(cpu)
    return { perSecond: (count * 1000) / took, cpuUs: (user + system) / count }
  },
})
