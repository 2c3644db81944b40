import type { Request } from './exchange'

/** Where a request stands below our mount; null when it is not ours. */
export interface Place {
  base: string
  path: string
  query: URLSearchParams
}

/**
 * Mounted under a path (`app.use('/support', wa)`), that path is the prefix; mounted without one, `prefix` is.
 * For requests of the host this is one comparison of strings.
 */
export function placeOf(req: Request, prefix: string): Place | null {
  const url = req.url ?? '/'
  const mounted = req.baseUrl ?? ''
  if (mounted !== '') return split(mounted, url)
  if (!url.startsWith(prefix)) return null
  const next = url.charCodeAt(prefix.length)
  const SLASH = 47
  const QUESTION = 63
  if (url.length !== prefix.length && next !== SLASH && next !== QUESTION) return null
  return split(prefix, url.slice(prefix.length))
}

/**
 * The mount as the browser addresses it. A proxy may take a prefix away before the request comes here: `publicUrl` has it, and is believed for requests
 * that came to its host. (What such a header says is only compared, never shown.)
 */
export function baseFor({ headers }: Request, base: string, publicUrl: string | null): string {
  if (publicUrl === null) return base
  const { host, pathname } = new URL(publicUrl)
  const path = pathname.replace(/\/+$/, '')
  return path.endsWith(base) && (headers.host === host || headers['x-forwarded-host'] === host) ? path : base
}

/** Nobody writes into it. */
const NO_QUERY = new URLSearchParams()

function split(base: string, rest: string): Place {
  const question = rest.indexOf('?')
  const path = question < 0 ? rest : rest.slice(0, question)
  return { base, path: path === '' ? '/' : path, query: question < 0 ? NO_QUERY : new URLSearchParams(rest.slice(question + 1)) }
}
