import type { Line } from '../../engine'
import { showPhone } from '../../model/phone'
import { lastHeardOf, type Stuck, stuckOf } from '../../store/health'
import { type Exchange, maySee } from '../exchange'
import { english, type Say } from '../words/say'
import { duration, type Moment, momentOf } from './when'

/** Failures are looked back for so long; what failed before is history. */
const RECENT_MS = 86_400_000

/** How a number stands: nothing against it and heard of; never heard; something does not go well; nothing goes through. */
const STATES = {
  works: { words: english('works'), chip: 'is-good' },
  unheard: { words: english('nothing heard yet'), chip: '' },
  partly: { words: english('works in part'), chip: 'is-warn' },
  broken: { words: english('does not work'), chip: 'is-bad' },
} as const

/** What a provider is called by those who pay it. */
export const providerWords = (name: Line['provider']['name'], t: Say): string =>
  ({ exotel: 'Exotel', cloudApi: 'Meta Cloud API', simulator: t('Simulator') })[name]

/** One business number: how it is connected, and whether it is alive. */
export interface LineView {
  name: string
  provider: string
  from: string | null
  webhook: string
  /** Settings of a token that the provider is to put in place of the dots; null when it signs what it sends. */
  token: string | null
  /** In words, and the class of its chip. */
  state: { words: string; chip: string }
  heard: Heard
  /** What keeps it from working, in words. */
  trouble: readonly string[]
  /** What does not go well while the rest works. */
  doubts: readonly string[]
}
export interface Heard {
  words: string
  time: Moment | null
}

/** The business numbers that this person may see. */
export const numbersOf = (x: Exchange): Promise<LineView[]> =>
  Promise.all([...x.engine.lines.values()].filter((line) => maySee(x.user, line.number)).map((line) => viewOf(line, x)))

async function viewOf({ number, provider }: Line, x: Exchange): Promise<LineView> {
  const { engine, t } = x
  const { read } = engine.db
  const [heardAt, stuck, held] = await Promise.all([lastHeardOf(read, number), stuckOf(read, number, engine.now() - RECENT_MS), engine.whyHeld(number)])
  const isExotel = provider.name === 'exotel'
  const trouble = [
    ...(provider.missing.length > 0 ? [t('Not configured completely: {names}.', { names: provider.missing.join(', ') })] : []),
    ...(engine.door.gone > 0
      ? [
          t.n(
            'One webhook call was answered with an error since this process started, because something had parsed its body before us.',
            '{n} webhook calls were answered with an error since this process started, because something had parsed their bodies before us.',
            engine.door.gone,
          ),
          t('Mount wa.webhook above express.json(), or keep the bytes: {code}', { code: 'app.use(express.json({ verify: wa.captureRawBody }))' }),
        ]
      : []),
    ...(held ? [t('Nothing leaves at the moment: {reason}', { reason: t.said(held) })] : []),
    ...(stuck?.status === 'queued' && !held ? [t('Messages do not leave: {reason}', { reason: reasonOf(stuck, x) })] : []),
  ]
  const doubts = [
    ...(stuck?.status === 'failed' ? [t('The newest message failed: {reason}', { reason: reasonOf(stuck, x) })] : []),
    ...(engine.publicUrl === null && isExotel
      ? [t('WA_PUBLIC_URL is not set, so Exotel cannot report what becomes of messages. Set it to the public https address of this mount.')]
      : []),
  ]
  const state = STATES[trouble.length > 0 ? 'broken' : heardAt === null && provider.name !== 'simulator' ? 'unheard' : doubts.length > 0 ? 'partly' : 'works']
  return {
    name: number,
    provider: providerWords(provider.name, t),
    from: provider.from === null ? null : showPhone(provider.from),
    webhook: `${engine.publicUrl ?? addressOf(x)}/webhook${engine.lines.size > 1 ? `/${number}` : ''}${isExotel ? '?token=…' : ''}`,
    token: isExotel ? 'EXOTEL_WEBHOOK_TOKEN' : null,
    state: { words: t(state.words), chip: state.chip },
    heard: heardWords(heardAt, x),
    trouble,
    doubts,
  }
}

const reasonOf = ({ error, detail }: Stuck, { t }: Exchange): string => t.said(error?.title ?? detail ?? english('No reason given'))

/** The mount as this browser reached it: what to copy into the provider while no public address is configured. */
const addressOf = (x: Exchange): string => `${'encrypted' in x.req.socket ? 'https' : 'http'}://${x.req.headers.host ?? 'localhost'}${x.base}`

function heardWords(at: number | null, x: Exchange): Heard {
  if (at === null) return { words: x.t('Nothing yet'), time: null }
  const ago = x.engine.now() - at
  return { words: ago < 60_000 ? x.t('A moment ago') : x.t('{time} ago', { time: duration(ago, x.t) }), time: momentOf(at, x) }
}
