import { type AuditRow, listAudit } from '../../store/audit'
import type { Exchange, Role, Route } from '../exchange'
import { addressWith, afterOf } from './asked'
import { page } from './page'
import { type Moment, momentOf } from './when'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/audit', may: 'admin', handle: list }]

const PAGE = 50

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
  const now = x.engine.now()
  return page(x, 'audit/index', {
    title: 'Audit',
    subject,
    lines: found.items.map((row) => lineOf(row, now)),
    next: found.next === null ? null : addressWith(x, { after: found.next }),
    isFirst: afterOf(x) === undefined,
    first: addressWith(x, { after: null }),
  })
}

function lineOf(row: AuditRow, now: number): AuditLine {
  return {
    id: row.id,
    who: row.user_name,
    words: row.action.replaceAll('_', ' ').replace('.', ' '),
    subject: row.subject,
    href: hrefOf(row.subject),
    time: momentOf(row.at, now),
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
