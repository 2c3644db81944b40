import type { Parcel } from '../../lib/providers/provider'

/** One text to a customer; what differs is given. */
export const parcel = (changes: Partial<Parcel> = {}): Parcel => ({
  to: { phone: '+919800000001', bsuid: null },
  message: { type: 'text', text: 'Hello' },
  ref: 'msg-41',
  replyTo: null,
  statusCallback: null,
  ...changes,
})

/** A signal that never fires. */
export const patient = (): AbortSignal => new AbortController().signal
