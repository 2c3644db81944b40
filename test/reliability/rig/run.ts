import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Knex } from 'knex'
import type { TestEngine } from '../../support/databases'
import { hastenRetries, lapseLeasesOf, lookInto, openWork } from './database'
import { type Host, orderDesk } from './hosts'
import { type Instance, startInstance } from './instances'
import { checkInvariants } from './invariants'
import { postWebhook, startLoad } from './load'
import { rigProvider } from './provider'
import { pause, randomFrom, seedOf } from './random'
import { deskWords, plainWords } from './words'

export interface Plan {
  database: string
  host: Host
  instances: number
  kills: number
  seed: number
  /** Of what leaves after the last kill something hangs for certain, and is waited for to the end of the library's own patience: 20 s. */
  patient?: boolean
  /** A file that changes the library in the host before the host sees it: how the negative controls are made. */
  preload?: string
}
export interface Outcome {
  breaches: string[]
  /** Words that were answered with 200. */
  acked: number
  kills: number
  taken: number
  uncertain: number
  /** Uncertain ones that the provider had taken. */
  uncertainTaken: number
  /** Uncertain ones of which the library did not hear within its time. */
  unanswered: number
  /** Answers other than 200, and how often. */
  refused: string
  ms: number
}

/** After the last kill everything comes to rest, however much waits: as long as there is less of it than so long ago. */
const PROGRESS_MS = 60_000

/** Real processes, real HTTP, real SIGKILL: load runs while hosts are killed at random moments and started again; then everything comes to rest and is looked at. */
export async function killRun({ database, host, instances: count, kills, seed, patient = false, preload }: Plan): Promise<Outcome> {
  const began = performance.now()
  const random = randomFrom(seed)
  const db = lookInto(database)
  const instances: Instance[] = []
  const ever: Instance[] = []
  const anyPort = (): number | null => {
    const ports = instances.flatMap(({ port }) => port ?? [])
    return ports[Math.floor(random() * ports.length)] ?? null
  }
  const provider = await rigProvider(random, async (body) => {
    while ((await postWebhook(anyPort, body)) !== 200) await pause(50)
  })
  const start = (): Instance => {
    const instance = startInstance(host, database, provider.url, preload)
    ever.push(instance)
    return instance
  }
  try {
    for (let n = 0; n < count; n++) instances.push(start())
    await Promise.all(instances.map(({ ready }) => ready))
    const load = startLoad(random, anyPort, host === orderDesk ? deskWords : plainWords)
    for (let killed = 0; killed < kills; killed++) {
      // One of five dies while it starts.
      if (random() > 0.2) await Promise.all(instances.map(({ ready }) => ready))
      await pause(150 + random() * 700)
      const victim = Math.floor(random() * count)
      const dead = instances[victim] as Instance
      await dead.kill('SIGKILL')
      await lapseLeasesOf(db, dead.pid)
      instances[victim] = start()
    }
    if (patient) provider.next('never answered, never taken', 'taken and never answered')
    await Promise.all(instances.map(({ ready }) => ready))
    await load.stop()
    if (!patient) provider.hangUp()
    await provider.reported()
    await rest(db)
    await provider.reported()
    await rest(db)
    for (const instance of instances) await instance.kill('SIGTERM')
    return await lookAt()

    async function lookAt(): Promise<Outcome> {
      const uncertain = (await db('wa_messages').where({ status: 'uncertain' }).select('ref')) as { ref: string }[]
      const [unanswered] = (await db('wa_message_history').where('detail', 'like', '%did not answer within%').count({ n: '*' })) as { n: number | string }[]
      const refs = new Set(provider.taken.map(({ ref }) => ref))
      return {
        breaches: await checkInvariants(db, {
          acked: load.acked,
          taken: provider.taken,
          completed: ever.flatMap((instance) => instance.completed()),
          ...(load.script.size > 0 ? { script: load.script } : {}),
        }),
        acked: [...load.acked.values()].flat().length,
        kills,
        taken: provider.taken.length,
        uncertain: uncertain.length,
        uncertainTaken: uncertain.filter(({ ref }) => refs.has(ref)).length,
        unanswered: Number(unanswered?.n),
        refused: [...load.refused].map(([status, times]) => `${status}×${times}`).join(' ') || 'none',
        ms: Math.round(performance.now() - began),
      }
    }
  } finally {
    await Promise.all(instances.map((instance) => instance.kill('SIGKILL')))
    await provider.close()
    await db.destroy()
  }
}

async function rest(db: Knex): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  let since = performance.now()
  for (;;) {
    await hastenRetries(db)
    const open = await openWork(db)
    if (open === 0 || performance.now() - since > PROGRESS_MS) return
    if (open < least) {
      least = open
      since = performance.now()
    }
    await pause(200)
  }
}

/** The hosts run what is built, as a customer's does. */
export function build(): void {
  const built = spawnSync(process.execPath, [join(__dirname, '..', '..', '..', 'scripts', 'build.mjs')], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`the library could not be built: ${built.stderr || built.stdout}`)
}

/** A run on a fresh database, with its figures in the report of the test. */
export async function runOn(t: TestContext, engine: TestEngine, plan: Omit<Plan, 'database' | 'seed'>): Promise<Outcome> {
  const seed = seedOf()
  const database = await engine.open()
  try {
    const outcome = await killRun({ ...plan, database: database.url, seed })
    const { breaches, ...figures } = outcome
    t.diagnostic(`seed ${seed}: ${JSON.stringify(figures)}, ${breaches.length} breaches`)
    return outcome
  } finally {
    await database.drop()
  }
}
