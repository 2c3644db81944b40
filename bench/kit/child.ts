import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A process of the bench: asked over IPC, one question at a time. */
export interface Child {
  ask<T>(question: object): Promise<T>
  end(): Promise<void>
}

/** Starts `bench/<file>` in a process of its own; resolves when it answers. `flags` go to node, as `--cpu-prof` does. */
export async function startChild(file: string, env: Record<string, string> = {}, flags: readonly string[] = []): Promise<Child> {
  const child = fork(join(__dirname, '..', file), [], {
    env: { ...withoutOurs(process.env), ...env },
    execArgv: ['--import', 'tsx', ...flags, ...profiling(file)],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const asked: { answer: (reply: Reply) => void }[] = []
  child.on('message', (reply: Reply) => asked.shift()?.answer(reply))
  child.on('exit', (code, signal) => {
    for (const { answer } of asked.splice(0)) answer({ failed: `ended (${code ?? signal}) while it was asked something` })
  })
  const ask = async <T>(question: object): Promise<T> => {
    const reply = await new Promise<Reply>((answer) => {
      asked.push({ answer })
      child.send(question)
    })
    if (reply.failed !== undefined) throw new Error(`${file}: ${reply.failed}`)
    return reply.value as T
  }
  await ask({ do: 'ready' })
  return {
    ask,
    async end() {
      if (child.exitCode !== null) return
      const exit = once(child, 'exit')
      child.send({ do: 'end' })
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await exit
      clearTimeout(timer)
    },
  }
}

type Reply = { failed?: string; value?: unknown }

/** BENCH_PROFILE=sqlite writes a CPU profile of every server whose file name contains it. */
const profiling = (file: string): string[] => {
  const wanted = process.env.BENCH_PROFILE
  return wanted && file.includes(wanted) ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE_FOLDER ?? 'tmp/profiles'}`] : []
}

/** What this shell is set up for must not reach a server of the bench. */
const withoutOurs = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(WA_|EXOTEL_|WHATSAPP_|PORT$)/.test(name)))

type Answers = Record<string, (question: never) => unknown>

/** The other side: answers questions until `end`. `usage` is answered by itself: CPU of this process in ms, memory in MB. */
export function serveQuestions(answers: Answers & { end?: () => unknown }): void {
  const known: Answers = {
    ready: () => true,
    usage: () => {
      const { user, system } = process.cpuUsage()
      return { cpuMs: (user + system) / 1000, rssMb: process.memoryUsage.rss() / 1024 / 1024 }
    },
    ...answers,
  }
  process.on('message', async (question: { do: string }) => {
    try {
      const value = await known[question.do]?.(question as never)
      process.send?.({ value })
    } catch (error) {
      process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
    if (question.do === 'end') process.exit(0)
  })
}
