import type { Schema } from 'joi'
import { LIMITS } from '../../../model/limits'
import { BESIDE, LADDER } from '../../../model/message'
import { advised, count, id, J, listOf, moment, name, orNull, shape, text } from './shape'

const has = (field: string): Schema => J.object({ [field]: J.exist() }).unknown()

// ------------------------------------------------------------------------------------------------ asked

export const To = J.alternatives()
  .conditional(J.string(), {
    // biome-ignore lint/suspicious/noThenProperty: joi names the branch of a condition `then`; nobody awaits this object.
    then: J.string().max(64),
    otherwise: shape({}, { phone: J.string().max(64), bsuid: name(160), externalId: name(190), id: id() }).length(1),
  })
  .description('Who gets it: a phone number as "+E.164", or one of the identities of a contact.')

const file = shape({}, { link: J.words().most(LIMITS.url), id: J.words().most(LIMITS.mediaId) }).length(1)
const caption = { caption: J.words().most(LIMITS.caption).allow('') }

const KINDS: Record<string, Schema> = {
  text: shape({ text: J.words().most(LIMITS.text) }, { preview: J.boolean() }),
  image: shape({ image: file }, caption),
  video: shape({ video: file }, caption),
  audio: shape({ audio: file }),
  document: shape({ document: file, filename: J.words().most(LIMITS.filename) }, caption),
  location: shape({
    location: shape(
      { latitude: J.number().min(-90).max(90), longitude: J.number().min(-180).max(180) },
      { name: J.words().most(LIMITS.body), address: J.words().most(LIMITS.body) },
    ),
  }),
  reaction: shape({
    reaction: J.words().most(16).allow('').description('One emoji; empty takes it back.'),
    to: J.words().most(LIMITS.mediaId).description('Provider id of the message.'),
  }),
  raw: shape({
    raw: J.object({
      type: J.string()
        .pattern(/^[a-z][a-z_]{0,63}$/, { name: 'a type of the wire' })
        .required(),
    })
      .unknown()
      .description('A content object of the wire, passed on as it is.'),
  }),
}
export const Message = Object.entries(KINDS)
  // biome-ignore lint/suspicious/noThenProperty: joi names the branch of a condition `then`; nobody awaits this object.
  .reduce((either, [kind, schema]) => either.conditional(has(kind), { then: schema }), J.alternatives())
  .description('One thing to send without a menu.')

const number = { number: name(64).description('Business number to send from, when there are several.') }

export const Send = J.alternatives().conditional(has('message'), {
  // biome-ignore lint/suspicious/noThenProperty: joi names the branch of a condition `then`; nobody awaits this object.
  then: shape({ to: To, message: Message }, number, {
    apart: { fields: ['menu', 'variables'], from: 'message', fix: 'Give a menu with its variables, or a message.' },
  }),
  otherwise: shape(
    { to: To, menu: advised(name(200).required(), 'Give menu, the key of a published menu, or message.').description('Key of a published menu.') },
    {
      variables: J.object().unknown().description('A value for each variable of the menu that has no default; a list of objects where rows come from data.'),
      ...number,
    },
    { near: ['message'] },
  ),
})

export const Status = J.valid(...LADDER, ...BESIDE)

// ------------------------------------------------------------------------------------------------ answered

export const Sent = shape({ id: id(), status: Status })

const reply = shape({ id: text(), title: text(), via: J.valid('button', 'list', 'template') }, { description: text() }).description('What the customer tapped.')
const menu = shape({ key: J.string(), version: count() }).description('The menu it was drawn from, or that was tapped, in the version that was sent.')
const error = shape({
  code: J.number().integer().description("The provider's number; 0 when it gave none."),
  title: text(),
  advice: text().description('What to do, in plain words.'),
})

const logged = {
  id: id(),
  direction: J.valid('in', 'out'),
  type: J.string().description('`text`, `button`, `list`, …; of what customers did: `button_reply`, `list_reply`, `media`, …'),
  text: orNull(text()).description('The words; null when it has none, or was erased.'),
  status: orNull(Status).description('Where a sent message stands; null for what customers wrote.'),
  providerId: orNull(J.string()).description('The id that the provider knows it by.'),
  at: moment(),
}
const maybe = { reply, menu, error }
export const LoggedMessage = shape(logged, maybe).description('A message of the log, in either direction.')

export const MessageDetail = shape(
  {
    ...logged,
    conversationId: id(),
    number: J.string().description('The business number.'),
    attempts: count(),
    history: listOf(
      shape({
        status: Status,
        at: moment(),
        detail: orNull(text()).description('Why, when there is something to say.'),
        by: orNull(text()).description('The person or key that decided it; null for the provider and for us.'),
      }),
    ).description('Every state it went through, oldest first.'),
  },
  maybe,
).description('A message of the log with its whole story.')
