import type http from 'node:http'
import { WaError } from '../errors'
import { errorOf, resultOf } from './codes'
import { type Answer, postJson, type Target } from './http'
import type { SendResult } from './provider'

export interface Delivery {
  /** Credentials without a value, as names of variables. */
  missing: readonly string[]
  to: Target
  /** The JSON that leaves. */
  body(): string
  agent: http.Agent
  signal: AbortSignal
  resultOf(answer: Answer): SendResult
}

/** One request from a parcel to its result. Never rejects for what a parcel, the network or the provider did. */
export async function deliver({ missing, to, body, agent, signal, resultOf: resultOfAnswer }: Delivery): Promise<SendResult> {
  if (missing.length > 0) {
    const title = `Not configured: ${missing.join(', ')}`
    const row = { class: 'hold-account', alert: true, title, advice: 'Ask a developer to set these variables and to restart.' } as const
    return resultOf(row, errorOf(0, row, null))
  }
  const ready = bodyOf(body)
  if (!('body' in ready)) return ready
  const answer = await postJson({ to, body: ready.body, agent, signal })
  if (answer.answered) return resultOfAnswer(answer)
  return { outcome: answer.left ? 'uncertain' : 'retry', reason: answer.reason }
}

/** What would leave. A message that has no shape on this wire never will have one: it fails visibly instead of blocking the queue. */
export function bodyOf(body: () => string): { body: string } | Extract<SendResult, { outcome: 'failed' }> {
  try {
    return { body: body() }
  } catch (error) {
    if (!(error instanceof WaError)) throw error
    return {
      outcome: 'failed',
      reason: error.message,
      error: { code: 0, title: error.message, advice: 'Correct the message, or reach the customer another way.' },
    }
  }
}
