import type { InboundPayload } from '../../flows/facts'
import { tookTooLong } from '../../store/deadline'
import { answerTimes, failuresWithin, tapsWithin, waitsSince } from '../../store/figures'
import { messagesById } from '../../store/messages'
import type { Exchange, Role, Route } from '../exchange'
import type { Say } from '../words/say'
import { isPartial } from './asked'
import { type Chart, pairs } from './chart'
import { lastDays } from './days'
import { fragment, page } from './page'
import { duration, momentOf } from './when'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/insight', may: 'viewer', handle: show }]

const DAYS = 14
const DAY_MS = 86_400_000
const TOP = 8
/** Answer times are read off the latest messages: enough to tell how it goes, few enough to ask at any size. */
const SAMPLE = 200
const STOPPED_MS = 3_600_000
const STOPPED = 2000

/** A bar in a list: what, how many, and how long the bar is in parts of a hundred. */
export interface Rank {
  words: string
  detail: string | null
  count: number
  part: number
}
export interface Insight {
  chart: Chart
  days: readonly { words: string; in: number; out: number }[]
  total: { in: number; out: number }
  taps: readonly Rank[]
  failures: readonly Rank[]
  waits: readonly Rank[]
  answers: { median: string; slow: string; open: number; of: number } | null
}

async function show(x: Exchange): Promise<void> {
  const insight = await insightOf(x)
  if (isPartial(x)) return fragment(x, 'overview/_insight', { insight })
  return page(x, 'overview/insight', { title: x.t('The last two weeks'), insight })
}

/** What went through in the last two weeks. Null when there is so much that it could not be counted in time: the page is worth showing without it. */
async function insightOf(x: Exchange): Promise<Insight | null> {
  return count(x).catch((error: unknown) => {
    if (tookTooLong(error)) return null
    throw error
  })
}

/** What went through, which options are tapped, what failed and why, how long customers wait, and where they stop. */
async function count(x: Exchange): Promise<Insight> {
  const { read } = x.engine.db
  const { numbers } = x.user
  const now = x.engine.now()
  const days = await lastDays(x, DAYS)
  const span = { from: days[0]?.from ?? now - DAYS * DAY_MS, to: now + DAY_MS, numbers }
  const [taps, failures, answers, waits] = await Promise.all([
    tapsWithin(read, span),
    failuresWithin(read, span),
    answerTimes(read, numbers, SAMPLE),
    waitsSince(read, numbers, now - STOPPED_MS, STOPPED),
  ])
  const top = taps.sort((a, b) => b.count - a.count || b.newest - a.newest).slice(0, TOP)
  const newest = await messagesById(
    read,
    top.map((tap) => tap.newest),
  )
  const titleOf = (id: number, fallback: string): string => {
    const message = newest.get(id)
    return (message?.payload as InboundPayload | null)?.reply?.title ?? message?.text ?? fallback
  }
  return {
    chart: pairs(
      days.map((day) => ({
        label: momentOf(day.from, x).date,
        values: [day.in, day.out],
        words: [
          x.t('{day}: {n} received', { day: momentOf(day.from, x).day, n: day.in }),
          x.t('{day}: {n} sent', { day: momentOf(day.from, x).day, n: day.out }),
        ],
      })),
    ),
    days: days.map((day) => ({ words: momentOf(day.from, x).day, in: day.in, out: day.out })),
    total: { in: sum(days.map((day) => day.in)), out: sum(days.map((day) => day.out)) },
    taps: ranked(top.map((tap) => ({ words: titleOf(tap.newest, tap.id), detail: tap.menu === null ? tap.id : `${tap.menu} · ${tap.id}`, count: tap.count }))),
    failures: ranked(
      failures
        .slice(0, TOP)
        .map(({ error, count }) => ({ words: error ? x.t.said(error.title) : x.t('No reason given'), detail: error ? x.t.said(error.advice) : null, count })),
    ),
    waits: ranked(
      waits.slice(0, TOP).map((wait) => ({
        words: stepWords(wait, x.t),
        detail: null,
        count: wait.count,
      })),
    ),
    answers: answersOf(answers, x.t),
  }
}

/** Where a customer stands who was asked something. */
const stepWords = ({ flow, name }: { flow: string; name: string }, t: Say): string =>
  flow === '' ? t('Asked for “{name}”', { name }) : name === '' ? t('In “{flow}”', { flow }) : t('In “{flow}”, at “{name}”', { flow, name })

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

function ranked(items: readonly Omit<Rank, 'part'>[]): Rank[] {
  const most = Math.max(1, ...items.map((item) => item.count))
  return items.map((item) => ({ ...item, part: Math.max(2, Math.round((item.count / most) * 100)) }))
}

function answersOf(times: readonly (number | null)[], t: Say): Insight['answers'] {
  const known = times.filter((time) => time !== null).sort((a, b) => a - b)
  if (times.length === 0) return null
  const at = (part: number): string => {
    const time = known[Math.min(known.length - 1, Math.floor(known.length * part))]
    return time === undefined ? '–' : waited(time, t)
  }
  return { median: at(0.5), slow: at(0.9), open: times.length - known.length, of: times.length }
}

const waited = (ms: number, t: Say): string => (ms < 60_000 ? t('{n} s', { n: Math.max(0.1, Number((ms / 1000).toFixed(ms < 950 ? 1 : 0))) }) : duration(ms, t))
