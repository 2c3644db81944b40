import type { StatusError } from '../../model/event'
import type { Status } from '../../model/message'
import { english, type Say } from '../words/say'

/** Where a message of ours stands, as a customer of WhatsApp knows it: a clock, one tick, two, two blue ones. */
export interface Ticks {
  kind: 'clock' | 'one' | 'two' | 'blue' | 'failed' | 'unsure' | 'off'
  /** For those who cannot see the symbol, and as its tooltip. */
  label: string
  /** What went wrong, in plain words, and what to do. */
  trouble: { title: string; advice: string } | null
}

/** A state of a message in words. */
export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  queued: english('Waiting to leave'),
  sending: english('Leaving now'),
  accepted: english('Accepted by the provider'),
  sent: english('Sent'),
  delivered: english('Delivered'),
  read: english('Read'),
  played: english('Played'),
  failed: english('Not delivered'),
  uncertain: english('Nobody knows whether it arrived'),
  expired: english('Given up: it could not leave in time'),
  canceled: english('Canceled'),
}
const KINDS: Readonly<Record<Status, Ticks['kind']>> = {
  queued: 'clock',
  sending: 'clock',
  accepted: 'one',
  sent: 'one',
  delivered: 'two',
  read: 'blue',
  played: 'blue',
  failed: 'failed',
  uncertain: 'unsure',
  expired: 'off',
  canceled: 'off',
}

export const ticksOf = (status: Status, error: StatusError | null, t: Say): Ticks => ({
  kind: KINDS[status],
  label: t(STATUS_WORDS[status]),
  trouble: troubleOf(status, error, t),
})

function troubleOf(status: Status, error: StatusError | null, t: Say): Ticks['trouble'] {
  if (error && status !== 'delivered' && status !== 'read' && status !== 'played')
    return {
      title: error.code ? t('{title} ({code})', { title: t.said(error.title), code: String(error.code) }) : t.said(error.title),
      advice: t.said(error.advice),
    }
  if (status === 'uncertain')
    return { title: t('No answer came from the provider.'), advice: t('It may have arrived. Wait for a status, or ask the customer before you send it again.') }
  if (status === 'expired') return { title: t('It could not leave in time.'), advice: t('Send it again if it still matters.') }
  if (status === 'failed') return { title: t('It was not delivered.'), advice: t('The provider gave no reason.') }
  return null
}
