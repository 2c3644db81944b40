import { count, id, J, moment, orNull, shape, text } from './shape'

export const Contact = shape({
  id: id(),
  phone: orNull(text()).description('+E.164; null for somebody with a username, and for who was erased.'),
  bsuid: orNull(text()).description('Business-scoped user id of Meta.'),
  externalId: orNull(text()),
  username: orNull(text()),
  name: orNull(text()),
  language: orNull(text()),
  optedOut: J.boolean(),
  attributes: J.object().unknown(),
})

export const Conversation = shape({
  id: id(),
  number: J.string().description('The business number.'),
  contact: orNull(Contact),
  mode: J.valid('bot', 'person').description('Who is in charge.'),
  assignedTo: orNull(text()),
  window: shape({
    open: J.boolean().description('Whether session messages are known to be allowed.'),
    closesAt: orNull(moment()).description("24 hours from the customer's last words; null when none were ever recorded."),
  }),
  step: orNull(shape({ flow: text(), name: text(), since: moment() })).description('Where the customer stands; `flow` is empty for a question outside a flow.'),
  unread: count(),
  last: orNull(shape({ id: id(), direction: J.valid('in', 'out'), text: orNull(text()), at: moment() })).description('What was said last.'),
  createdAt: moment(),
}).description('One contact with one business number.')
