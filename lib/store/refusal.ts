/**
 * Codes with which an engine refuses a value, and will refuse it for ever: SQLSTATE classes 22 (data), 23 (constraints) and 54 (limits) of
 * PostgreSQL, their names in MariaDB and sqlite. Everything else (a lock, a broken connection, a full disk) may pass.
 */
const REFUSALS =
  /^(22|23|54)[0-9A-Z]{3}$|^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)|^ER_(DATA_TOO_LONG|DUP_ENTRY|BAD_NULL_ERROR|NO_DEFAULT_FOR_FIELD|NET_PACKET_TOO_LARGE|INVALID_CHARACTER_STRING|WARN_DATA_OUT_OF_RANGE|(WARN_)?DATA_TRUNCATED|TRUNCATED_WRONG_VALUE|INCORRECT_\w+|CONSTRAINT_FAILED|INVALID_JSON_TEXT)/

/** Whether this very value is at fault, and not the moment. Also a fault of our own code that the value brings out: trying again would end the same. */
export function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  if (typeof code === 'string') return REFUSALS.test(code)
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
}
