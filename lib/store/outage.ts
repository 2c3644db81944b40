/**
 * Whether the database itself is in trouble (away, locked, full), so that asking it again at once is of no use.
 * Anything else is about the row. Codes: SQLite's result codes, PostgreSQL's classes 08, 53, 57, 58, MySQL's words, Node's of sockets.
 */
export function isOutage(error: unknown): boolean {
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string }
  if (name === 'KnexTimeoutError') return true
  if (typeof code !== 'string') return /^(Connection (terminated|ended)|timeout expired|Unable to acquire a connection)/i.test(message ?? '')
  return (
    /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM|PROTOCOL)/.test(code) ||
    /^(08|53|57|58)\w{3}$/.test(code) ||
    /^(WA_|PROTOCOL_|ER_(CON_|LOCK_|SERVER_|DISK_|TOO_MANY|RECORD_FILE_FULL|OPTION_PREVENTS)|E(?!R_)[A-Z]+$)/.test(code)
  )
}

/** Whether a connection broke under a query: the next one gets another connection, and may well succeed. */
export const isBroken = (error: unknown): boolean => /^(ECONNRESET|EPIPE|PROTOCOL_CONNECTION_LOST|57P01)$/.test(String((error as { code?: unknown }).code))
