import { type AuditRow, listAudit } from '../../store/audit'
import type { Exchange, Role, Route } from '../exchange'
import { english } from '../words/say'
import { addressWith, afterOf } from './asked'
import { page } from './page'
import { type Moment, momentOf } from './when'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/audit', may: 'admin', handle: list }]

const PAGE = 50

/** What was done, as it stands between who did it and what it was done to. */
const ACTIONS: Readonly<Record<string, string>> = {
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

async function list(x: Exchange): Promise<void> {
  const subject = x.query.get('of')
  const found = await listAudit(x.engine.db.read, subject?.slice(0, 190) ?? null, { limit: PAGE, after: afterOf(x) })
  return page(x, 'audit/index', {
    title: x.t('Audit'),
    subject,
    lines: found.items.map((row) => lineOf(row, x)),
    next: found.next === null ? null : addressWith(x, { after: found.next }),
    isFirst: afterOf(x) === undefined,
    first: addressWith(x, { after: null }),
  })
}

function lineOf(row: AuditRow, x: Exchange): AuditLine {
  return {
    id: row.id,
    who: row.user_name,
    words: x.t(ACTIONS[row.action] ?? row.action.replaceAll('_', ' ').replace('.', ' ')),
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
