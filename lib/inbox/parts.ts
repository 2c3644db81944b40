import type { ContextParts } from '../flows/context'
import type { Flows } from '../flows/flow'
import type { Listeners } from '../flows/listeners'
import type { Logger } from '../log'
import type { Db } from '../store/database'
import type { Ending } from '../store/endings'

/** What the inbox needs of the engine. */
export interface InboxParts {
  db: () => Db
  /** Names this instance in its leases. */
  holder: string
  now: () => number
  log: Logger
  listeners: Listeners
  flows: Flows
  context: ContextParts
  concurrency: number
  changed: (conversationId: number | null) => void
  wakeIn: (ms: number) => void
  observed: (type: string, given: Record<string, unknown>) => void
  failed: (error: unknown, at: { event: { id: string; type: string }; listener: string; attempt: number; final: boolean }) => void
}

/** The same at work. */
export interface Inbox extends InboxParts {
  /** Records that an attempt ended well, with one commit for all that end at the same time. False when another attempt has begun meanwhile. */
  ended: (ending: Ending) => Promise<boolean>
}

/** How long an end is recorded against a database that hiccups: what a lease has left when one heartbeat was missed. */
export const INSIST_MS = 40_000
/** An attempt took so long that another one had begun: nothing was recorded twice. */
export const sayOvertaken = (parts: InboxParts, event: number): void =>
  parts.log.warn({ event }, 'this attempt took so long that another one had begun; its end was not recorded twice')
