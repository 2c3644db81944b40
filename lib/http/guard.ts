import { WaError } from '../errors'
import { safeEqual } from '../providers/secrets'
import { short } from '../store/rows'
import { isAllowed, type Request, ROLES, type Role, SCOPES, type Scope, type User } from './exchange'

export interface ApiKey {
  name: string
  key: string
  scope: Scope
}
/** Who may enter, as the host configured it. */
export interface Access {
  authorize: ((req: never) => User | null | undefined | Promise<User | null | undefined>) | null
  basic: { user: string; password: string } | null
  apiKeys: readonly ApiKey[]
  production: boolean
}

const LOCAL: User = { id: 'local', name: 'you (local)', role: 'admin' }

/** Who sits at the dashboard. Throws WA_NOT_CONFIGURED (403) or WA_UNAUTHORIZED (401). What is configured is required, everywhere. */
export async function whoIs(req: Request, access: Access): Promise<User> {
  if (access.authorize) {
    const user = await access.authorize(req as never)
    if (!user) throw new WaError('WA_UNAUTHORIZED', 'Please sign in first.')
    if (!(ROLES as readonly string[]).includes(user.role))
      throw new WaError('WA_OPTION_INVALID', `authorize() answered the role "${String(user.role)}". Known: ${ROLES.join(', ')}.`)
    // Every row that says who did something has room for so much.
    return { ...user, name: short(user.name ?? null) ?? user.id }
  }
  if (access.basic) return basicUser(req, access.basic)
  if (access.production || !isLocal(req)) throw closed('The dashboard', 'authorize, or WA_DASHBOARD_USER and WA_DASHBOARD_PASSWORD', access.production)
  return LOCAL
}

/** Which key calls the API. Cookies never count. */
export function whichKey(req: Request, access: Access): ApiKey {
  if (access.apiKeys.length > 0) {
    const given = /^Bearer\s+(.+)$/i.exec(req.headers.authorization ?? '')?.[1]?.trim() ?? ''
    const known = access.apiKeys.find((candidate) => safeEqual(candidate.key, given))
    if (!known)
      throw new WaError('WA_UNAUTHORIZED', 'Send an API key: Authorization: Bearer <key>.', [
        { path: 'Authorization', message: given ? 'unknown key' : 'missing' },
      ])
    return known
  }
  if (access.production || !isLocal(req)) throw closed('The API', 'apiKeys, or WA_API_KEY', access.production)
  return { name: 'local', key: '', scope: 'admin' }
}

export function requireRole(user: User, needs: Role): void {
  if (!isAllowed(ROLES, user.role, needs))
    throw new WaError('WA_FORBIDDEN', `This needs the role ${needs}; you are ${user.role}.`, [
      { path: 'role', message: 'not enough', actual: user.role, limit: needs },
    ])
}
export function requireScope(key: ApiKey, needs: Scope): void {
  if (!isAllowed(SCOPES, key.scope, needs))
    throw new WaError('WA_FORBIDDEN', `This needs a key with scope ${needs}; "${key.name}" has ${key.scope}.`, [
      { path: 'scope', message: 'not enough', actual: key.scope, limit: needs },
    ])
}

/** The simulator's door stands open on this machine alone. */
export function requireLocal(req: Request, what: string): void {
  if (!isLocal(req)) throw closed(what, 'a provider (WA_PROVIDER, EXOTEL_…, WHATSAPP_…)', false)
}

/**
 * A state may be changed from our own pages alone: Sec-Fetch-Site where the browser sends it, else an Origin that equals Host.
 * Neither present: refused, because an attacker's page could have left them out by an old browser.
 */
export function requireSameOrigin(req: Request): void {
  const site = req.headers['sec-fetch-site']
  if (site !== undefined) {
    if (site === 'same-origin') return
    throw crossSite(`Sec-Fetch-Site is "${String(site)}"`)
  }
  const origin = req.headers.origin
  if (origin === undefined) throw crossSite('neither Sec-Fetch-Site nor Origin was sent')
  if (!URL.canParse(origin) || new URL(origin).host !== req.headers.host) throw crossSite('Origin is not this host')
}

const crossSite = (why: string): WaError =>
  new WaError('WA_CROSS_SITE', `The request did not come from a page of this dashboard (${why}). Open the page again and repeat.`)

const closed = (what: string, setting: string, production: boolean): WaError =>
  new WaError(
    'WA_NOT_CONFIGURED',
    production
      ? `${what} is closed until you say who may enter. Set ${setting}.`
      : `${what} is open on this machine only, and this request came from elsewhere. Set ${setting} to open it to others.`,
    [{ path: setting, message: 'not configured' }],
  )

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/
const LOCAL_HOST = /^(localhost|[a-z0-9-]+\.localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i
/** Headers that proxies, balancers and tunnels add. No browser and no curl sends one by itself. */
const FORWARDING =
  /^(forwarded|via|x-forwarded(-.+)?|x-original-.+|x-real-ip|x-client-ip|x-cluster-client-ip|x-envoy-.+|(cf|fastly|fly|true)-(connecting|client)-ip)$/

/**
 * Local socket, local Host header (a rebound DNS name is not), and no sign of a proxy. HTTP/1.0 is one: it is what nginx speaks to the host
 * behind it unless told otherwise, with a Host that may well be 127.0.0.1.
 */
export function isLocal(req: Request): boolean {
  if (!LOOPBACK.test(req.socket?.remoteAddress ?? '')) return false
  if (!LOCAL_HOST.test(req.headers.host ?? '') || req.httpVersion === '1.0') return false
  return !Object.keys(req.headers).some((header) => FORWARDING.test(header))
}

function basicUser(req: Request, basic: { user: string; password: string }): User {
  const encoded = /^Basic\s+(.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? ''
  const [user = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  const sameUser = safeEqual(basic.user, user)
  const samePassword = safeEqual(basic.password, rest.join(':'))
  if (!sameUser || !samePassword) throw new WaError('WA_UNAUTHORIZED', 'Wrong user or password.')
  return { id: user, name: user, role: 'admin' }
}
