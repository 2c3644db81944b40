import type { ServerResponse } from 'node:http'
import { CODES, WaError } from '../../errors'
import type { ContactRow } from '../../store/contacts'
import { countEvents } from '../../store/events'
import { ATTENTION } from '../../store/news'
import type { Retention } from '../../store/retention'
import { type Exchange, isAllowed, type Request, ROLES } from '../exchange'
import { type Link, type Look, lookOf } from '../look'
import { problemOf, send } from '../problem'
import { english, type Say } from '../words/say'
import { assetsAt } from './assets'
import { providerWords } from './health'
import type { Draw, Locals } from './render'

/** What every page of one `waInteractive()` has around it, and what its settings page says. */
export interface Frame {
  production: boolean
  /** How people sign in, in English words. */
  access: string
  keys: readonly { name: string; scope: string }[]
  retention: Retention
  look: Look
}
const frames = new WeakMap<object, Frame>()
export const setFrame = (engine: object, frame: Frame): void => {
  if (!frames.has(engine)) frames.set(engine, frame)
}
export const frameOf = (engine: object): Frame =>
  frames.get(engine) ?? { production: false, access: '', keys: [], retention: { messagesDays: null, rawDays: null, auditDays: null }, look: lookOf({}) }

/** The stream of a page. */
export interface Stream {
  /** Below the mount; says what the page has seen, so that it is told of what comes after. */
  address: string
  /** How many events need attention, when that was asked along. */
  attention?: number
}

/** A whole page: the view inside the layout. Locals need `title`. */
export async function page(
  x: Exchange,
  view: string,
  locals: Locals & { title: string; stream?: Stream | null },
  status = 200,
  headers: Record<string, string> = {},
): Promise<void> {
  const trouble = locals.stream?.attention ?? (await countEvents(x.engine.db.read, ['needs_attention'], ATTENTION, { numbers: x.user.numbers }))
  html(
    x.res,
    status,
    frameOf(x.engine).look.draw('layout', {
      ...locals,
      t: x.t,
      view,
      base: x.base,
      news: newsTrigger(x),
      frame: { ...frameLocals(x), trouble: trouble >= ATTENTION ? `${ATTENTION}+` : String(trouble || '') },
    }),
    headers,
  )
}

/** One region of a page: a file whose name begins with `_`, and whose root element has that name as its id. */
export function fragment(x: Exchange, view: string, locals: Locals, status = 200): void {
  html(x.res, status, frameOf(x.engine).look.draw(view, { ...locals, t: x.t, base: x.base, news: newsTrigger(x) }))
}

/**
 * When a region asks for itself again, as `hx-trigger`. The stream is told what changed, and not that time passes: each minute, except for what is
 * `data-still` while the stream is there (public/app.js).
 */
function newsTrigger(x: Exchange): string {
  const { live } = frameOf(x.engine).look
  return live === false ? 'changed from:document' : `changed from:document, every ${live === true ? '60s' : `${live.intervalMs}ms`}`
}

/** The host's own pages about this customer. */
export const linksOf = (x: Exchange, contact: ContactRow): readonly Link[] =>
  frameOf(x.engine).look.contactLinks({
    id: String(contact.id),
    phone: x.user.role === 'viewer' ? null : contact.phone,
    externalId: contact.external_id,
    name: contact.name,
  })

/** After a form without JavaScript: look at the result under its own address, so that a reload sends nothing again. */
export function seeOther(x: Exchange, path: string): void {
  x.res.writeHead(303, { Location: `${x.base}${path}`, 'Cache-Control': 'no-store', 'Content-Length': 0 }).end()
}

/** Sent by a script of ours, which cannot be led elsewhere by a redirect, and keeps the page when there is nothing to put into it. */
const isHtmx = (req: Request): boolean => req.headers['hx-request'] !== undefined

/** The same for a form that htmx sent, which goes to another page by a header. */
export function leadTo(x: Exchange, path: string): void {
  if (!isHtmx(x.req)) seeOther(x, path)
  else x.res.writeHead(200, { ...OURS, 'HX-Redirect': `${x.base}${path}`, 'Cache-Control': 'no-store', 'Content-Length': 0 }).end()
}

function frameLocals(x: Exchange): Locals {
  const { production, look } = frameOf(x.engine)
  const providers = [...new Set([...x.engine.lines.values()].map((line) => line.provider.name))]
  const simulated = providers.includes('simulator')
  return {
    look,
    assets: `${x.base}${assetsAt()}`,
    user: { id: x.user.id, name: x.user.name, role: x.user.role },
    simulated,
    badge: { words: simulated ? x.t('Simulator') : providers.map((name) => providerWords(name, x.t)).join(', '), live: !simulated, production },
    nav: navOf(x, simulated),
    foot: footOf(x, look.languages.offered.length > 1),
    zone: x.zone,
  }
}

const PAGES = [
  { href: '/', words: english('Overview'), glyph: 'home' },
  { href: '/menus', words: english('Menus'), glyph: 'list' },
  { href: '/conversations', words: english('Conversations'), glyph: 'talk' },
  { href: '/outbox', words: english('Outbox'), glyph: 'send' },
  { href: '/events', words: english('Attention'), glyph: 'failed' },
  { href: '/phone', words: english('Phone'), glyph: 'handset' },
] as const

const navOf = ({ path, t }: Exchange, simulated: boolean) =>
  PAGES.filter((one) => one.href !== '/phone' || simulated).map((one) => ({
    ...one,
    words: t(one.words),
    on: one.href === '/' ? path === '/' : path === one.href || path.startsWith(`${one.href}/`),
  }))

/** Below the pages: what is seldom wanted. The audit is reached by the settings. */
const footOf = ({ path, t, user }: Exchange, several: boolean) => [
  ...(several ? [{ href: '/language', words: t('Language'), glyph: 'globe', on: path === '/language' }] : []),
  ...(isAllowed(ROLES, user.role, 'admin')
    ? [{ href: '/settings', words: t('Settings'), glyph: 'sliders', on: path === '/settings' || path.startsWith('/audit') }]
    : []),
]

/** Nothing inline, nothing from elsewhere. `same-origin` as referrer, because with `no-referrer` browsers send our own forms with `Origin: null`. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** By this our pages know our answers from those of somebody who stands before us, such as a sign-in page (public/app.js). */
export const OURS = { 'Wa-Page': '1' }

function html(res: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  send(res, status, 'text/html; charset=utf-8', body, {
    // A policy that the host has set is the host's business.
    ...(res.hasHeader('Content-Security-Policy') ? {} : { 'Content-Security-Policy': POLICY }),
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    Vary: 'HX-Request-Type, HX-Request',
    ...OURS,
    ...headers,
  })
}

/** How a refusal is told: `inside` is the exchange of somebody who was let in, null for everybody else. */
interface Refusal {
  basic: boolean
  inside: Exchange | null
  t: Say
  draw: Draw
}

/** What went wrong, as a page for people; htmx gets a notice and leaves the page as it is. */
export async function refuse(req: Request, res: ServerResponse, base: string, error: unknown, how: Refusal): Promise<void> {
  const problem = problemOf(error)
  const headers: Record<string, string> = {}
  if (problem.status === 401 && how.basic) headers['WWW-Authenticate'] = 'Basic realm="wa-interactive", charset="UTF-8"'
  if (problem.status === 503) headers['Retry-After'] = '5'
  if (problem.status === 429) headers['Retry-After'] = '300'
  if (error instanceof WaError && error.code === 'WA_METHOD') headers.Allow = String(error.faults[0]?.limit ?? 'GET')
  if (isHtmx(req)) {
    // Whoever lost their session is led to the sign-in by loading the page anew, unless words stand in it that would be lost (public/app.js).
    const told = problem.status === 401 ? 'signed-out' : 'notice'
    html(res, problem.status, '', { ...headers, 'HX-Reswap': 'none', 'HX-Trigger': asciiJson({ [told]: { words: how.t.said(problem.detail) } }) })
    return
  }
  const told = {
    status: problem.status,
    title: how.t(CODES[problem.code].title),
    detail: how.t.said(problem.detail),
    fixes: problem.errors.flatMap(({ fix }) => (fix ? [how.t.said(fix)] : [])),
  }
  if (how.inside && problem.status < 500 && (await refuseInside(how.inside, told, headers))) return
  // The stylesheet is behind the same guard: who may not enter gets a page that needs none.
  const assets = how.inside ? `${base}${assetsAt()}` : null
  html(res, problem.status, how.draw('refused', { ...told, t: how.t, base, assets, entered: how.inside !== null }), headers)
}

/** With the pages around it, so that one mistake leads nowhere out. Answers false where they cannot be drawn, as while the database is away. */
async function refuseInside(x: Exchange, told: Locals & { status: number; title: string }, headers: Record<string, string>): Promise<boolean> {
  try {
    await page(x, 'refusal', told, told.status, headers)
    return true
  } catch {
    return x.res.headersSent
  }
}

/** Header values are ASCII. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
