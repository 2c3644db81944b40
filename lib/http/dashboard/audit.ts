import { type AuditFilter, type AuditRow, auditAfter, listAudit, writeAudit } from '../../store/audit'
import type { Exchange, Role, Route } from '../exchange'
import { english } from '../words/say'
import { addressWith, afterOf } from './asked'
import { download, formatIn, type Line } from './download'
import { page } from './page'
import { boundsOf, dayWords, spanOf } from './span'
import { type Moment, momentOf } from './when'

/** By POST, because an export is written down itself. */
export const routes: Route<Role>[] = [
  { method: 'GET', path: '/audit', may: 'admin', handle: list },
  { method: 'POST', path: '/audit/export', may: 'admin', handle: exportAll },
]

const PAGE = 50
const BATCH = 500
const LONGEST = 190

/** What was done, as it stands between who did it and what it was done to. */
const ACTIONS: Readonly<Record<string, string>> = {
  'audit.exported': english('exported the audit'),
  'contact.erased': english('erased a customer'),
  'contact.opted_in': english('noted that they want messages again'),
  'contact.opted_out': english('noted that they want no more messages'),
  'conversation.given_back': english('gave back to the bot'),
  'conversation.taken': english('took over'),
  'events.discard': english('discarded events'),
  'events.retry': english('had events heard again'),
  'event.discard': english('discarded an event'),
  'event.replay': english('had an event handled again'),
  'event.retry': english('had an event tried again'),
  'menu.archived': english('archived a menu'),
  'menu.created': english('made a menu'),
  'menu.declared': english('declared a menu'),
  'menu.draft': english('changed a draft'),
  'menu.draft_discarded': english('discarded a draft'),
  'menu.published': english('published a menu'),
  'menu.restored': english('restored a menu'),
  'menu.rolled_back': english('made an old version live again'),
  'menu.tagged': english('changed the tags of a menu'),
  'message.arrived': english('noted that a message arrived'),
  'message.cancel': english('canceled a message'),
  'message.retry': english('sent a message again'),
  'messages.cancel': english('discarded messages'),
  'messages.exported': english('exported messages'),
  'messages.retry': english('sent messages again'),
}

export interface AuditLine {
  id: number
  who: string
  words: string
  subject: string
  /** Address below the mount of what it was done to; null when it has no page. */
  href: string | null
  time: Moment
  before: string | null
  after: string | null
}

/** What the address narrows the list to. */
function filterOf(x: Exchange): AuditFilter {
  const words = (name: string): string | undefined => x.query.get(name)?.trim().slice(0, LONGEST) || undefined
  return { who: words('who'), action: words('what'), subject: words('of'), ...boundsOf(x, spanOf(x)) }
}

async function list(x: Exchange): Promise<void> {
  const filter = filterOf(x)
  const days = spanOf(x)
  const found = await listAudit(x.engine.db.read, filter, { limit: PAGE, after: afterOf(x) })
  const without = (name: string): string => addressWith(x, { [name]: null, after: null })
  const chips = [
    { words: filter.who, href: without('who') },
    { words: filter.action && actionWords(filter.action, x), href: without('what') },
    { words: filter.subject, href: without('of') },
    { words: days.from && x.t('From {day}', { day: dayWords(x, days.from) }), href: without('from') },
    { words: days.to && x.t('Until {day}', { day: dayWords(x, days.to) }), href: without('to') },
  ].filter((chip) => chip.words)
  return page(x, 'audit/index', {
    title: x.t('Audit'),
    filter,
    days,
    chips,
    actions: Object.keys(ACTIONS).map((action) => ({ action, words: actionWords(action, x) })),
    lines: found.items.map((row) => lineOf(row, x)),
    exported: addressWith(x, { after: null }, '/audit/export'),
    next: found.next === null ? null : addressWith(x, { after: found.next }),
    isFirst: afterOf(x) === undefined,
    first: addressWith(x, { after: null }),
  })
}

const COLUMNS = ['id', 'at', 'who', 'userId', 'action', 'subject', 'before', 'after'] as const

/** What the filters of the page leave, oldest first. */
async function exportAll(x: Exchange): Promise<void> {
  const format = await formatIn(x)
  const asked = Object.fromEntries(['who', 'what', 'of', 'from', 'to'].flatMap((name) => (x.query.get(name) ? [[name, x.query.get(name)]] : [])))
  await writeAudit(x.engine.db.write, x.user, 'audit.exported', 'audit', null, { format, ...asked }, x.engine.now())
  return download(x, 'audit', format, COLUMNS, batches(x, filterOf(x)))
}

async function* batches(x: Exchange, filter: AuditFilter): AsyncGenerator<Line[]> {
  for (let after = 0; ; ) {
    const rows = await auditAfter(x.engine.db.read, after, BATCH, filter)
    if (rows.length === 0) return
    yield rows.map(({ id, at, user_name, user_id, action, subject, before, after }) => ({
      id,
      at: new Date(at).toISOString(),
      who: user_name,
      userId: user_id,
      action,
      subject,
      before,
      after,
    }))
    after = rows.at(-1)?.id ?? 0
  }
}

const actionWords = (action: string, { t }: Exchange): string => t(ACTIONS[action] ?? action.replaceAll('_', ' ').replace('.', ' '))

function lineOf(row: AuditRow, x: Exchange): AuditLine {
  return {
    id: row.id,
    who: row.user_name,
    words: actionWords(row.action, x),
    subject: row.subject,
    href: hrefOf(row.subject),
    time: momentOf(row.at, x),
    before: textOf(row.before),
    after: textOf(row.after),
  }
}

const PAGES: Readonly<Record<string, string>> = { menu: '/menus/', conversation: '/conversations/' }

function hrefOf(subject: string): string | null {
  const colon = subject.indexOf(':')
  const page = PAGES[subject.slice(0, colon)]
  return page === undefined ? null : `${page}${encodeURIComponent(subject.slice(colon + 1))}`
}

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value, null, 2)
