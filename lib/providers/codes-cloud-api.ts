import { type CodeRow, HOUR, MINUTE, PASSES } from './codes'

const DEVELOPER = 'The message is built wrongly. Show this to a developer; sending it again changes nothing.'
const TEMPLATE = 'Correct the template, or the values it is given, in WhatsApp Manager; then send the message again.'
const ACCOUNT = 'An administrator of the WhatsApp account has to put this right in WhatsApp Manager.'
const TOKEN = 'Ask a developer for a new access token.'
const RIGHTS = 'Ask a developer to give the access token the right to send for this number.'

const busy = (title: string): CodeRow => ({ class: 'retry', title, advice: PASSES })
const bug = (title: string): CodeRow => ({ class: 'permanent', title, advice: DEVELOPER })
const template = (title: string): CodeRow => ({ class: 'permanent', title, advice: TEMPLATE })
const stop = (title: string, advice = ACCOUNT): CodeRow => ({ class: 'hold-account', alert: true, title, advice })

/** Error codes of the Cloud API. The throttles come as HTTP 400, so the code decides, never the HTTP status. Source: Meta "Error codes". */
export const CLOUD_API_CODES: Readonly<Record<number, CodeRow>> = {
  0: stop('The access token is not valid', TOKEN),
  1: { class: 'retry', atMost: 2, title: 'Meta could not read the request or had an unknown fault', advice: PASSES },
  2: busy('Meta is overloaded'),
  3: stop('The access token may not do this', RIGHTS),
  4: { class: 'hold-account', afterMs: 5 * MINUTE, title: 'The app has reached its limit of calls', advice: PASSES },
  10: stop('The access token may not do this', RIGHTS),
  33: { class: 'permanent', title: 'The business number was deleted', advice: 'Ask a developer to set the id of a number that exists.' },
  100: bug('A field of the message is unknown, misspelt or too long'),
  190: stop('The access token has expired', TOKEN),
  368: stop('The account is blocked for breaking a policy'),
  80007: { class: 'hold-account', afterMs: 5 * MINUTE, title: 'The WhatsApp account has reached its limit of calls', advice: PASSES },
  130429: busy('Too many messages a second from this number'),
  130472: {
    class: 'permanent',
    title: 'Meta held the message back: the customer is part of an experiment',
    advice: 'Nothing is wrong. Wait until the customer writes, or reach them another way.',
  },
  130497: { class: 'permanent', title: 'WhatsApp does not allow messages to this country from this account', advice: 'Reach the customer another way.' },
  131000: { class: 'retry', atMost: 4, title: 'Something went wrong at Meta', advice: PASSES },
  131005: stop('The access token may not do this', RIGHTS),
  131008: bug('A required field is missing'),
  131009: bug('A field has a value that WhatsApp does not accept'),
  131016: busy('The service is not available for a moment'),
  131021: { class: 'permanent', title: 'Sender and recipient are the same number', advice: 'Send it to another number than our own.' },
  131026: {
    class: 'permanent',
    title: 'The message cannot be delivered to this customer',
    advice: 'The number may not be on WhatsApp, or its app is too old. Check the number, or reach the customer another way.',
  },
  131030: {
    class: 'permanent',
    title: 'The recipient is not on the list of the test number',
    advice: 'Add the recipient to the list of allowed numbers in the app dashboard, or use the real business number.',
  },
  131031: stop('The account is locked'),
  131037: stop('The display name of the number is not approved'),
  131042: stop('The payment of the account is not in order'),
  131045: stop('The number is not registered correctly'),
  131047: { class: 'needs-template', title: 'The 24-hour window is closed', advice: 'Wait until the customer writes, or send an approved template.' },
  131048: {
    class: 'hold-account',
    alert: true,
    afterMs: HOUR,
    title: 'Too many customers reported or blocked this number',
    advice: 'It lasts for hours. Send less, and only what customers asked for.',
  },
  131049: {
    class: 'permanent',
    title: 'Meta chose not to deliver this marketing message',
    advice: 'The customer gets too many of them. Wait at least 24 hours before you try again.',
  },
  131050: {
    class: 'permanent',
    title: 'The customer does not want marketing messages',
    advice: 'Send no more marketing to this customer. Answers to their questions still arrive.',
  },
  131051: bug('WhatsApp does not support this type of message'),
  131052: { class: 'permanent', title: "The customer's file could not be fetched", advice: 'Ask the customer to send it again.' },
  131053: {
    class: 'permanent',
    title: 'The file of the message could not be used',
    advice: 'Check that its address is public and that its type and size are allowed; then send the message again.',
  },
  131055: bug('This address of Meta takes marketing messages only'),
  131056: { class: 'hold-recipient', title: 'Too many messages to this customer in a short time', advice: PASSES },
  131057: { class: 'retry', afterMs: 2 * MINUTE, title: 'The account is under maintenance', advice: PASSES },
  131062: {
    class: 'permanent',
    title: 'This message needs a phone number',
    advice: 'We only know the user id of the customer. Ask them for their phone number.',
  },
  131063: { class: 'permanent', title: 'The user id of the customer cannot be used for this message', advice: 'Ask the customer for their phone number.' },
  131064: { class: 'permanent', title: 'The user id of the customer cannot be used for this message', advice: 'Ask the customer for their phone number.' },
  132000: template('The template was given the wrong number of values'),
  132001: template('The template does not exist in this language or is not approved'),
  132005: template('The text of the template became too long'),
  132007: template('The template breaks a policy'),
  132012: template('A value does not fit the template'),
  132015: template('The template is paused because customers disliked it'),
  132016: template('The template was disabled'),
  132068: template('The form of the message is blocked'),
  132069: { class: 'retry', afterMs: 10 * MINUTE, title: 'The form of the message was used too often in the last hour', advice: PASSES },
  133004: busy('The service is not available for a moment'),
  133010: stop('The number is not registered with WhatsApp'),
  133016: { class: 'hold-account', afterMs: HOUR, title: 'The number was registered too often', advice: 'Do not register the number again meanwhile.' },
  134100: bug('This address of Meta takes marketing messages only'),
  134101: { class: 'retry', afterMs: 10 * MINUTE, title: 'The template is still being prepared', advice: PASSES },
  135000: {
    class: 'permanent',
    title: 'The message could not be sent, for no reason that Meta gives',
    advice: 'Check the values of the message; send it again once.',
  },
}

/** 200 to 299 are all about rights. */
export const cloudApiRow = (code: number): CodeRow | undefined => CLOUD_API_CODES[code] ?? (code >= 200 && code <= 299 ? CLOUD_API_CODES[10] : undefined)
