export { CODES, type Fault, Retry, Stop, type WaCode, WaError } from './errors'
export { flow } from './flows/define'
export type { ListenerOptions } from './flows/listeners'
export type {
  Answer,
  AskOptions,
  Contact,
  ContactAttributes,
  ContactPatch,
  Context,
  Conversation,
  EventMap,
  Flow,
  InboundMedia,
  Next,
  Register,
  Reply,
  SendOptions,
  Sent,
  StepContext,
  To,
  WaEvent,
} from './flows/types'
export type { Role, Scope, User } from './http/exchange'
export type { ApiKey } from './http/guard'
export type { DashboardOptions, Link, LinkedContact } from './http/look'
export type { Logger } from './log'
export { buttons, ctaPhone, ctaUrl, type IdsOf, list, type Menu, template, text, type VarsOf } from './model/builders'
export { LIMITS } from './model/limits'
export type { MenuSpec } from './model/menu'
export type { SentMessage, Status } from './model/message'
export { defineReply, type ReplyId } from './model/reply-id'
export type { Message } from './model/send-check'
export type { Provider, WaOptions } from './options'
export { cloudApi } from './providers/cloud-api'
export { exotel } from './providers/exotel'
export { simulator } from './providers/simulator'
export { type Handler, type Wa, waInteractive } from './wa'
