import { countEvents } from '../../store/events'
import { menusInShort } from '../../store/menus'
import { countOutbound } from '../../store/messages'
import { ask } from '../../store/question'
import { talksOf } from '../../store/talks'
import type { Exchange, Role, Route } from '../exchange'
import { isPartial } from './asked'
import { countsDown, lineOf } from './conversations'
import { numbersOf } from './health'
import { streamOf } from './live'
import { fragment, page } from './page'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/', may: 'viewer', handle: show }]

const TALKS = 6
/** Names of changed menus that are shown. */
const DRAFTS = 8
const COUNTED = 1000
const CLOSING = 5
const DAY_MS = 86_400_000
/** Windows that close within so long are shown while the customer's words were the last. */
const SOON_MS = 3 * 3_600_000

/** A number that somebody should know, and where to look. */
export interface Figure {
  words: string
  count: string
  href: string
  alarm: boolean
}
async function show(x: Exchange): Promise<void> {
  const { db } = x.engine
  const { numbers } = x.user
  const now = x.engine.now()
  const stream = isPartial(x) ? null : await streamOf(x)
  const closingSoon = { lastDirection: 'in', heardSince: now - DAY_MS, heardBefore: now - DAY_MS + SOON_MS } as const
  const [[talks, closing], menus, attention, retrying, failed, uncertain, waiting] = await Promise.all([
    ask(db.read, talksOf({ limit: TALKS, numbers }), talksOf({ limit: CLOSING, numbers, ...closingSoon })),
    menusInShort(db.read, DRAFTS),
    countEvents(db.read, ['needs_attention'], COUNTED, { numbers }),
    countEvents(db.read, ['retrying'], COUNTED, { numbers }),
    countOutbound(db.read, ['failed', 'expired'], COUNTED, { numbers }),
    countOutbound(db.read, ['uncertain'], COUNTED, { numbers }),
    countOutbound(db.read, ['queued', 'sending'], COUNTED, { numbers }),
  ])
  const lines = talks.items.map((talk) => lineOf(talk, x))
  const simulated = [...x.engine.lines.values()].some((line) => line.provider.name === 'simulator')
  const locals = {
    figures: [
      figure(x.t('Need attention'), attention, '/events', true),
      figure(x.t('Being tried again'), retrying, '/events?state=retrying', false),
      figure(x.t('Messages failed'), failed, '/outbox?state=failed', true),
      figure(x.t('Nobody knows if they arrived'), uncertain, '/outbox?state=uncertain', true),
      figure(x.t('Waiting to leave'), waiting, '/outbox?state=waiting', false),
    ],
    lines,
    closing: closing.items.map((talk) => lineOf(talk, x)),
    counts: closing.items.length > 0 || lines.some(countsDown),
    several: x.engine.lines.size > 1,
    menus,
    simulated,
    numbers: await numbersOf(x),
    refused: x.engine.door.refused,
  }
  if (isPartial(x)) return fragment(x, 'overview/_overview', locals)
  return page(x, 'overview/index', { title: x.t('Overview'), stream, ...locals })
}

const figure = (words: string, count: number, href: string, alarms: boolean): Figure => ({
  words,
  count: count >= COUNTED ? `${COUNTED}+` : String(count),
  href,
  alarm: alarms && count > 0,
})
