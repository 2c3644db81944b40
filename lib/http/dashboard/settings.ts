import { locationOf } from '../../store/database'
import { countEvents } from '../../store/events'
import { unknownMigrations } from '../../store/migrate'
import type { Retention } from '../../store/retention'
import type { Exchange, Role, Route } from '../exchange'
import type { Say } from '../words/say'
import { heardWords, numberView } from './overview'
import { frameOf, page } from './page'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/settings', may: 'admin', handle: show }]

const COUNTED = 1000
/** Settings of a provider that the page says in words of its own. */
const SAID = new Set(['from', 'perSecond'])

/** What is configured and whether it is healthy. Secrets are masked by whoever holds them. */
async function show(x: Exchange): Promise<void> {
  const { db } = x.engine
  const frame = frameOf(x.engine)
  const [unrecognised, newer] = await Promise.all([countEvents(db.read, ['unrecognised'], COUNTED), unknownMigrations(db)])
  return page(x, 'settings/index', {
    title: x.t('Settings'),
    numbers: [...x.engine.lines.values()].map((line) => ({
      ...numberView(x, line),
      settings: Object.entries(line.provider.settings)
        .filter(([name]) => !SAID.has(name))
        .map(([name, value]) => ({ name, value })),
      perSecond: line.provider.perSecond,
    })),
    several: x.engine.lines.size > 1,
    heard: heardWords(x.engine.door.lastHeard, x),
    refused: x.engine.door.refused,
    unrecognised: unrecognised >= COUNTED ? `${COUNTED}+` : String(unrecognised),
    database: { engine: db.dialect, location: locationOf(db.write), newer },
    access: x.t.said(frame.access),
    keys: frame.keys,
    retention: retentionWords(frame.retention, x.t),
    production: frame.production,
    publicUrl: x.engine.publicUrl,
  })
}

function retentionWords({ messagesDays, rawDays, auditDays }: Retention, t: Say): string {
  const kept = [
    ...(messagesDays === null ? [] : [t.n('messages {n} day', 'messages {n} days', messagesDays)]),
    ...(rawDays === null ? [] : [t.n('bodies as they came {n} day', 'bodies as they came {n} days', rawDays)]),
    ...(auditDays === null ? [] : [t.n('audit {n} day', 'audit {n} days', auditDays)]),
  ]
  return kept.length === 0 ? t('Nothing is deleted by itself.') : t('Kept: {what}.', { what: kept.join(', ') })
}
