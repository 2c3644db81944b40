import type { Dialect } from './database'
import { randomRef } from './rows'

/** Names one claim: an attempt is fenced against everybody else's, and against an earlier one of its own process. */
export const leaseToken = (holder: string): string => `${holder}#${randomRef()}`

/**
 * The database's clock as SQL, ms since epoch. Leases are written and compared with it alone: an instance whose own clock is ten minutes ahead
 * steals nothing, and one that is behind lets nothing lie. (MySQL: from UTC, because its unix_timestamp of a finer time is ambiguous for an hour every autumn.)
 */
export const CLOCK: Readonly<Record<Dialect, string>> = {
  sqlite: "cast(unixepoch('subsec') * 1000 as integer)",
  postgres: 'cast(extract(epoch from clock_timestamp()) * 1000 as bigint)',
  mysql: "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(3)) div 1000)",
}
