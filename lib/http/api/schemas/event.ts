import { EVENT_STATES } from '../../../model/event'
import { count, id, J, listOf, moment, orNull, shape, text } from './shape'

export const EventState = J.valid(...EVENT_STATES)

export const Event = shape({
  id: id(),
  type: J.string().description('`button_reply`, `list_reply`, `text`, `status`, `handover`, …'),
  state: EventState,
  number: J.string().description('The business number.'),
  conversationId: orNull(id()),
  messageId: orNull(id()).description('The message in the log.'),
  attempts: count(),
  replays: count().description('How often somebody had it handled anew.'),
  late: J.boolean().description('It stepped aside after three quick tries: later words of the same customer no longer wait for it.'),
  error: orNull(text()),
  runs: listOf(shape({ listener: text(), state: J.valid('waiting', 'done', 'failed', 'skipped'), attempts: count(), error: orNull(text()) })).description(
    'Its listeners: each is retried on its own.',
  ),
  at: moment().description("The provider's time."),
  receivedAt: moment(),
  nextAt: orNull(moment()).description('When it is tried again.'),
}).description('An event of the inbox.')

export const Decided = shape({ id: id(), state: EventState })
