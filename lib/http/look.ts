import { type Fault, WaError } from '../errors'
import { suggest } from '../model/suggest'
import { createDraw, type Draw, viewFaults } from './dashboard/render'
import { isTag, type Languages, languagesOf, type OwnWords } from './words/languages'
import { isWords } from './words/say'
import { isZone, ownZone } from './zone'

/** A link to a page of the host's own: an https address, or a path of this host. */
export interface Link {
  words: string
  href: string
}
/** What the host knows a customer by when it links to its own pages. */
export interface LinkedContact {
  id: string
  phone: string | null
  externalId: string | null
  name: string | null
}
/** How the dashboard fits into the host that it is mounted in. All of it may be left out. */
export interface DashboardOptions {
  /** Name at the top and in the browser's tab. Default `wa-interactive`. */
  title?: string
  /** Address of a picture at the top, of this host (the CSP lets no other in). */
  logo?: string
  /** Environment that nobody should mistake: `STAGING`. Stands in every page and before every title. */
  badge?: string
  /** The way back to the host. */
  back?: Link
  /** More entries below the pages. */
  links?: readonly Link[]
  /** Sentences of the dashboard in words of the host's own, in the language of option `language` or by language: `{ Publish: 'Go live', ar: { Publish: 'نشر' } }`. */
  words?: OwnWords
  /** In which times are shown and days begin: `Asia/Kolkata`. Default: the zone of this process. */
  timeZone?: string
  /** Folder of the host's own views: a file there is drawn in place of ours of the same path, `layout.ejs`, `conversations/_talk.ejs`. */
  views?: string
  /** How open pages follow what happens. Default: told by the server within a second. An interval makes them ask (from 2,000 ms), `false` waits for a reload. */
  live?: boolean | { intervalMs: number }
  /** Links beside a customer: their orders, their account. Throwing or answering nothing shows none. */
  contactLinks?(contact: LinkedContact): readonly Link[]
}

/** With every default filled in. */
export interface Look {
  title: string
  logo: string | null
  badge: string | null
  back: Link | null
  links: readonly Link[]
  contactLinks: (contact: LinkedContact) => readonly Link[]
  languages: Languages
  timeZone: string
  /** True: a stream of server-sent events. */
  live: boolean | { intervalMs: number }
  draw: Draw
}

const KNOWN = ['title', 'logo', 'badge', 'back', 'links', 'words', 'timeZone', 'views', 'live', 'contactLinks']

/** `language`: what pages are in until somebody chooses another. Throws WA_OPTION_INVALID with every fault at once. */
export function lookOf(options: DashboardOptions, language = 'en'): Look {
  const faults: Fault[] = []
  for (const name of Object.keys(options)) {
    if (KNOWN.includes(name)) continue
    const near = suggest(name, KNOWN)
    faults.push({
      path: `dashboard.${name}`,
      message: `Unknown option "dashboard.${name}".${near ? ` Did you mean "${near}"?` : ` Known: ${KNOWN.join(', ')}.`}`,
      actual: name,
    })
  }
  if (options.logo !== undefined && !isOwn(options.logo))
    faults.push({
      path: 'dashboard.logo',
      message: `dashboard.logo is "${options.logo}"; it must be a path of this host, such as /logo.svg.`,
      actual: options.logo,
    })
  for (const [path, link] of [
    ...(options.back ? [['dashboard.back', options.back] as const] : []),
    ...(options.links ?? []).map((link, index) => [`dashboard.links[${index}]`, link] as const),
  ]) {
    if (!isLink(link))
      faults.push({
        path,
        message: `${path} has no words, or an address that is neither a path of this host nor http(s).`,
        actual: link?.href,
        fix: "{ words: 'Orders', href: '/orders' }",
      })
  }
  if (options.timeZone !== undefined && !isZone(options.timeZone)) {
    const near = suggest(options.timeZone, Intl.supportedValuesOf('timeZone'))
    faults.push({
      path: 'dashboard.timeZone',
      message: `dashboard.timeZone is "${options.timeZone}", which is no time zone.${near ? ` Did you mean "${near}"?` : ' It is a name such as Asia/Kolkata or UTC.'}`,
      actual: options.timeZone,
    })
  }
  if (options.live !== undefined && !isLive(options.live))
    faults.push({
      path: 'dashboard.live',
      message: `dashboard.live is ${JSON.stringify(options.live)}; it must be true, false, or { intervalMs } with a whole number from ${LEAST_MS} to ${MOST_MS}.`,
      actual: options.live,
      limit: `${LEAST_MS}…${MOST_MS}`,
      fix: '{ intervalMs: 5000 }',
    })
  if (options.views !== undefined) faults.push(...viewFaults(options.views, 'dashboard.views'))
  faults.push(...wordFaults(options.words ?? {}))
  if (faults.length > 0) throw new WaError('WA_OPTION_INVALID', faults.map((fault) => fault.message).join(' '), faults)
  return {
    title: options.title || 'wa-interactive',
    logo: options.logo ?? null,
    badge: options.badge || null,
    back: options.back ?? null,
    links: options.links ?? [],
    contactLinks: (contact) => safely(() => options.contactLinks?.(contact) ?? []).filter(isLink),
    languages: languagesOf(language, options.words),
    timeZone: options.timeZone ?? ownZone(),
    live: options.live ?? true,
    draw: createDraw(options.views),
  }
}

function wordFaults(words: OwnWords): Fault[] {
  return Object.entries(words).flatMap(([key, value]): Fault[] => {
    if (typeof value === 'string' || (isTag(key) && isWords(value))) return []
    const path = `dashboard.words.${key}`
    return [
      {
        path,
        message: `${path} is neither words nor a language with words: { 'Publish': 'Go live' } or { ar: { 'Publish': 'نشر' } }.`,
        actual: typeof value,
        limit: 'string | { sentence: string }',
      },
    ]
  })
}

/** More often than that, and asking is more work than being told. */
const LEAST_MS = 2000
const MOST_MS = 3_600_000
const isLive = (live: unknown): boolean => {
  if (typeof live !== 'object' || live === null) return typeof live === 'boolean'
  const { intervalMs, ...others } = live as { intervalMs?: unknown }
  return Object.keys(others).length === 0 && Number.isInteger(intervalMs) && Number(intervalMs) >= LEAST_MS && Number(intervalMs) <= MOST_MS
}

const isOwn = (address: string): boolean => /^\/(?![/\\])/.test(address)
const isLink = (link: Link | undefined): boolean =>
  typeof link?.words === 'string' && link.words !== '' && typeof link.href === 'string' && (isOwn(link.href) || /^https?:\/\//i.test(link.href))

/** The host's code must not take a page down. */
function safely(links: () => readonly Link[]): readonly Link[] {
  try {
    const given = links()
    return Array.isArray(given) ? given : []
  } catch {
    return []
  }
}
