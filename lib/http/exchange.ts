import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Engine } from '../engine'
import type { Say } from './words/say'

/** Least to most: viewer reads, numbers masked; agent also answers customers; editor also edits menus; admin also erases, exports, settings. */
export const ROLES = ['viewer', 'agent', 'editor', 'admin'] as const
export type Role = (typeof ROLES)[number]
/** Least to most, for API keys. */
export const SCOPES = ['read', 'send', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** Who sits at the dashboard, as `authorize` says. */
export interface User {
  id: string
  name: string
  role: Role
  /** Business numbers this person may see; all when absent. */
  numbers?: readonly string[]
}

/** A request as Express hands it over; plain `node:http` requests fit too. */
export type Request = IncomingMessage & { baseUrl?: string; originalUrl?: string; body?: unknown; rawBody?: unknown; params?: Record<string, string> }

/** One request and its answer, with what every route needs. */
export interface Exchange {
  readonly req: Request
  readonly res: ServerResponse
  readonly engine: Engine
  readonly user: User
  /** How this person is spoken to; English for programs. */
  readonly t: Say
  /** The time zone in which times are shown and days begin. */
  readonly zone: string
  /** The mount: every address in an answer begins with it. `/wa`, `/support`, or empty at a root mount. */
  readonly base: string
  /** Path below the mount. */
  readonly path: string
  readonly query: URLSearchParams
  /** Segments that the route's pattern names, decoded. */
  readonly params: Readonly<Record<string, string>>
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** One line of a route table. */
export interface Route<May extends string> {
  readonly method: Method
  /** Pattern below the mount, `/menus/:key`. */
  readonly path: string
  /** The least role or scope that may. */
  readonly may: May
  readonly handle: (exchange: Exchange) => Promise<void> | void
}

export const isAllowed = <May extends string>(order: readonly May[], has: May, needs: May): boolean => order.indexOf(has) >= order.indexOf(needs)

/** Whether this user may see this business number. */
export const maySee = (user: User, number: string): boolean => user.numbers === undefined || user.numbers.includes(number)
