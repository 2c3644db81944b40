/** Where the package writes. pino, winston and console fit. */
export interface Logger {
  debug(o: object, msg: string): void
  info(o: object, msg: string): void
  warn(o: object, msg: string): void
  error(o: object, msg: string): void
}

const NOTHING = (): void => {}
export const SILENT: Logger = { debug: NOTHING, info: NOTHING, warn: NOTHING, error: NOTHING }

/** One JSON line a message on stderr; `debug` is left out. JSON escapes what could forge a line or colour a terminal. */
export function stderrLogger(write: (line: string) => void = (line) => process.stderr.write(line)): Logger {
  const at = (level: string) => (o: object, msg: string) =>
    write(`${JSON.stringify({ time: new Date().toISOString(), level, name: 'wa-interactive', msg: scrub(msg), ...scrubbed(o) })}\n`)
  return { debug: NOTHING, info: at('info'), warn: at('warn'), error: at('error') }
}

/** Full phone numbers and webhook tokens never reach a log. */
export const scrub = (text: string): string =>
  text.replace(/\+?\d{10,15}/g, (digits) => `${digits.slice(0, 3)}…${digits.slice(-2)}`).replace(/([?&]token=)[^&\s"]+/g, '$1…')

function scrubbed(o: object): object {
  return Object.fromEntries(
    Object.entries(o).map(([key, value]) => [key, typeof value === 'string' ? scrub(value) : value instanceof Error ? scrub(value.message) : value]),
  )
}
