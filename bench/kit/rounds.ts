import { type Child, startChild } from './child'
import type { Slice } from './loader'
import type { Wanted } from './requests'
import { median, NOISY, quantile, spread, variation } from './stats'
import { table } from './table'

/** A server under load, and what is known of it. */
export interface Variant {
  name: string
  file: string
  env?: Record<string, string>
  wanted: Wanted
  /** After the load: throws when what was answered and what is stored differ. Answers a word for the table. */
  check?: (server: Child, acked: number, resend: (count: number) => Promise<number>) => Promise<string>
}
export interface Effort {
  rounds: number
  sliceMs: number
  warmUpMs: number
}
export interface Measured {
  name: string
  perSecond: number[]
  p50: number[]
  p99: number[]
  cpuUs: number[]
  failed: number
  checked: string
}

/** Slices in turn, A B C A B C: what disturbs the machine disturbs all of them. The first variant is the baseline. */
export async function loadInTurn(variants: readonly Variant[], connections: number, effort: Effort): Promise<Measured[]> {
  const loader = await startChild('kit/loader.ts')
  const servers = new Map<string, Child>()
  const measured = variants.map(({ name }): Measured => ({ name, perSecond: [], p50: [], p99: [], cpuUs: [], failed: 0, checked: '' }))
  try {
    for (const variant of variants) {
      const server = await startChild(variant.file, variant.env)
      servers.set(variant.name, server)
      const port = await server.ask<number>({ do: 'port' })
      await loader.ask({ do: 'open', name: variant.name, port, connections, wanted: variant.wanted })
      await loader.ask({ do: 'slice', name: variant.name, ms: effort.warmUpMs })
    }
    for (let round = 0; round < effort.rounds; round++) {
      for (const [index, variant] of variants.entries()) {
        await record(measured[index] as Measured, loader, servers.get(variant.name) as Child, effort.sliceMs)
      }
    }
    for (const [index, variant] of variants.entries()) {
      const acked = await loader.ask<number>({ do: 'acked', name: variant.name })
      const resend = (count: number): Promise<number> => loader.ask<number>({ do: 'again', name: variant.name, count })
      const into = measured[index] as Measured
      into.checked = (await variant.check?.(servers.get(variant.name) as Child, acked, resend)) ?? ''
    }
  } finally {
    await loader.end()
    for (const server of servers.values()) await server.end()
  }
  return measured
}

async function record(into: Measured, loader: Child, server: Child, ms: number): Promise<void> {
  const before = await server.ask<{ cpuMs: number }>({ do: 'usage' })
  const slice = await loader.ask<Slice>({ do: 'slice', name: into.name, ms })
  const after = await server.ask<{ cpuMs: number }>({ do: 'usage' })
  into.perSecond.push(slice.requests / slice.seconds)
  into.p50.push(slice.p50)
  into.p99.push(slice.p99)
  into.cpuUs.push(((after.cpuMs - before.cpuMs) * 1000) / slice.requests)
  into.failed += slice.failed
}

/** Ratios of a variant to the baseline's slice of the same round. */
export const ratios = (of: Measured, to: Measured): number[] => of.perSecond.map((value, round) => value / (to.perSecond[round] ?? Number.NaN))

export function reportLoad(measured: readonly Measured[]): string {
  const [baseline] = measured
  if (!baseline) return ''
  const rows = measured.map((one) => ({
    variant: one.name,
    'per second': median(one.perSecond).toFixed(0),
    [`ratio to ${baseline.name}`]: one === baseline ? '1' : spread(ratios(one, baseline)),
    'best/best': (Math.max(...one.perSecond) / Math.max(...baseline.perSecond)).toFixed(2),
    'p50 ms': median(one.p50).toFixed(1),
    'p99 ms': median(one.p99).toFixed(0),
    'CPU us': median(one.cpuUs).toFixed(0),
    failed: one.failed,
    checked: one.checked,
  }))
  const noise = variation(baseline.perSecond)
  const quiet = `the baseline's slices vary by ${(noise * 100).toFixed(0)} %`
  return `${table(rows)}\n${noise > NOISY ? `NOISY: ${quiet}; do not judge by this run` : quiet} (quartiles ${quantile(baseline.perSecond, 0.25).toFixed(0)}-${quantile(baseline.perSecond, 0.75).toFixed(0)})`
}
