import { serveQuestions } from './child'
import { type Line, openLine } from './line'
import { getRequest, tapRequest, type Wanted } from './requests'

/** The loading process: it knows several servers and loads one of them at a time. Requests are built before a slice, never in it. */
interface Target {
  lines: Line[]
  wanted: Wanted
  /** Requests to send, in order, and how many of them were sent. */
  ready: Buffer[]
  sent: number
  built: number
  fastest: number
  acked: number
}
export interface Slice {
  requests: number
  failed: number
  seconds: number
  /** Latencies in ms. */
  p50: number
  p99: number
}
const targets = new Map<string, Target>()
const one = (name: string): Target => {
  const target = targets.get(name)
  if (!target) throw new Error(`no server "${name}"`)
  return target
}

function build(target: Target, count: number): void {
  const { wanted } = target
  if (wanted.kind === 'get') {
    if (target.ready.length === 0) target.ready.push(getRequest(wanted.path))
    return
  }
  target.ready.splice(0, target.sent)
  target.sent = 0
  while (target.ready.length < count) target.ready.push(tapRequest(wanted, target.built++))
}
const next = (target: Target): Buffer => {
  if (target.wanted.kind === 'get') return target.ready[0] as Buffer
  if (target.sent === target.ready.length) build(target, 100)
  return target.ready[target.sent++] as Buffer
}

async function slice(target: Target, ms: number): Promise<Slice> {
  build(target, Math.ceil((target.fastest * 1.3 * ms) / 1000) + 500)
  const taken: number[] = []
  let failed = 0
  const from = performance.now()
  const until = from + ms
  await Promise.all(
    target.lines.map(async (line) => {
      for (let at = performance.now(); at < until; ) {
        const status = await line.ask(next(target))
        const now = performance.now()
        taken.push(now - at)
        at = now
        if (status === 200) target.acked++
        else failed++
      }
    }),
  )
  const seconds = (performance.now() - from) / 1000
  taken.sort((a, b) => a - b)
  target.fastest = Math.max(target.fastest, taken.length / seconds)
  return { requests: taken.length, failed, seconds, p50: taken[Math.floor(taken.length * 0.5)] ?? 0, p99: taken[Math.floor(taken.length * 0.99)] ?? 0 }
}

/** The first `count` taps once more: what a provider does that did not see our answer. */
async function again(target: Target, count: number): Promise<number> {
  if (target.wanted.kind === 'get') return 0
  const { wanted } = target
  const requests = Array.from({ length: Math.min(count, target.built) }, (_, nth) => tapRequest(wanted, nth))
  let acked = 0
  await Promise.all(
    target.lines.map(async (line) => {
      for (let request = requests.pop(); request; request = requests.pop()) if ((await line.ask(request)) === 200) acked++
    }),
  )
  return acked
}

serveQuestions({
  async open({ name, port, connections, wanted }: { name: string; port: number; connections: number; wanted: Wanted }) {
    const lines = await Promise.all(Array.from({ length: connections }, () => openLine(port)))
    targets.set(name, { lines, wanted, ready: [], sent: 0, built: 0, fastest: 1000, acked: 0 })
  },
  slice: ({ name, ms }: { name: string; ms: number }) => slice(one(name), ms),
  again: ({ name, count }: { name: string; count: number }) => again(one(name), count),
  acked: ({ name }: { name: string }) => one(name).acked,
  close({ name }: { name: string }) {
    for (const line of one(name).lines) line.close()
    targets.delete(name)
  },
})
