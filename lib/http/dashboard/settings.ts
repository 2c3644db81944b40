import { locationOf } from '../../store/database'
import { countEvents } from '../../store/events'
import { sizeOf } from '../../store/health'
import { countOutbound } from '../../store/messages'
import { unknownMigrations } from '../../store/migrate'
import type { Retention } from '../../store/retention'
import type { Exchange, Role, Route } from '../exchange'
import type { Say } from '../words/say'
import { numbersOf } from './health'
import { frameOf, page } from './page'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/settings', may: 'admin', handle: show }]

const COUNTED = 1000
/** Settings of a provider that the page says in words of its own. */
const SAID = new Set(['from', 'perSecond'])

/** What is configured and whether it is healthy. Secrets are masked by whoever holds them. */
async function show(x: Exchange): Promise<void> {
  const { db } = x.engine
  const frame = frameOf(x.engine)
  const { numbers } = x.user
  const [unrecognised, inbox, outbox, newer, bytes, views] = await Promise.all([
    countEvents(db.read, ['unrecognised'], COUNTED, { numbers }),
    countEvents(db.read, ['waiting', 'running', 'retrying'], COUNTED, { numbers }),
    countOutbound(db.read, ['queued', 'sending'], COUNTED, { numbers }),
    unknownMigrations(db),
    sizeOf(db),
    numbersOf(x),
  ])
  return page(x, 'settings/index', {
    title: x.t('Settings'),
    numbers: views.map((view) => {
      const provider = x.engine.lines.get(view.name)?.provider
      return {
        ...view,
        settings: Object.entries(provider?.settings ?? {})
          .filter(([name]) => !SAID.has(name))
          .map(([name, value]) => ({ name, value })),
        perSecond: provider?.perSecond ?? 0,
      }
    }),
    several: x.engine.lines.size > 1,
    refused: x.engine.door.refused,
    gone: x.engine.door.gone,
    unrecognised: capped(unrecognised),
    queues: { inbox: capped(inbox), outbox: capped(outbox) },
    database: { engine: db.dialect, location: locationOf(db.write), newer, size: bytes === null ? null : sizeWords(bytes, x.t) },
    access: x.t.said(frame.access),
    keys: frame.keys,
    retention: retentionWords(frame.retention, x.t),
    production: frame.production,
    publicUrl: x.engine.publicUrl,
  })
}

const capped = (count: number): string => (count >= COUNTED ? `${COUNTED}+` : String(count))

/** `3.4 MB`, in units of a thousand. */
function sizeWords(bytes: number, t: Say): string {
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length, Math.max(1, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const size = bytes / 1000 ** power
  return `${t.number(size < 10 ? Math.round(size * 10) / 10 : Math.round(size))} ${units[power - 1]}`
}

function retentionWords({ messagesDays, rawDays, auditDays }: Retention, t: Say): string {
  const kept = [
    ...(messagesDays === null ? [] : [t.n('messages {n} day', 'messages {n} days', messagesDays)]),
    ...(rawDays === null ? [] : [t.n('bodies as they came {n} day', 'bodies as they came {n} days', rawDays)]),
    ...(auditDays === null ? [] : [t.n('audit {n} day', 'audit {n} days', auditDays)]),
  ]
  return kept.length === 0 ? t('Nothing is deleted by itself.') : t('Kept: {what}.', { what: kept.join(', ') })
}
