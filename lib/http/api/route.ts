import type { ObjectSchema, Schema } from 'joi'
import type { Fault, WaCode } from '../../errors'
import type { Exchange, Route, Scope } from '../exchange'

/** One line of the API's route table: what it does, and all that its description in OpenAPI is made of. */
export interface ApiRoute extends Omit<Route<Scope>, 'handle'> {
  /** Name of the operation, for generated clients: `sendMessage`. */
  readonly id: string
  /** What it does, in one line. */
  readonly summary: string
  /** What one line cannot say. */
  readonly about?: string
  readonly query?: ObjectSchema
  readonly headers?: Readonly<Record<string, Schema>>
  readonly body?: Body
  /** What it answers when it does what it was asked. */
  readonly answer: Answer
  /** Codes it refuses with, beside those that every route has. */
  readonly refuses?: readonly WaCode[]
  readonly handle: (exchange: Exchange, asked: Asked) => Promise<void>
}

export interface Body {
  readonly schema: Schema
  /** Nothing at all counts as `{}`. */
  readonly optional?: boolean
  readonly example?: unknown
  /** The models know more than a schema can say, and say it better: their faults stand in for the schema's at and below each path. */
  readonly explain?: readonly Explanation[]
}
export interface Explanation {
  /** Where in the body; empty for the whole. */
  readonly at: string
  /** Code of the answer when nothing else is wrong. */
  readonly code: WaCode
  readonly faults: (part: unknown, exchange: Exchange) => readonly Fault[]
}
export interface Answer {
  readonly status: number
  readonly about: string
  /** None: no body. */
  readonly schema?: Schema
  readonly headers?: Readonly<Record<string, string>>
}

/** What a request brought, checked against its route. */
export interface Asked {
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}
